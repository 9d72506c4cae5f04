#pragma once
// Crew: threads that take jobs from one list until there are none, each with connections of its
// own. The first error ends all of them: statements under way are cancelled.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {

// What one thread works with.
struct Hands {
  std::unique_ptr<postgres::Connection> source;  // null when the crew needs none
  std::unique_ptr<postgres::Connection> target;
};

class Crew {
 public:
  using Job = std::function<Result<void>(Hands&)>;
  using Open = std::function<Result<Hands>()>;

  // `interrupted` is asked between waits; once it is true everything ends with Aborted.
  Crew(int threads, Open open, std::function<bool()> interrupted);
  ~Crew();  // ends what is still under way
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Also from inside a job. Jobs begin in the order they were added.
  void add(Job job);
  // Until every job is done; `each` is called now and then meanwhile.
  Result<void> wait(Millis pause, const std::function<void()>& each);
  // Somebody has nothing to do, and nothing waits.
  bool is_idle();
  const std::atomic<bool>& stopped() const { return stop_; }

 private:
  void work();
  void work_off(Hands& hands);
  void fail(Error error);

  Open open_;
  std::function<bool()> interrupted_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::vector<postgres::Canceller> cancellers_;
  std::optional<Error> error_;
  std::atomic<bool> stop_{false};
  int busy_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace slipway::database::copy

#pragma once
// Guard: while a statement runs, watches how the app does, and has the server give the statement up
// when users suffer. One thread for as long as it lives.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "database/migrations/pulse.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

class Guard {
 public:
  // `pulses`: nullptr, nobody tells: it watches nothing. `most` as in suffering().
  Guard(const Pulses* pulses, Clock& clock, Millis most, const postgres::Connection& connection);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  // Why it had the statement given up; "": it has not.
  std::string why() const;

 private:
  void watch();

  const Pulses* pulses_;
  Clock& clock_;
  const Millis most_;
  const postgres::Canceller canceller_;
  std::optional<Pulse> before_;
  std::uint64_t heard_ = 0;
  mutable std::mutex lock_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::string why_;
  std::thread thread_;
};

}  // namespace slipway::database::migrations

#pragma once
// Sender: a thread that gives bytes to a COPY … FROM STDIN, so that reading and masking go on while
// the target writes. So much is on its way at most; then giving waits.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {

class Sender {
 public:
  // `target` is in a COPY … FROM STDIN and belongs to this thread until finish() or stop().
  explicit Sender(postgres::Connection& target);
  ~Sender() { stop(); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Takes the bytes and leaves an empty string with the room of an earlier one. An error is that of
  // bytes given before.
  Result<void> give(std::string& piece);
  // Waits until all of it is sent.
  Result<void> finish();
  // What is not sent yet is thrown away.
  void stop();

 private:
  void work();

  postgres::Connection& target_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::vector<std::string> empty_;
  std::optional<Error> error_;
  bool is_last_ = false;
  std::thread thread_;
};

}  // namespace slipway::database::copy

#pragma once
// The access log of one edge process: a ring for each worker, and one thread that turns what lies
// in them into lines and writes these in large batches, off every request's path. Nothing here ever
// makes a worker wait; what can not be written is dropped and counted.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "edge/log_line.h"
#include "edge/log_options.h"
#include "edge/log_ring.h"

namespace slipway::edge {

class LogSink;

class AccessLog {
 public:
  // nullptr when it is off. `state`: the edge's folder, for the default file.
  static Result<std::unique_ptr<AccessLog>> open(const AccessLogOptions& options,
                                                 const std::string& state, unsigned workers);
  // Writes what still lies in the rings; the workers must have ended.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  LogRing& ring(unsigned worker) { return *rings_[worker]; }
  bool with_query() const { return options_.query; }

  // After it returns, lines go to the file that now has the name. Of requests that ended before,
  // they are in the file that had it.
  Result<void> reopen();

  struct Counts {
    std::string where;
    std::uint64_t lines = 0;    // written
    std::uint64_t dropped = 0;  // a ring was full, or the system refused to write
    std::string trouble;        // why the last write failed; empty: it did not
  };
  Counts counts() const;

 private:
  AccessLog(AccessLogOptions options, std::unique_ptr<LogSink> sink, unsigned workers);
  void run();
  bool write_all();
  bool fill_batch();
  bool write_batch();
  void finish_reopen(Result<void> outcome);

  const AccessLogOptions options_;
  std::unique_ptr<LogSink> sink_;  // the writer's
  std::vector<std::unique_ptr<LogRing>> rings_;
  LineWriter line_;
  std::string batch_;
  std::uint64_t batch_lines_ = 0;
  bool busy_ = false;               // a ring was well filled: look again soon
  std::atomic<bool> hurry_{false};  // a ring is half full
  std::atomic<std::uint64_t> lines_{0};
  std::atomic<std::uint64_t> lost_{0};

  mutable std::mutex lock_;
  std::condition_variable wake_;
  std::condition_variable reopened_;
  bool stop_ = false;
  bool reopen_wanted_ = false;
  Result<void> reopen_outcome_ = ok();
  std::string trouble_;
  std::thread thread_;
};

}  // namespace slipway::edge

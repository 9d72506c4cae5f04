#pragma once
// Where the lines of the access log end up: a file that is rotated, or a stream (standard output, a
// FIFO, a device). A stream whose reader does not read is never waited for.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "edge/log_options.h"
#include "io/fd.h"
#include "io/files.h"

namespace slipway::edge {

class LogSink {
 public:
  static Result<LogSink> open(const AccessLogOptions& options);
  // How many bytes were taken off the front; fewer than all when a stream takes no more now.
  Result<std::size_t> write(std::string_view lines);
  Result<void> reopen();

 private:
  explicit LogSink(const AccessLogOptions& options) : options_(options) {}
  Result<void> open_stream();
  Result<std::size_t> write_stream(std::string_view lines);
  AccessLogOptions options_;
  std::optional<io::RotatingLog> file_;
  io::Fd stream_;
  bool torn_ = false;  // a write failed in the middle of a line
};

}  // namespace slipway::edge

#include "edge/log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace slipway::edge {
namespace {

bool is_stream(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

// The first lines of `lines` that are no longer than `most` together; a longer line alone.
std::string_view whole_lines(std::string_view lines, std::uint64_t most) {
  if (lines.size() <= most) return lines;
  const std::size_t last = lines.rfind('\n', static_cast<std::size_t>(most) - 1);
  if (last != std::string_view::npos) return lines.substr(0, last + 1);
  return lines.substr(0, lines.find('\n') + 1);
}

}  // namespace

Result<LogSink> LogSink::open(const AccessLogOptions& options) {
  LogSink sink(options);
  if (options.where == "-" || is_stream(options.where)) {
    TRY(sink.open_stream());
  } else {
    sink.file_ = TRY(io::RotatingLog::open(options.where, options.rotate_bytes, options.keep));
  }
  return sink;
}

Result<void> LogSink::open_stream() {
  if (options_.where == "-") {
    stream_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  } else {
    // For reading too: a FIFO is then opened without waiting for its reader.
    stream_.reset(::open(options_.where.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  }
  if (!stream_) return from_errno(errno, "cannot open the access log " + options_.where);
  return ok();
}

Result<std::size_t> LogSink::write(std::string_view lines) {
  if (!file_) return write_stream(lines);
  const std::string_view part = whole_lines(lines, options_.rotate_bytes);
  if (torn_) TRY(file_->write("\n"));
  auto done = file_->write(part);
  torn_ = !done;
  TRY(std::move(done));
  return part.size();
}

// A pipe that polls as writable takes PIPE_BUF bytes without waiting; standard output may not be
// made non-blocking, because others hold it too.
Result<std::size_t> LogSink::write_stream(std::string_view lines) {
  std::size_t sent = 0;
  while (sent < lines.size()) {
    pollfd ready{stream_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0 || (ready.revents & POLLOUT) == 0) break;
    const std::size_t most = std::min<std::size_t>(lines.size() - sent, PIPE_BUF);
    const ssize_t got = ::write(stream_.get(), lines.data() + sent, most);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return from_errno(errno, "cannot write the access log " + options_.where);
    sent += static_cast<std::size_t>(got);
  }
  return sent;
}

Result<void> LogSink::reopen() {
  LogSink fresh = TRY(open(options_));
  fresh.torn_ = torn_ && fresh.file_.has_value();
  *this = std::move(fresh);
  return ok();
}

}  // namespace slipway::edge

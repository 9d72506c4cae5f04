#include "telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace slipway::telemetry {
namespace {
constexpr std::size_t kLeastSecret = 4;
constexpr std::size_t kMostSecrets = 1000;
constexpr std::string_view kRedacted = "[redacted]";

std::string as_json(std::string_view time, Level level, std::string_view room,
                    std::string_view message, const Json& fields) {
  Json line = Json::object();
  line.set("time", time).set("level", name_of(level)).set("room", room).set("message", message);
  for (const auto& [key, value] : fields.members()) {
    if (line.find(key) == nullptr) line.set(key, value);
  }
  return line.dump();
}

std::string as_text(std::string_view time, Level level, std::string_view room,
                    std::string_view message, const Json& fields) {
  // On a terminal the time of day is enough: "2026-11-21T09:40:00.123Z" -> "09:40:00.123".
  std::string line(time.size() > 12 ? time.substr(11, 12) : time);
  line += " ";
  if (level != Level::Note) line += std::string(name_of(level)) + ": ";
  line += std::string(room) + ": " + std::string(message);
  for (const auto& [key, value] : fields.members()) {
    line += " " + key + "=" + (value.is_string() ? value.as_string() : value.dump());
  }
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return line;
}

// A log that cannot be written must not stop what it tells of: what does not fit is lost.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd, text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}
}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Debug:
      return "debug";
    case Level::Note:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
  }
  return "error";
}

Log::Log(Clock& clock, int fd, Form form, Level least)
    : clock_(clock), fd_(fd), form_(form), least_(least) {}

Result<std::unique_ptr<Log>> Log::to_file(Clock& clock, const std::string& path, Level least) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return from_errno(errno, "cannot open the log " + path);
  auto log = std::make_unique<Log>(clock, fd, Form::Json, least);
  log->owned_ = true;
  return log;
}

Form Log::fitting(int fd) { return ::isatty(fd) == 1 ? Form::Text : Form::Json; }

Log::~Log() {
  if (owned_) ::close(fd_);
}

void Log::redact(std::string secret) {
  if (secret.size() < kLeastSecret) return;
  const std::lock_guard lock(mutex_);
  if (secrets_.size() >= kMostSecrets) secrets_.pop_back();
  if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
  secrets_.push_back(std::move(secret));
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Log::write(Level level, std::string_view room, std::string_view message, const Json& fields) {
  if (level < least_) return;
  const std::string time = to_iso8601(clock_.now());
  std::string line = form_ == Form::Json ? as_json(time, level, room, message, fields)
                                         : as_text(time, level, room, message, fields);
  const std::lock_guard lock(mutex_);
  for (const auto& secret : secrets_) {
    line = replace_all(std::move(line), secret, kRedacted);
    if (form_ == Form::Json) {
      // A secret with a quote or backslash stands escaped in JSON.
      const std::string quoted = Json(secret).dump();
      line = replace_all(std::move(line), std::string_view(quoted).substr(1, quoted.size() - 2),
                         kRedacted);
    }
  }
  write_all(fd_, line + "\n");
}

}  // namespace slipway::telemetry

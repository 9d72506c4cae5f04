#pragma once
// Log: one line per event, to one file descriptor. As JSON for machines, as text for a terminal.
// Any number of threads may write; a line is one write(2), so lines of two processes do not mix.
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::telemetry {

enum class Level { Debug, Note, Warning, Error };
std::string_view name_of(Level level);  // "debug", "info", "warning", "error"

enum class Form { Json, Text };

class Log {
 public:
  // Borrows the descriptor. Events below `least` are not written.
  Log(Clock& clock, int fd, Form form, Level least = Level::Note);
  // Appends to a file, made with mode 0640 when it is not there.
  static Result<std::unique_ptr<Log>> to_file(Clock& clock, const std::string& path,
                                              Level least = Level::Note);
  // Text when the descriptor is a terminal, else JSON.
  static Form fitting(int fd);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From now on `secret` is written as "[redacted]" wherever it would appear. Values shorter than 4
  // bytes are ignored: they would blot out ordinary text and hide nothing.
  void redact(std::string secret);

  // fields: an object; its members stand beside level, time, room and message.
  void write(Level level, std::string_view room, std::string_view message, const Json& fields = {});
  void debug(std::string_view room, std::string_view message, const Json& fields = {}) {
    write(Level::Debug, room, message, fields);
  }
  void note(std::string_view room, std::string_view message, const Json& fields = {}) {
    write(Level::Note, room, message, fields);
  }
  void warning(std::string_view room, std::string_view message, const Json& fields = {}) {
    write(Level::Warning, room, message, fields);
  }
  void error(std::string_view room, std::string_view message, const Json& fields = {}) {
    write(Level::Error, room, message, fields);
  }

 private:
  Clock& clock_;
  int fd_;
  Form form_;
  Level least_;
  bool owned_ = false;
  std::mutex mutex_;
  std::vector<std::string> secrets_;  // longest first, so that a part never uncovers the rest
};

}  // namespace slipway::telemetry

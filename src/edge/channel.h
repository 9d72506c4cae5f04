#pragma once
// JSON lines over a unix socket, for two edge processes that hand over.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "io/fd.h"

namespace slipway::edge {

class Channel {
 public:
  explicit Channel(io::Fd fd) : fd_(std::move(fd)) {}
  int fd() const { return fd_.get(); }
  Result<void> send(const Json& line);
  // Adds what has come, without waiting. False: the other side is gone.
  bool receive(std::vector<Json>& lines);
  // The next line; ConnectionLost when the other side is gone.
  Result<Json> wait(Millis timeout);

 private:
  bool read_some();
  bool take_line(Json& line);
  io::Fd fd_;
  std::string in_;
};

}  // namespace slipway::edge

#pragma once
// A copy of a user's request on its way to a release that is only looked at. Nobody waits for it.
#include <memory>
#include <string>

#include "edge/connection.h"

namespace slipway::edge {

struct MirrorCopy : Socket {
  MirrorCopy() : Socket(Kind::Mirror) {}
  std::shared_ptr<const Routes> routes;  // keeps the target
  TargetRuntime* target = nullptr;
  std::string head;
  std::size_t sent = 0;
  std::string answer;  // until its head is complete
  std::size_t taken = 0;
  bool connected = false;
  int status = 0;
  std::uint64_t began_us = 0;  // when it was sent: connecting is not the release's time
  Deadline deadline;
};

}  // namespace slipway::edge

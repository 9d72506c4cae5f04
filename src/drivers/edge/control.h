#pragma once
// The edge's control socket: JSON questions and writes (docs/formats/edge-table.md). Every call
// opens the path anew, so after a hand-over the next call already talks to the new edge.
// Thread-safe.
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "http/client.h"
#include "ports/outcome.h"

namespace slipway::drivers::edge {

class Control {
 public:
  explicit Control(std::string socket_path);

  Result<Json> get(const std::string& target) const;
  // Refused by the edge (4xx) or never sent: not applied. Lost on the way or 5xx: unknown.
  ports::Outcome put(const std::string& target, const Json& body) const;
  // One document per line until on_document returns false or the connection ends.
  Result<void> follow(const std::string& target,
                      const std::function<bool(const Json&)>& on_document) const;

 private:
  Error unreachable(const Error& why, http::Sent sent) const;

  std::string path_;
  http::Client client_;
};

}  // namespace slipway::drivers::edge

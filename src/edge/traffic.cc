#include "edge/traffic.h"

#include "edge/members.h"

namespace slipway::edge {

Json to_json(const Traffic&) { return Json::object(); }

Result<void> read_traffic(const Json& json, Traffic&) {
  Members members(json, "\"traffic\" of a service of the edge's table");
  return members.finish();
}

}  // namespace slipway::edge

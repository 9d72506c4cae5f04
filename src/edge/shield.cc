#include "edge/shield.h"

#include "edge/members.h"

namespace slipway::edge {

Json to_json(const Shield&) { return Json::object(); }

Result<void> read_shield(const Json& json, Shield&) {
  Members members(json, "\"shield\" of a service of the edge's table");
  return members.finish();
}

}  // namespace slipway::edge

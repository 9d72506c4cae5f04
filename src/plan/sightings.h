#pragma once
// Sightings: what the daemon has seen of an environment, for its readiness. The document of
// GET /v1/sightings.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace slipway::plan {

struct Sightings {
  std::int64_t now_ms = 0;
  // Of the newest releases that have ended (twenty at most), newest first: "completed" …
  std::vector<std::string> outcomes;
  std::int64_t last_rollback_ms = 0;          // the newest one that went well; 0: none
  int instances = 0;                          // of the live release
  std::vector<std::string> unwell;            // of those that are probed: "web/0: 503 from /health"
  bool probed = false;                        // whether any is
  std::optional<std::int64_t> certificate_s;  // until the first one of the edge ends
  std::map<std::string, std::int64_t> channels;  // name -> when something was last sent there
};
Json to_json(const Sightings& sightings);
Sightings sightings_from_json(const Json& json);

}  // namespace slipway::plan

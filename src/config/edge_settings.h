#pragma once
// Edge settings: what `services.NAME.edge` says, as the members of a service in the edge's table
// (docs/formats/edge-table.md). Only what was written is there, so that a default stays the edge's
// own. Which key becomes which member stands in edge.def; the edge reads the result as strictly as
// its own file.
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/node.h"

namespace slipway::config {

// Null when the service has no such block. Values with a mistake are left out.
Json build_edge_settings(const Node& service);
// The keys that are set, as slipway.yaml spells them: "timeouts.connect", "tls.more".
std::vector<std::string> edge_keys_of(const Json& settings);
// Replaces the name of every file by what `absolute` makes of it.
void anchor_edge_files(Json& settings,
                       const std::function<std::string(const std::string&)>& absolute);

}  // namespace slipway::config

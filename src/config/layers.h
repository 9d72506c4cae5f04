#pragma once
// Layers: what an environment says on top of what it inherits, merged into one tree. Every value
// keeps the position at which it was written and the environment that wrote it.
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/problems.h"

namespace slipway::config {

// The names under `environments` in file order; "production" alone when there is no such block.
std::vector<std::string> environment_names(const Node& root);

// Unknown and circular `inherits`.
void check_inherits(const Node& root, Problems& problems);

// Top level, then the environments it inherits from, then its own keys. Maps are merged, secrets,
// other values and lists replaced; null takes a key away.
Node merged_environment(const Node& root, std::string_view name);

}  // namespace slipway::config

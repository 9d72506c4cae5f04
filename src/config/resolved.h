#pragma once
// Resolved: every value as slipway will use it, and where it was written.
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/node.h"

namespace slipway::config {
// Adds the values of one merged environment, under "environments.NAME.".
void add_resolved(const Node& merged, std::string_view file, std::vector<Resolved>& out);
// "[10%, 50%]" for a list, the text for a value.
std::string value_text(const Node& node);
}  // namespace slipway::config

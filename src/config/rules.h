#pragma once
// Rules: what must hold between the keys of one environment, after defaults and inheritance.
#include "config/config.h"
#include "config/node.h"
#include "config/problems.h"

namespace slipway::config {
void check_rules(const Node& merged, const Environment& environment, Problems& problems);
}  // namespace slipway::config

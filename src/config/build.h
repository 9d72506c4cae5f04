#pragma once
// Build: one environment's merged tree -> typed values. It never complains: the strict pass has
// done so, and a value with a mistake reads as its default, so that the rules can still look at all
// the others.
#include "config/config.h"
#include "config/node.h"

namespace slipway::config {
Environment build_environment(const Node& merged);
}  // namespace slipway::config

#pragma once
// A split in the engine's words and the same in the edge's table. Pure.
#include <vector>

#include "edge/table.h"
#include "ports/router.h"

namespace slipway::drivers::edge {

// One table entry per front; weights in basis points that add up to exactly 10000. Malformed when a
// front's edge settings are none that this slipway's edge has.
Result<std::vector<slipway::edge::Service>> services_of(const ports::AppRef& app,
                                                        const ports::Split& split);
// The reverse, of the services of one app and environment; others are left out.
ports::Split split_of(const ports::AppRef& app,
                      const std::vector<slipway::edge::Service>& services);

}  // namespace slipway::drivers::edge

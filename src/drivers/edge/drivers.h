#pragma once
// slipway's own edge as router, over its control socket.
#include <memory>
#include <string>

#include "ports/router.h"

namespace slipway::drivers::edge {

std::unique_ptr<ports::Router> make_router(const std::string& socket_path);
// The first read() starts a thread that follows the edge's pushed counts until the object goes.
// Counts do not fall when an edge is replaced: what the former one had counted stays in the sum.
std::unique_ptr<ports::Counters> make_counters(const std::string& socket_path);

}  // namespace slipway::drivers::edge

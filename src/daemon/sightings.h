#pragma once
// What this daemon has seen of an environment, gathered for its readiness.
#include "daemon/house.h"
#include "plan/sightings.h"

namespace slipway::daemon {

// status: the environment's own document (daemon/status.h); null: nothing was released there.
Result<plan::Sightings> sightings_of(House& house, const ports::AppRef& app, const Json& status);
// The seconds until the first certificate in the edge's account (GET /v1/edge) ends; nullopt: it
// has none.
std::optional<std::int64_t> first_expiry(const Json& edge);

}  // namespace slipway::daemon

#pragma once
// Standstill: an app's instances are stopped for as long as somebody works on its database.
// Level-triggered like the reaper, and like it called by the holder of the lease, between releases.
#include <string>
#include <vector>

#include "release/runner.h"

namespace slipway::release {

// The services that use the environment's database: those that get its secret or its address. All
// of them when none says so: one that is not stopped would write while the database is replaced.
std::vector<std::string> users_of_database(const config::Environment& settings);

struct Rest {
  bool is_reached = false;
  std::string waits_for;  // in words, while it is not
};
// Stops every instance of these services, those that are kept warm too. Requests under way are
// waited for, at most for the services' drain time from `since_ms` on.
Result<Rest> bring_to_rest(World& world, const ports::Lease& lease,
                           const std::vector<std::string>& services, std::int64_t since_ms);
// Whether the live release runs whole again, healthy, and at the addresses the router has. Starting
// it is the reaper's work.
Result<Rest> is_awake(World& world, const ports::AppRef& app);

}  // namespace slipway::release

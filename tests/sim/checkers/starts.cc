#include "checkers.h"

namespace slipway::sim {

// Each daemon may start what it needs once per attempt; it must not start things over and over.
Problem check_bounded_starts(Universe& universe) {
  int instances = 0;
  for (const auto& service : universe.plan->settings.services) instances += service.instances;
  const int most = instances * (6 + 4 * universe.daemons) + 40;
  if (universe.world.starts <= most) return std::nullopt;
  return "starts: " + std::to_string(universe.world.starts) + " instances were started, at most " +
         std::to_string(most) + " are explained";
}

}  // namespace slipway::sim

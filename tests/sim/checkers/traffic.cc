#include "checkers.h"

namespace slipway::sim {

// An instance that was ready and then died by itself is the world's doing: it is judged, not this
// check's.
Problem check_traffic(const Universe& universe) {
  const auto now = const_cast<Universe&>(universe).clock.monotonic();
  const auto* route = fake::find_route(universe.world, universe.app);
  if (route == nullptr || route->split->mode != ports::Mode::Serve) return std::nullopt;
  for (const auto& share : route->split->shares) {
    if (share.percent <= 0) continue;
    if (share.addresses.empty()) return "traffic: " + share.release + " has weight but no address";
    for (const auto& address : share.addresses) {
      const auto place = fake::place_of(universe.world, address, now);
      if (place.instance == nullptr)
        return "old colour: " + address + " of " + share.release + " has weight but is gone";
      if (place.instance->stopping.count() >= 0) {
        return "old colour: " + address + " of " + share.release +
               " has weight but is being stopped";
      }
      const auto& behaviour = fake::behaviour_of(universe.world, *place.slot);
      const bool died =
          place.instance->restarts > 0 || (behaviour.dies_after.count() >= 0 &&
                                           now - place.instance->started >= behaviour.dies_after);
      if (!died && !fake::is_ready(universe.world, *place.slot, *place.instance, now)) {
        return "traffic: " + address + " of " + share.release + " has weight but is not ready";
      }
    }
  }
  return std::nullopt;
}

}  // namespace slipway::sim

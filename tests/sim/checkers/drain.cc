#include "checkers.h"

namespace slipway::sim {

// Nothing is stopped while requests that it may still answer run on it.
Problem check_drain(const Universe& universe, const std::string& op_step) {
  const bool stops = op_step.find("retire") != std::string::npos ||
                     op_step.find("shrink") != std::string::npos ||
                     op_step.rfind("undo-start", 0) == 0 ||
                     op_step.rfind("undo-baseline-start", 0) == 0 || op_step.rfind("reap-", 0) == 0;
  if (!stops || op_step.rfind("undo-retire", 0) == 0 || op_step.rfind("undo-shrink", 0) == 0)
    return std::nullopt;
  const auto now = const_cast<Universe&>(universe).clock.monotonic();
  const bool of_baseline = op_step.find("baseline-") != std::string::npos;
  const auto* route = fake::find_route(universe.world, universe.app);
  if (route == nullptr) return std::nullopt;
  for (const auto& leaving : route->leaving) {
    if (leaving.until <= now) continue;
    const bool meant = op_step.size() >= leaving.service.size() &&
                       op_step.find(leaving.service) != std::string::npos;
    const bool of_old = universe.plan->old && leaving.release == universe.plan->old->id;
    const bool undo = op_step.rfind("undo-start", 0) == 0;
    const bool fresh = leaving.release == ports::baseline_of(universe.release);
    if (!meant || fresh != of_baseline || (!fresh && of_old == undo)) continue;
    const auto place = fake::place_of(universe.world, leaving.address, now);
    if (place.instance == nullptr || place.instance->stopping.count() >= 0) continue;
    if (fake::state_of(universe.world, *place.slot, *place.instance, now) !=
        ports::InstanceState::Running)
      continue;
    return "drain: " + op_step + " stops " + leaving.address + " while requests still run there";
  }
  return std::nullopt;
}

}  // namespace slipway::sim

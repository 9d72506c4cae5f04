#include "checkers.h"

namespace slipway::sim {
namespace {

std::string outcome_of(Universe& universe) {
  const auto row = universe.store.row(universe.release);
  return row ? row->outcome : "";
}

// The slot that must be live once the release under test has ended so.
std::string expected_live(Universe& universe) {
  const auto& plan = *universe.plan;
  const std::string fresh = plan.target_release.empty() ? universe.release : plan.target_release;
  if (outcome_of(universe) == "completed") return fresh;
  return plan.old ? plan.old->id : "";
}

int running(Universe& universe, const std::string& service, const std::string& release) {
  const auto* slot = fake::find_slot(
      universe.world, {universe.app.app, universe.app.environment, service, release});
  if (slot == nullptr) return 0;
  int count = 0;
  for (const auto& instance : slot->instances) {
    const auto state = fake::state_of(universe.world, *slot, instance, universe.clock.monotonic());
    // One that died by itself after the release had ended is the world's doing.
    const auto& behaviour = fake::behaviour_of(universe.world, *slot);
    const bool died = behaviour.dies_after.count() >= 0 && state == ports::InstanceState::Failed;
    if (state == ports::InstanceState::Running || died) ++count;
  }
  return count;
}
}  // namespace

Problem check_fully_new_or_old(Universe& universe) {
  if (outcome_of(universe).empty()) return "end: the release has no outcome";
  const std::string live = expected_live(universe);
  if (live.empty()) return std::nullopt;  // the first release went back to nothing
  for (const auto& service : universe.plan->settings.services) {
    const int there = running(universe, service.name, live);
    if (there != service.instances) {
      return "end: " + live + " is live with " + std::to_string(there) + " of " +
             std::to_string(service.instances) + " instances of " + service.name;
    }
  }
  return std::nullopt;
}

Problem check_one_live_colour(Universe& universe) {
  const std::string live = expected_live(universe);
  const auto row = universe.store.live(universe.app);
  if (!row || row->release != live)
    return "one live colour: the store says " + (row ? row->release : "") + ", not " + live;
  const auto* route = fake::find_route(universe.world, universe.app);
  if (route == nullptr)
    return live.empty() ? Problem() : Problem("one live colour: nothing is routed");
  if (!live.empty() && route->split->mode != ports::Mode::Serve)
    return "one live colour: the router does not serve";
  for (const auto& share : route->split->shares) {
    if (share.percent > 0 && share.release != live) {
      return "one live colour: the router still gives traffic to " + share.release + ", live is " +
             live;
    }
  }
  for (const auto& service : universe.plan->settings.services) {
    if (!service.listens || live.empty()) continue;
    std::size_t addresses = 0;
    for (const auto& share : route->split->shares) {
      if (share.service == service.name) addresses += share.addresses.size();
    }
    if (addresses != static_cast<std::size_t>(service.instances)) {
      return "one live colour: " + service.name + " is served by " + std::to_string(addresses) +
             " instances";
    }
  }
  return std::nullopt;
}

std::vector<std::string> check_end(Universe& universe) {
  std::vector<std::string> problems;
  for (const auto& check : {check_fully_new_or_old, check_one_live_colour, check_no_orphans,
                            check_warm_promise, check_bounded_starts, check_notices,
                            check_lease_is_free, check_outcome, check_migrations}) {
    if (auto problem = check(universe)) problems.push_back(*problem);
  }
  return problems;
}

}  // namespace slipway::sim

#include "checkers.h"

namespace slipway::sim {
namespace {
constexpr double kRounding = 0.01;

struct Parts {
  double fresh = 0;
  double canary = 0;
  double old = 0;
  double all = 0;
};

Parts parts_of(const Universe& universe, const ports::Split& split, const std::string& service) {
  Parts out;
  for (const auto& share : split.shares) {
    if (share.service != service) continue;
    out.all += share.percent;
    if (share.release == universe.release) out.canary += share.percent;
    if (share.release == ports::baseline_of(universe.release)) out.fresh += share.percent;
    if (universe.plan->old && share.release == universe.plan->old->id) out.old += share.percent;
  }
  return out;
}
}  // namespace

Problem check_baseline(const Universe& universe) {
  const auto* route = fake::find_route(universe.world, universe.app);
  if (route == nullptr || route->split->mode != ports::Mode::Serve) return std::nullopt;
  for (const auto& service : universe.plan->settings.services) {
    const auto parts = parts_of(universe, *route->split, service.name);
    if (parts.fresh <= 0) continue;
    const std::string who = "baseline: the fresh " + service.name;
    if (parts.canary <= 0) return who + " has traffic beside no canary";
    if (parts.fresh > parts.canary + kRounding) return who + " has more traffic than the canary";
    if (parts.fresh > parts.old + kRounding) return who + " has more traffic than the old release";
    if (parts.all < 100 - kRounding || parts.all > 100 + kRounding)
      return who + ": the shares do not sum to 100";
  }
  return std::nullopt;
}

Problem check_baseline_gone(const Universe& universe) {
  const auto now = const_cast<Universe&>(universe).clock.monotonic();
  for (const auto& slot : universe.world.slots) {
    if (slot.slot.release != ports::baseline_of(universe.release)) continue;
    for (const auto& instance : slot.instances) {
      const auto state = fake::state_of(universe.world, slot, instance, now);
      if (state == ports::InstanceState::Running || state == ports::InstanceState::Starting)
        return "baseline: the fresh " + slot.slot.service + " still runs after the release";
    }
  }
  return std::nullopt;
}

}  // namespace slipway::sim

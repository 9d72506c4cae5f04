#include "checkers.h"

namespace slipway::sim {

// Nothing runs but the live colour and what was promised to stay warm.
Problem check_no_orphans(Universe& universe) {
  const auto row = universe.store.live(universe.app);
  if (!row) return "orphans: the store does not answer";
  const auto now = universe.clock.monotonic();
  const bool warm = row->previous_warm_until_ms > to_unix_ms(universe.clock.now());
  for (const auto& slot : universe.world.slots) {
    if (slot.slot.release == row->release || (warm && slot.slot.release == row->previous)) continue;
    for (const auto& instance : slot.instances) {
      const auto state = fake::state_of(universe.world, slot, instance, now);
      const bool runs =
          state == ports::InstanceState::Running || state == ports::InstanceState::Starting;
      if (runs) return "orphans: " + slot.slot.service + " of " + slot.slot.release + " still runs";
    }
  }
  return std::nullopt;
}

// A colour promised to stay warm for an instant way back is really there.
Problem check_warm_promise(Universe& universe) {
  const auto row = universe.store.live(universe.app);
  if (!row || row->previous.empty()) return std::nullopt;
  if (row->previous_warm_until_ms <= to_unix_ms(universe.clock.now())) return std::nullopt;
  for (const auto& service : universe.plan->settings.services) {
    if (!service.listens) continue;
    const ports::Slot slot{universe.app.app, universe.app.environment, service.name, row->previous};
    const auto* kept = fake::find_slot(universe.world, slot);
    int there = 0;
    for (std::size_t i = 0; kept != nullptr && i < kept->instances.size(); ++i) {
      const auto state =
          fake::state_of(universe.world, *kept, kept->instances[i], universe.clock.monotonic());
      if (state == ports::InstanceState::Running) ++there;
    }
    if (there != service.instances)
      return "warm: " + service.name + " of " + row->previous + " was promised but is gone";
  }
  return std::nullopt;
}

}  // namespace slipway::sim

#include <algorithm>
#include <set>

#include "checkers.h"

namespace slipway::sim {

// Nothing is applied twice; what the new release needs is there when it is live, and what the old
// one needs is there when that is.
Problem check_migrations(Universe& universe) {
  const auto& plan = *universe.plan;
  const auto& applied = universe.world.migrated;
  if (std::set<std::string>(applied.begin(), applied.end()).size() != applied.size())
    return "migrations: one was applied twice";
  if (!plan.settings.database.migrations.in_release) {
    if (applied.empty()) return std::nullopt;
    return "migrations: " + applied.front() + " was applied and nobody asked for it";
  }
  const auto has = [&](const char* id) {
    return std::find(applied.begin(), applied.end(), id) != applied.end();
  };
  const auto live = universe.store.live(universe.app);
  const bool is_new = live && live->release == universe.release;
  if (is_new && !has("1-add")) return "migrations: the new release is live without 1-add";
  if (!is_new && has("3-drop"))
    return "migrations: the old release is live without what 3-drop took";
  const auto row = universe.store.release(universe.release);
  if (row && row->outcome == "completed" && !has("3-drop"))
    return "migrations: it is completed without its contract migration";
  return std::nullopt;
}

}  // namespace slipway::sim

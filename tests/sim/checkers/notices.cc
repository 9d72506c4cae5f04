#include "checkers.h"

namespace slipway::sim {

// The end of every release is told at least once, and under the same key each time.
Problem check_notices(Universe& universe) {
  const auto row = universe.store.row(universe.release);
  if (!row) return "notices: the release is not in the store";
  const std::string end = row->outcome == "completed" ? "/released" : "/" + row->outcome;
  for (const auto& notice : universe.world.notices) {
    if (notice.key == universe.release + end) return std::nullopt;
  }
  return "notices: nobody was told that " + universe.release + " is " + row->outcome;
}

}  // namespace slipway::sim

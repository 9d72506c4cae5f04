#include "checkers.h"

namespace slipway::sim {

// The end of every release is in the outbox. (That it is there with its record or not at all is
// the store's contract; that it is then sent, the courier's tests.)
Problem check_notices(Universe& universe) {
  const auto row = universe.store.row(universe.release);
  if (!row) return "notices: the release is not in the store";
  const std::string end = row->outcome == "completed" ? "/released" : "/" + row->outcome;
  if (universe.store.was_told(universe.release + end)) return std::nullopt;
  return "notices: nobody was told that " + universe.release + " is " + row->outcome;
}

}  // namespace slipway::sim

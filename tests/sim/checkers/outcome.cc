#include "checkers.h"

namespace slipway::sim {

// A good version gets through and a bad one is taken back, however often the daemon dies on the
// way.
Problem check_outcome(Universe& universe) {
  if (universe.must_end.empty()) return std::nullopt;
  const auto row = universe.store.row(universe.release);
  if (row == nullptr || row->outcome == universe.must_end) return std::nullopt;
  return "outcome: " + universe.release + " ended " + row->outcome + " (" + row->reason +
         "), not " + universe.must_end;
}

}  // namespace slipway::sim

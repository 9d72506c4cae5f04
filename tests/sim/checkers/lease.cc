#include "checkers.h"

namespace slipway::sim {

// Nobody needs to unlock anything by hand.
Problem check_lease_is_free(Universe& universe) {
  const auto lease = universe.store.lease(universe.app);
  if (!lease) return "lease: the store does not answer";
  if (*lease && !(*lease)->release.empty()) return "lease: still held for " + (*lease)->release;
  return std::nullopt;
}

}  // namespace slipway::sim

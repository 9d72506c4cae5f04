#pragma once
// What must hold in every universe. Each checker lives in a file of its own and says what is wrong
// in one sentence, or nothing.
#include <optional>
#include <string>
#include <vector>

#include "../universe.h"

namespace slipway::sim {

using Problem = std::optional<std::string>;

// After every write: no traffic to an instance that is not ready, and a colour with weight runs.
Problem check_traffic(const Universe& universe);
// Before every effect: the journal names it.
Problem check_intent(Universe& universe, const std::string& op_step);
// Before every stop: no request still runs there.
Problem check_drain(const Universe& universe, const std::string& op_step);
// After every write: a fresh baseline has traffic only beside a canary, and never more than that or
// than the old release.
Problem check_baseline(const Universe& universe);
// When a release has ended, before anybody cleans up: nothing of its fresh baseline runs.
Problem check_baseline_gone(const Universe& universe);
// At the end, all of these.
std::vector<std::string> check_end(Universe& universe);

Problem check_fully_new_or_old(Universe& universe);
Problem check_one_live_colour(Universe& universe);
Problem check_no_orphans(Universe& universe);
Problem check_warm_promise(Universe& universe);
Problem check_bounded_starts(Universe& universe);
Problem check_notices(Universe& universe);
Problem check_lease_is_free(Universe& universe);
Problem check_outcome(Universe& universe);
Problem check_migrations(Universe& universe);

}  // namespace slipway::sim

#pragma once
// What the gates of a plan say now: for `slipway plan`, for the status, and before a release is
// accepted at all.
#include "daemon/house.h"
#include "plan/approvals.h"
#include "ports/zones.h"

namespace slipway::daemon {

// The zones of this machine (/usr/share/zoneinfo).
ports::Zones& zone_files();

// [{gate, step, open, why, opens_ms, expires_ms, on_expiry, skipped}], in the order of the plan.
// now_ms: the daemon's clock.
struct Ballot {
  std::vector<plan::Approval> given;
  std::string requester;
};
Json gates_document(const plan::Plan& plan, std::int64_t now_ms, const Ballot& ballot);
// Refused when a gate cannot open before its patience ends; the zone's error when it cannot be
// asked.
Result<void> refuse_hopeless(const plan::Plan& plan, std::int64_t now_ms);

}  // namespace slipway::daemon

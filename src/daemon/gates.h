#pragma once
// What the gates of a plan say now: for `slipway plan`, for the status, and before a release is
// accepted at all.
#include "checks/people.h"
#include "daemon/house.h"
#include "plan/approvals.h"
#include "ports/inquiry.h"
#include "ports/zones.h"

namespace slipway::daemon {

// The zones of this machine (/usr/share/zoneinfo).
ports::Zones& zone_files();

// What is known when a plan's gates are shown.
struct Ballot {
  std::vector<plan::Approval> given;
  std::string requester;
  std::vector<checks::Confirmation> confirmed{};
  // Before the release: looks at what can be looked at without running a command; null: at nothing.
  ports::Inquiry* inquiry = nullptr;
  int reached = -1;        // index of the step a running release is at; -1: none runs
  std::string progress{};  // and what it says there
};
// [{gate, step, open, looked, why, opens_ms, expires_ms, on_expiry, skipped}], in the order of the
// plan. now_ms: the daemon's clock.
Json gates_document(const plan::Plan& plan, std::int64_t now_ms, const Ballot& ballot);
// Refused when a gate cannot open before its patience ends; the zone's error when it cannot be
// asked.
Result<void> refuse_hopeless(const plan::Plan& plan, std::int64_t now_ms);

}  // namespace slipway::daemon

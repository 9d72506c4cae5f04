#pragma once
// How long a release will still take, from how long its steps took the last time.
#include <map>
#include <string>

#include "daemon/house.h"

namespace slipway::daemon {

using Timings = std::map<std::string, std::int64_t>;  // step id -> milliseconds

// From the journal of one release: when each step began and when the next did.
Timings timings_of(const std::vector<ports::Record>& records, const plan::Plan& plan);
// Kept in the store for the next release of the same environment. A failure is no harm: estimates
// only.
void keep_timings(ports::Store& store, const ports::ReleaseRow& row, const plan::Plan& plan);
Timings kept_timings(ports::Store& store, const ports::AppRef& app);

struct Left {
  std::int64_t step_ms = -1;   // of the current step; -1: not known
  std::int64_t whole_ms = -1;  // of the whole release
};
Left time_left(const plan::Plan& plan, const release::State& state, const Timings& timings,
               std::int64_t now_ms);

}  // namespace slipway::daemon

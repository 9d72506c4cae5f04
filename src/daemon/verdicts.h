#pragma once
// Verdicts: what the judge decided in a release, and on what, out of the store.
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "ports/store.h"

namespace slipway::daemon {

// One entry each, with its numbers, without the ticks they follow from.
Result<Json> verdict_documents(ports::Store& store, const std::string& release);
// The same, each judged again from its ticks; `equal` says whether all came out as they were. whole:
// with settings and ticks.
Result<Json> replayed_verdicts(ports::Store& store, const std::string& release, bool whole);

}  // namespace slipway::daemon

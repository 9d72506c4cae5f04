#pragma once
// Words: a decision as a person reads it. Room-internal.
#include "verdict/judge.h"

namespace slipway::verdict {

Verdict words_of(const Settings& settings, const Decision& decision);

// The smallest share of bad requests that so many canary requests would be expected to show; 1 when
// none would.
double smallest_share(const Rule& rule, const Numbers& numbers);

}  // namespace slipway::verdict

#pragma once
// One question, asked and waited for, its time-out at most.
#include <string>

#include "base/result.h"
#include "ports/measures.h"

namespace slipway::drivers::metrics {

// `token`: sent as a bearer token; empty: none.
Result<double> ask(const ports::MetricQuestion& question, const std::string& token);

}  // namespace slipway::drivers::metrics

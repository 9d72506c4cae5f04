#pragma once
// Reports of load tests: the summary of k6 (`--summary-export`, or its data in `handleSummary`),
// JSON with the figures' names, or lines `p95=230ms error_rate=0.2% rps=450`.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::checks {

struct LoadReport {
  // What it says of: p95_ms, p99_ms, error_rate (percent), rps. Finite, not negative.
  std::map<std::string, double> figures;
  std::vector<std::string> subjects;
  std::int64_t created_ms = 0;
};
Result<LoadReport> read_load(std::string_view text);

}  // namespace slipway::checks

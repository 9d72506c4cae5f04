#pragma once
// Reports of tests: JUnit's XML, as nearly every runner writes it, and JSON with totals (Jest,
// Vitest, Mocha, or { "tests", "failures" }).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::checks {

struct TestReport {
  std::int64_t tests = 0;
  std::int64_t failed = 0;  // with errors
  std::int64_t skipped = 0;
  std::vector<std::string> names;  // of some that failed
};
// Malformed: neither, cut off, or with a document type (whose entities may grow without end).
Result<TestReport> read_tests(std::string_view text);

}  // namespace slipway::checks

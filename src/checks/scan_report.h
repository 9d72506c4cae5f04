#pragma once
// Reports of security scans: SARIF 2.1.0 (OASIS), Trivy's JSON (schema 2), `npm audit --json`
// (versions 1 and 2), and a generic form: { "findings": [ { "severity", "id", "title" } ] } or
// { "counts": { "critical": 0 } }, with "version" and "created" if it likes.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::checks {

inline constexpr std::array<std::string_view, 5> kSeverities{"critical", "high", "medium", "low",
                                                             "unknown"};  // worst first

struct ScanFinding {
  std::size_t severity = 0;  // index in kSeverities
  std::string text;          // "CVE-2026-1234 in openssl 3.0.1 (fixed in 3.0.2)", shown as it is
};

struct ScanReport {
  std::string format;
  std::vector<std::string> subjects;  // what it says it is about; empty: it does not say
  std::int64_t created_ms = 0;        // 0: it does not say
  std::array<std::int64_t, kSeverities.size()> counts{};
  std::vector<ScanFinding> worst;  // worst first, some of them
};

// format: "auto" finds it out. Malformed: it is no report of this kind, or says so itself.
Result<ScanReport> read_scan(std::string_view text, std::string_view format);

}  // namespace slipway::checks

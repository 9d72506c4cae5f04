#pragma once
// What was read against what is allowed. Each answers in words that follow its source: "has 2
// critical findings …", or "0 critical, 3 high …".
#include <map>
#include <string>
#include <vector>

#include "checks/flag_report.h"
#include "checks/load_report.h"
#include "checks/scan_report.h"
#include "plan/gates.h"

namespace slipway::checks {

// limits: severity -> most.
plan::GateAnswer judge(const ScanReport& report, const std::map<std::string, double>& limits);
// wanted: flag -> on, off, present.
plan::GateAnswer judge(const Flags& flags, const std::map<std::string, std::string>& wanted,
                       const std::string& environment);
// limits: p95_ms, p99_ms, error_rate: most; rps: least. What is not said is not within.
plan::GateAnswer judge(const LoadReport& report, const std::map<std::string, double>& limits);

// Of the plan itself.
plan::GateAnswer variables_answer(const plan::Plan& plan, const std::vector<std::string>& wanted);
plan::GateAnswer way_back_answer(const plan::Plan& plan);
plan::GateAnswer alerts_answer(const plan::Plan& plan);

}  // namespace slipway::checks

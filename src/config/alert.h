#pragma once
// Alert rules: what of an environment is told to whom, when it has held for a while. Values only.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::config {

struct AlertCondition {
  enum class Signal { ErrorRate, Latency, Unhealthy, Down, Database, DatabaseDown };
  Signal signal = Signal::ErrorRate;
  double quantile = 0.95;  // Latency only
  double limit = 0;        // ErrorRate: percent; Latency: milliseconds; Database: as measured
  std::string measure;     // Database: "db_connections" (config/database_measure.h)
  friend bool operator==(const AlertCondition&, const AlertCondition&) = default;
};
// "error_rate > 1%", "latency_p95 > 500ms", "health failing", "down", "db_connections > 80%",
// "db down"
std::optional<AlertCondition> parse_condition(std::string_view text);

struct AlertRule {
  std::string name;  // when none is written: the condition's text
  std::string when;  // as written
  AlertCondition condition;
  Millis hold{0};  // `for`
  std::string severity = "warning";
  std::vector<std::string> to;  // channels
  friend bool operator==(const AlertRule&, const AlertRule&) = default;
};
Json to_json(const AlertRule& rule);
AlertRule alert_rule_from_json(const Json& json);

}  // namespace slipway::config

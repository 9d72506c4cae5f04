#pragma once
// Alerts: from what is seen of an environment to what fires and what is over. Pure: time comes in
// with each reading, and what is remembered goes out again.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/alert.h"

namespace slipway::alerts {

// What was seen of an environment at one moment.
struct Reading {
  bool has_traffic = false;  // without it, nothing is said of rates and latencies
  double error_rate_percent = 0;
  std::function<double(double quantile)> latency_ms;
  bool is_probed = false;  // some service has a health path
  int healthy = 0;         // instances that answered their newest probe
  int unhealthy = 0;       // that did not
  // Of the app's database, by the names of config/database_measure.def; what is not known is
  // absent.
  std::map<std::string, double> database;
  std::string database_trouble;  // why it does not answer; empty: it does, or nobody asked
};

// What is remembered of one rule between two readings. Only a rule that fires has to outlast the
// process.
struct Memory {
  std::int64_t since_ms = 0;  // its condition has held since then; 0: it does not hold
  std::int64_t fired_ms = 0;  // it has fired since then; 0: it does not
  std::int64_t quiet_ms = 0;  // it fires, but its condition has not held since then
  bool told = false;          // that it fires; set by the caller once that is on its way
  friend bool operator==(const Memory&, const Memory&) = default;
};

// A rule is over when its condition has not held for its own `for`, but never for less or more than
// this: what comes and goes is one alert.
inline constexpr Millis kLeastQuiet{10'000};
inline constexpr Millis kLongestQuiet{60'000};

struct Change {
  std::size_t rule = 0;
  bool fires = false;  // else it is over
  std::string words;   // "error rate 2.4%"
};

// memories: one per rule, in their order; changed in place. A rule that fires comes back with each
// reading until the caller has set `told`; one that is over, until the caller has emptied its
// memory. A rule is held back while a graver one about the same signal fires, or one that says
// `down`.
std::vector<Change> advance(const std::vector<config::AlertRule>& rules, const Reading& reading,
                            std::int64_t now_ms, std::vector<Memory>& memories);

}  // namespace slipway::alerts

#pragma once
// Verdict: is the new release worse than allowed, judged on what the router counted. Pure: no
// clock, no I/O. May be asked at every look, however often: its proof of "worse" is anytime-valid,
// so looking more often does not make a false alarm more likely.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace slipway::verdict {

enum class Answer {
  Pass,  // every limit is kept, on enough requests; the caller lets it count at the period's end
  Fail,  // a limit is broken, and chance is no explanation; may be said at any time
  NotEnough,  // neither: too few requests, or above a limit by what may be chance
  Hold,       // stop and tell a person; only the Judge of judge.h says it, with its reason
};
std::string_view name_of(Answer answer);

// A team's own counter: orders that went through, and orders that did not.
struct Tally {
  std::uint64_t ok = 0;
  std::uint64_t bad = 0;
};

// What was counted during the window alone (differences, not totals).
struct Sample {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  // (bucket's largest value in microseconds, requests in it), rising.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> latency_us{};
  std::vector<Tally> counters{};
};

struct Window {
  Sample canary;    // the new release
  Sample baseline;  // what it replaces; empty when there is none
  Millis elapsed{0};
};

struct Rule {
  // Latency: half, three quarters and 95 % of the requests, together. Counter: a Tally of one's
  // own. Both are for the Judge of judge.h.
  enum class Kind { ErrorRate, LatencyQuantile, Latency, Counter };
  Kind kind = Kind::ErrorRate;
  double quantile = 0.95;  // LatencyQuantile only, 0..1
  double limit = 0;        // percent, or milliseconds; when relative: times the baseline
  bool relative = false;
  std::string text{};     // as written: "error_rate > 5%"
  double floor = 1;       // relative, not of latency: percent that is never too much
  std::string counter{};  // Counter only: its name
};

struct Verdict {
  Answer answer = Answer::NotEnough;
  std::string evidence;          // one sentence with the numbers
  std::string smallest_visible;  // the smallest regression this window could have shown
};

// least_requests: fewer requests to the new release (or to a baseline that is compared with) never
// pass.
Verdict judge(const std::vector<Rule>& rules, const Window& window, int least_requests);

// The smallest bucket bound that at least q (0..1) of the requests stay within; 0 without requests.
std::uint32_t quantile_us(const std::vector<std::pair<std::uint32_t, std::uint64_t>>& buckets,
                          double q);

}  // namespace slipway::verdict

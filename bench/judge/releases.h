#pragma once
// Simulated releases, each judged by the product's own judge: what came of them.
#include <cstdint>

#include "verdict/judge.h"

namespace bench {

using slipway::Millis;

enum class Bursts { None, Shared, OneArm };

struct Scenario {
  double rps = 100;
  double weight = 0.1;
  double canary_fault = 0.001;  // share of bad requests from fault_at on
  double baseline_fault = 0.001;
  Millis fault_at{0};
  // From then on the fault is another one; never, when it lies beyond the end.
  Millis later_at{1'000'000'000};
  double canary_later = 0.001;
  double baseline_later = 0.001;
  Millis length{1'800'000};
  Millis look_every{1'000};
  bool looks_at_each_request = false;
  Bursts bursts = Bursts::None;
  slipway::verdict::Guard guard = slipway::verdict::Guard::Off;
  bool obeys_quarantine = false;  // the weight falls to 1 % while the judge wishes it
};

struct Outcome {
  bool rolled_back = false;
  bool held = false;  // "both fail", at least once
  bool quarantined = false;
  double seconds = 0;  // until the decision, or to the end
  double canary_requests = 0;
  double bad_served = 0;  // by the canary, before the decision
};

// Four rules share false_alarm: error rate, regression, latency and orders (issue's m = 4).
slipway::verdict::Settings judge_settings(slipway::verdict::Guard guard);

// What does not change from one release of a scenario to the next.
class Traffic;
Outcome judge_release(const Traffic& traffic, std::uint64_t seed);
// Flagger as configured by its documentation's examples: looks each minute, a miss when more than
// 1 % of the canary's requests failed or none came; at the fifth the release is taken back.
Outcome flagger_release(const Traffic& traffic, std::uint64_t seed);

struct LatencyScenario {
  double rps = 100;
  double weight = 0.1;
  double times_slower = 1;      // the canary's true p95 by the old release's
  double limit = 2;             // "latency_p95 > 2x baseline"
  bool mixture = false;         // "latency > 2x baseline": p50, p75 and p95
  bool cold_start = false;      // four times slower at first, gone after a minute
  bool both_slow_down = false;  // three times slower, both, from minute 5
  bool route = false;           // all of it at one route, counted in the wider buckets of one
  Millis warmup{0};
  Millis length{1'800'000};
};
Outcome latency_release(const LatencyScenario& scenario, std::uint64_t seed);

}  // namespace bench

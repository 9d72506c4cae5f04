#pragma once
// For the judge's tests: rules as people write them, and releases told look by look.
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "verdict/judge.h"
#include "verdict/reference.h"

namespace slipway::verdict {

inline Rule error_rate(double percent) {
  return {Rule::Kind::ErrorRate, 0, percent, false, "error_rate"};
}
inline Rule error_regression(double times, double floor = 1) {
  return {Rule::Kind::ErrorRate, 0, times, true, "error_regression", floor};
}
inline Rule latency_p95(double limit, bool relative) {
  return {Rule::Kind::LatencyQuantile, 0.95, limit, relative, "latency_p95"};
}
inline Rule orders(double percent) {
  return {Rule::Kind::Counter, 0, percent, false, "orders", 1, "orders"};
}

inline Settings settings_of(std::vector<Rule> rules, Guard guard = Guard::Off) {
  Settings settings;
  settings.rules = std::move(rules);
  settings.counters = {"orders"};
  settings.guard = guard;
  return settings;
}

// A release as the judge sees it, a second a look unless said otherwise.
class Story {
 public:
  explicit Story(Settings settings, double weight = 0.1) : judge_(std::move(settings)) {
    tick_.weight = weight;
  }
  Tick& tick() { return tick_; }
  Lot& lot(std::size_t stratum = 0) { return tick_.strata[stratum]; }
  Judge& judge() { return judge_; }
  std::string sentence() const { return verdict::sentence(judge_.last(), judge_.tell()); }

  Decision look(Millis passed = Millis(1'000)) {
    tick_.at += passed;
    return judge_.look(tick_);
  }
  Decision counts(std::uint64_t canary, std::uint64_t canary_bad, std::uint64_t baseline,
                  std::uint64_t baseline_bad, Millis passed = Millis(1'000)) {
    lot().canary.requests = canary;
    lot().canary.errors = canary_bad;
    lot().baseline.requests = baseline;
    lot().baseline.errors = baseline_bad;
    return look(passed);
  }
  // The same look again and again, until something else than `answer` is said.
  Decision repeat(int looks, Answer answer = Answer::NotEnough) {
    Decision said = judge_.last();
    for (int i = 0; i < looks; ++i) {
      said = look();
      if (said.answer != answer) break;
    }
    return said;
  }

 private:
  Judge judge_;
  Tick tick_;
};

// `requests` at 50 ms, `slow` of them at `slow_us`.
inline Buckets latencies(std::uint64_t requests, std::uint64_t slow, std::uint32_t slow_us) {
  return {{50'000, requests - slow}, {slow_us, slow}};
}

}  // namespace slipway::verdict

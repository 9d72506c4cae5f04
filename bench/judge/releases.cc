#include "judge/releases.h"

#include <cmath>

#include "judge/traffic.h"

namespace bench {

using slipway::verdict::Answer;
using slipway::verdict::Decision;
using slipway::verdict::Judge;
using slipway::verdict::Reason;
using slipway::verdict::Rule;
using slipway::verdict::Sample;
using slipway::verdict::Settings;
using slipway::verdict::Tick;

Settings judge_settings(slipway::verdict::Guard guard) {
  Settings settings;
  Rule rate{Rule::Kind::ErrorRate, 0, 5, false, "error_rate > 5%"};
  Rule regression{Rule::Kind::ErrorRate, 0, 2, true, "error_regression > 2x baseline and > 1%"};
  Rule latency{Rule::Kind::LatencyQuantile, 0.95, 2, true, "latency_p95 > 2x baseline"};
  Rule orders{Rule::Kind::Counter, 0, 5, false, "orders > 5%", 1, "orders"};
  settings.rules = {rate, regression, latency, orders};
  settings.counters = {"orders"};
  settings.guard = guard;
  return settings;
}

namespace {
// One release as it goes: the traffic, the judge, and what was served until it decides.
class Course {
 public:
  Course(const Traffic& traffic, std::uint64_t seed)
      : traffic_(traffic),
        scenario_(traffic.scenario()),
        chance_(seed),
        weather_(scenario_),
        judge_(judge_settings(scenario_.guard)) {}

  Outcome run() {
    const double gap_ms = 1e3 / scenario_.rps;
    double now_ms = 0;
    while (now_ms < static_cast<double>(scenario_.length.count()) && !out_.rolled_back) {
      const Millis from(static_cast<std::int64_t>(now_ms));
      now_ms += scenario_.looks_at_each_request ? gap_ms
                                                : static_cast<double>(scenario_.look_every.count());
      weather_.pass(from, chance_);
      fill(from);
      look(Millis(static_cast<std::int64_t>(std::ceil(now_ms))));
    }
    return out_;
  }

 private:
  void fill(Millis from) {
    auto& lot = tick_.strata.front();
    if (scenario_.looks_at_each_request) {
      const bool canary = chance_.happens(traffic_.weight_of(split_));
      const double share =
          traffic_.share_of(canary, canary ? weather_.canary(from) : weather_.baseline(from));
      const std::uint64_t bad = chance_.happens(share) ? 1 : 0;
      lot.canary.requests = canary ? 1 : 0;
      lot.canary.errors = canary ? bad : 0;
      lot.baseline.requests = canary ? 0 : 1;
      lot.baseline.errors = canary ? 0 : bad;
      return;
    }
    lot.canary = traffic_.draw_canary(split_, weather_.canary(from), chance_);
    lot.baseline = traffic_.draw_baseline(split_, weather_.baseline(from), chance_);
  }

  void look(Millis at) {
    tick_.at = at;
    tick_.weight = traffic_.weight_of(split_);
    const auto& canary = tick_.strata.front().canary;
    out_.canary_requests += static_cast<double>(canary.requests);
    out_.bad_served += static_cast<double>(canary.errors);
    out_.seconds = static_cast<double>(at.count()) / 1e3;
    const Decision decision = judge_.look(tick_);
    out_.rolled_back = decision.answer == Answer::Fail;
    out_.held |= decision.answer == Answer::Hold && decision.reason == Reason::BothFail;
    out_.quarantined |= decision.quarantine;
    if (!scenario_.obeys_quarantine) return;
    split_ = decision.quarantine ? Traffic::Split::Quarantine : Traffic::Split::Planned;
  }

  const Traffic& traffic_;
  const Scenario& scenario_;
  Chance chance_;
  Weather weather_;
  Judge judge_;
  Tick tick_;
  Traffic::Split split_ = Traffic::Split::Planned;
  Outcome out_;
};

// Lognormal, as many services' latency is: a median of 50 ms, a p95 of four times that.
std::uint32_t latency_us(double times, bool route, Chance& chance) {
  const double us = 50'000 * times * std::exp(0.843 * chance.normal());
  // The upper bound of the edge's bucket (src/edge/histogram.h): 64 steps per power of two, or 8.
  const auto whole = static_cast<std::uint64_t>(us);
  if (whole < 64) return static_cast<std::uint32_t>(whole);
  const int power = std::ilogb(static_cast<double>(whole)) - (route ? 3 : 6);
  return static_cast<std::uint32_t>((((whole >> power) + 1) << power) - 1);
}

double slowness(const LatencyScenario& scenario, bool canary, double second) {
  double times = canary ? scenario.times_slower : 1;
  if (scenario.cold_start && canary) times *= 1 + 3 * std::exp(-second / 15);
  if (scenario.both_slow_down && second >= 300) times *= 3;
  return times;
}
}  // namespace

Outcome judge_release(const Traffic& traffic, std::uint64_t seed) {
  return Course(traffic, seed).run();
}

Outcome flagger_release(const Traffic& traffic, std::uint64_t seed) {
  const auto& scenario = traffic.scenario();
  constexpr Millis kInterval{60'000};
  constexpr int kThreshold = 5;
  Chance chance(seed);
  Weather weather(scenario);
  Outcome out;
  int misses = 0;
  double requests = 0;
  double bad = 0;
  for (Millis at{0}; at < scenario.length; at += scenario.look_every) {
    weather.pass(at, chance);
    const Sample sample = traffic.draw_canary(Traffic::Split::Planned, weather.canary(at), chance);
    requests += static_cast<double>(sample.requests);
    bad += static_cast<double>(sample.errors);
    out.canary_requests += static_cast<double>(sample.requests);
    out.bad_served += static_cast<double>(sample.errors);
    out.seconds = static_cast<double>((at + scenario.look_every).count()) / 1e3;
    if ((at + scenario.look_every) % kInterval != Millis(0)) continue;
    if (requests <= 0 || bad > 0.01 * requests) ++misses;
    requests = bad = 0;
    if (misses < kThreshold) continue;
    out.rolled_back = true;
    break;
  }
  return out;
}

Outcome latency_release(const LatencyScenario& scenario, std::uint64_t seed) {
  Settings settings = judge_settings(slipway::verdict::Guard::Off);
  settings.rules[2].limit = scenario.limit;
  if (scenario.mixture) settings.rules[2].kind = Rule::Kind::Latency;
  settings.warmup = scenario.warmup;
  if (scenario.route) settings.strata.emplace_back("/route");
  Judge judge(settings);
  Chance chance(seed);
  constexpr Millis kLook{100};
  constexpr Millis kBefore{60'000};  // of the old release alone, for its quantiles
  const Poisson arrivals(scenario.rps * static_cast<double>(kLook.count()) / 1e3);
  Outcome out;
  for (Millis from = -kBefore; from < scenario.length && !out.rolled_back; from += kLook) {
    const double second = static_cast<double>(from.count()) / 1e3;
    Tick tick;
    tick.at = from + kBefore + kLook;
    tick.weight = second < 0 ? 0 : scenario.weight;
    tick.strata.resize(settings.strata.size());
    auto& lot = tick.strata.back();
    for (auto left = arrivals.draw(chance); left > 0; --left) {
      const bool canary = chance.happens(tick.weight);
      Sample& side = canary ? lot.canary : lot.baseline;
      ++side.requests;
      side.latency_us.emplace_back(
          latency_us(slowness(scenario, canary, second), scenario.route, chance), 1);
    }
    out.canary_requests += static_cast<double>(lot.canary.requests);
    out.seconds = second + static_cast<double>(kLook.count()) / 1e3;
    out.rolled_back = judge.look(tick).answer == Answer::Fail;
  }
  return out;
}

}  // namespace bench

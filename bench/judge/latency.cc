// Latency against the old release, and what a look costs.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "judge/chance.h"
#include "judge/study.h"
#include "verdict/sitting.h"

namespace bench {
namespace {
enum class Expect { Found, Never, AtMostAllowed };

struct Row {
  const char* name;
  LatencyScenario scenario;
  Expect expect;
  double most_requests;  // 0: not bounded
  const char* key;
};

LatencyScenario steady(double times, double limit, bool mixture = false) {
  LatencyScenario scenario;
  scenario.times_slower = times;
  scenario.limit = limit;
  scenario.mixture = mixture;
  return scenario;
}

std::vector<Row> rows() {
  LatencyScenario both = steady(1, 2);
  both.both_slow_down = true;
  LatencyScenario cold = steady(1, 1.5);
  cold.cold_start = true;
  cold.warmup = Millis(60'000);
  LatencyScenario route_3x = steady(3, 2);
  LatencyScenario route_1x = steady(1, 1.2);
  LatencyScenario route_both = both;
  route_3x.route = route_1x.route = route_both.route = true;
  return {
      {"p95, 3x", steady(3, 2), Expect::Found, 350, "latency_3x_at_2x"},
      {"p95, 2x", steady(2, 1.5), Expect::Found, 750, "latency_2x_at_1_5x"},
      {"latency, 3x", steady(3, 2, true), Expect::Found, 0, "latency_mixture_3x_at_2x"},
      {"latency, 2x", steady(2, 1.5, true), Expect::Found, 0, "latency_mixture_2x_at_1_5x"},
      {"p95, 1x", steady(1, 2), Expect::Never, 0, ""},
      {"p95, 1.3x", steady(1.3, 2), Expect::Never, 0, ""},
      {"p95, 2x: exactly at it", steady(2, 2), Expect::AtMostAllowed, 0, ""},
      {"p95, 1x", steady(1, 1.5), Expect::Never, 0, ""},
      {"p95, both 3x slower", both, Expect::Never, 0, ""},
      {"p95, cold start, 60 s of warm-up", cold, Expect::Never, 0, ""},
      {"p95 of a route, 3x", route_3x, Expect::Found, 450, "latency_route_3x_at_2x"},
      {"p95 of a route, 1x", route_1x, Expect::Never, 0, ""},
      {"p95 of a route, both 3x slower", route_both, Expect::Never, 0, ""},
  };
}

slipway::verdict::Tick big_tick(std::size_t strata, Chance& chance) {
  slipway::verdict::Tick tick;
  tick.weight = 0.5;
  tick.strata.resize(strata);
  for (auto& lot : tick.strata) {
    for (auto* side : {&lot.canary, &lot.baseline}) {
      side->requests = 100;
      side->errors = chance.next() % 100 == 0 ? 1 : 0;
      for (std::uint32_t i = 0; i < 100; ++i) {
        side->latency_us.emplace_back(20'000 + 1'000 * i, chance.next() % 3);
      }
    }
  }
  return tick;
}
}  // namespace

void study_latency(const Scale& scale, Report& report) {
  fmt::print(
      "\nLatency, lognormal, 100 rps, weight 10 %; without the guard\n"
      "| rule and truth | limit | releases | rolled back | canary requests | seconds |\n"
      "|---|---|---|---|---|---|\n");
  std::uint64_t cell = 7000;
  double wrong = 0;
  double innocent = 0;
  for (const auto& row : rows()) {
    const Sum sum = study(scale.latency, ++cell,
                          [&](std::uint64_t seed) { return latency_release(row.scenario, seed); });
    const bool found = row.expect == Expect::Found;
    fmt::print("| {} | {:g}x | {:g} | {:g} |", row.name, row.scenario.limit, sum.releases,
               sum.rolled_back);
    if (found) {
      fmt::print(" {:.0f} | {:.0f} |\n", sum.mean(sum.canary_requests), sum.mean(sum.seconds));
    } else {
      fmt::print(" | |\n");
    }
    if (found) {
      report.key(row.key, sum.mean(sum.canary_requests));
      report.bound(sum.rolled_back >= sum.releases, "a slow canary was not found");
      const bool kept = sum.mean(sum.canary_requests) <= row.most_requests;
      report.bound(row.most_requests <= 0 || !scale.judges_precision || kept,
                   "more canary requests than the bound on latency");
    } else if (row.expect == Expect::Never) {
      wrong += sum.rolled_back;
      innocent += sum.releases;
    } else {
      report.key("latency_at_limit", sum.releases);
      report.key("latency_at_limit_rolled_back", sum.rolled_back);
      const bool kept = sum.rolled_back <= 1 + 0.001 * sum.releases;
      report.bound(kept, "more canaries exactly at the limit were taken back than allowed");
    }
  }
  report.key("latency_innocent", innocent);
  report.key("latency_innocent_rolled_back", wrong);
  report.bound(wrong == 0, "a canary that is not too slow was taken back");
}

// The median of many looks: what else the machine does must not count.
void study_cost(Report& report) {
  constexpr std::size_t kStrata = 10;
  constexpr int kLooks = 2'000;
  auto settings = judge_settings(slipway::verdict::Guard::On);
  settings.strata.resize(kStrata, "route");
  slipway::verdict::Sitting sitting(settings);  // as a release looks: on a copy of its judge
  Chance chance(1);
  auto tick = big_tick(kStrata, chance);
  std::vector<double> costs;
  for (int i = 0; i < kLooks; ++i) {
    tick.at += Millis(100);
    const auto begun = std::chrono::steady_clock::now();
    const auto decision = sitting.look(tick).decision;
    const auto told = sitting.tell();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
    if (decision.answer == slipway::verdict::Answer::Fail || told.evidence.empty()) break;
    costs.push_back(took.count());
  }
  std::sort(costs.begin(), costs.end());
  const double median = costs.empty() ? 0 : costs[costs.size() / 2];
  fmt::print("\nA look at {} strata, 4 rules, 100 buckets of latency a side: {:.1f} us\n", kStrata,
             median);
  report.key("look_us", median, 1);
  report.bound(costs.size() == kLooks, "the look that is timed took a release back");
  report.bound(median <= 50, "a look at 10 strata takes more than 50 us");
}

}  // namespace bench

// Releases that must be taken back: how many requests, how much harm, how late.
#include <fmt/core.h>

#include <cmath>

#include "judge/bound.h"
#include "judge/study.h"

namespace bench {

using slipway::verdict::Guard;

namespace {
constexpr double kUsual = 0.001;
constexpr double kLogThreshold = 8.294049640102028;  // log(4 / 0.001)
constexpr Millis kLook{100};                         // as the release room looks
}  // namespace

void study_detection(const Scale& scale, Report& report) {
  fmt::print(
      "\nA fault from the first request; a look at each request, without the guard\n"
      "| bad | weight | releases | missed | canary requests | bad served | bound | ratio |\n"
      "|---|---|---|---|---|---|---|---|\n");
  std::uint64_t cell = 4000;
  double worst = 0;
  for (const double share : {0.05, 0.1, 0.5, 1.0}) {
    for (const double weight : {0.01, 0.05, 0.1, 0.5}) {
      Scenario scenario;
      scenario.weight = weight;
      scenario.canary_fault = share;
      scenario.looks_at_each_request = true;
      const Sum sum = study(scale.detection, ++cell, scenario);
      const double bound = kLogThreshold / rule_growth(share, kUsual, weight);
      const double requests = sum.mean(sum.canary_requests);
      const double ratio = (requests - 3) / bound;
      fmt::print("| {:g} % | {:g} % | {:g} | {:g} | {:.1f} | {:.1f} | {:.1f} | {:.2f} |\n",
                 share * 100, weight * 100, sum.releases, sum.releases - sum.rolled_back, requests,
                 sum.mean(sum.bad_served), bound, requests / bound);
      worst = std::max(worst, ratio);
      report.bound(sum.rolled_back >= sum.releases, "a fault was not found");
    }
  }
  report.key("requests_to_bound", worst, 2);
  if (scale.judges_precision) {
    report.bound(worst <= 1.45, "more canary requests than 1.45 x the bound + 3");
  }
}

void study_harm(const Scale& scale, Report& report) {
  fmt::print(
      "\nBad responses served, 100 rps, weight 10 %, fault from the first request; (s: delay)\n"
      "| bad | Flagger | unguarded | times fewer | looks each 100 ms | guard | times fewer "
      "| quarantine | times fewer |\n|---|---|---|---|---|---|---|---|---|\n");
  struct Row {
    double share;
    const char* name;
    double unguarded;
    double guarded;
  };
  std::uint64_t cell = 5000;
  for (const Row& row : {Row{0.05, "5", 10, 7}, Row{0.1, "10", 30, 15}, Row{0.5, "50", 250, 20},
                         Row{1, "100", 700, 20}}) {
    Scenario scenario;
    scenario.canary_fault = row.share;
    const Sum rival = study_flagger(scale.harm, ++cell, scenario);
    scenario.looks_at_each_request = true;
    const Sum plain = study(scale.harm * 5, cell, scenario);
    scenario.looks_at_each_request = false;
    scenario.look_every = kLook;
    const Sum looking = study(scale.harm, cell, scenario);
    scenario.guard = Guard::On;
    const Sum guarded = study(scale.harm, cell, scenario);
    scenario.obeys_quarantine = true;
    const Sum kept = study(scale.harm, cell, scenario);
    const double theirs = rival.mean(rival.bad_served);
    const auto times = [&](const Sum& ours) { return theirs / ours.mean(ours.bad_served); };
    fmt::print(
        "| {} % | {:.0f} | {:.1f} | {:.1f} | {:.1f} ({:.1f} s) | {:.1f} ({:.1f} s) | {:.1f} "
        "| {:.1f} ({:.1f} s) | {:.1f} |\n",
        row.name, theirs, plain.mean(plain.bad_served), times(plain),
        looking.mean(looking.bad_served), looking.mean(looking.seconds),
        guarded.mean(guarded.bad_served), guarded.mean(guarded.seconds), times(guarded),
        kept.mean(kept.bad_served), kept.mean(kept.seconds), times(kept));
    const std::string suffix = std::string("_") + row.name;
    report.key("fewer" + suffix, times(plain), 1);
    report.key("fewer_guarded" + suffix, times(guarded), 1);
    report.key("fewer_quarantine" + suffix, times(kept), 1);
    report.bound(kept.rolled_back >= kept.releases, "a quarantined fault was never taken back");
    if (!scale.judges_precision) continue;
    report.bound(times(plain) >= row.unguarded, "less fewer bad responses than the bound");
    report.bound(times(guarded) >= row.guarded, "less fewer bad responses with the guard");
  }
}

void study_late(const Scale& scale, Report& report) {
  fmt::print(
      "\nA fault from minute 10, without the guard, looks each 100 ms: seconds to the decision\n"
      "| bad | rps | weight | fresh | late | allowed |\n|---|---|---|---|---|---|\n");
  std::uint64_t cell = 6000;
  double worst = 0;
  for (const double share : {0.05, 0.1, 0.5, 1.0}) {
    for (const double rps : {10.0, 100.0, 1000.0}) {
      for (const double weight : {0.1, 0.5}) {
        Scenario scenario;
        scenario.rps = rps;
        scenario.weight = weight;
        scenario.canary_fault = share;
        scenario.look_every = kLook;
        const Sum fresh = study(scale.late, ++cell, scenario);
        scenario.fault_at = Millis(600'000);
        const Sum late = study(scale.late, cell, scenario);
        const double delay = late.mean(late.seconds) - 600;
        const double allowed = 1.7 * fresh.mean(fresh.seconds) + 1;
        fmt::print("| {:g} % | {:g} | {:g} % | {:.1f} | {:.1f} | {:.1f} |\n", share * 100, rps,
                   weight * 100, fresh.mean(fresh.seconds), delay, allowed);
        worst = std::max(worst, delay / allowed);
      }
    }
  }
  report.key("late_to_allowed", worst, 2);
  if (scale.judges_precision) {
    report.bound(worst <= 1, "a late fault costs more than 1.7 x the fresh delay + 1 s");
  }
}

}  // namespace bench

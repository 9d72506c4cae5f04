// Releases that must not be taken back: healthy ones, ones beside a failing old release, bursts.
#include <fmt/core.h>

#include <tuple>
#include <utility>

#include "judge/study.h"

namespace bench {

using slipway::verdict::Guard;

void study_healthy(const Scale& scale, Report& report) {
  fmt::print(
      "\nHealthy releases, 0.1 % bad on both sides, 30 min; without the guard\n"
      "| rps | weight | releases | rolled back | held | Flagger 99 %, 5 checks |\n"
      "|---|---|---|---|---|---|\n");
  double wrong = 0;
  double releases = 0;
  double flagger = 0;
  std::uint64_t cell = 1000;
  for (const double rps : {10.0, 100.0, 1000.0}) {
    for (const double weight : {0.01, 0.05, 0.1, 0.5}) {
      Scenario scenario;
      scenario.rps = rps;
      scenario.weight = weight;
      const Sum sum = study(scale.healthy, ++cell, scenario);
      const Sum rival = study_flagger(scale.healthy, cell, scenario);
      fmt::print("| {:g} | {:g} % | {:g} | {:g} | {:g} | {:g} |\n", rps, weight * 100, sum.releases,
                 sum.rolled_back, sum.held, rival.rolled_back);
      wrong += sum.rolled_back;
      releases += sum.releases;
      flagger += rival.rolled_back;
    }
  }
  report.key("healthy", releases);
  report.key("healthy_rolled_back", wrong);
  report.key("healthy_flagger", flagger);
  report.bound(wrong == 0, "a healthy release was taken back");
}

void study_both_fail(const Scale& scale, Report& report) {
  fmt::print(
      "\nBoth releases fail from minute 5, weight 10 %; without the guard\n"
      "| bad | rps | releases | rolled back | held | Flagger |\n|---|---|---|---|---|---|\n");
  double wrong = 0;
  double releases = 0;
  std::uint64_t cell = 2000;
  for (const double share : {0.05, 0.1, 0.5, 1.0}) {
    for (const double rps : {10.0, 100.0, 1000.0}) {
      Scenario scenario;
      scenario.rps = rps;
      scenario.canary_fault = scenario.baseline_fault = share;
      scenario.fault_at = Millis(300'000);
      const Sum sum = study(scale.both_fail, ++cell, scenario);
      const Sum rival = study_flagger(scale.both_fail / 10, cell, scenario);
      fmt::print("| {:g} % | {:g} | {:g} | {:g} | {:.0f} % | {:.0f} % |\n", share * 100, rps,
                 sum.releases, sum.rolled_back, 100 * sum.mean(sum.held),
                 100 * rival.mean(rival.rolled_back));
      wrong += sum.rolled_back;
      releases += sum.releases;
    }
  }
  report.key("both_fail", releases);
  report.key("both_fail_rolled_back", wrong);
  report.bound(wrong <= 0.001 * releases, "more than 0.1 % taken back where both releases fail");
}

// A rule needs two things at once: the limit is broken, and the canary does it. Here first the one
// holds and later the other.
void study_turns(const Scale& scale, Report& report) {
  fmt::print(
      "\nOne half of each rule from minute 5 to 15, the other half from then on; without the "
      "guard\n"
      "| canary, old | then | rps | releases | rolled back |\n|---|---|---|---|---|\n");
  double wrong = 0;
  double releases = 0;
  std::uint64_t cell = 2500;
  using Shares = std::pair<double, double>;  // of the canary, of the old release
  const Shares small{0.009, 0.001};
  const Shares both{0.1, 0.1};
  const Shares nearly{0.04, 0.03};
  for (const auto& [first, then] :
       {std::pair{both, small}, {nearly, small}, {small, both}, {small, nearly}}) {
    for (const double rps : {10.0, 100.0, 1000.0}) {
      Scenario scenario;
      scenario.rps = rps;
      std::tie(scenario.canary_fault, scenario.baseline_fault) = first;
      std::tie(scenario.canary_later, scenario.baseline_later) = then;
      scenario.fault_at = Millis(300'000);
      scenario.later_at = Millis(900'000);
      const Sum sum = study(scale.both_fail, ++cell, scenario);
      fmt::print("| {:g} %, {:g} % | {:g} %, {:g} % | {:g} | {:g} | {:g} |\n", first.first * 100,
                 first.second * 100, then.first * 100, then.second * 100, rps, sum.releases,
                 sum.rolled_back);
      wrong += sum.rolled_back;
      releases += sum.releases;
    }
  }
  report.key("turns", releases);
  report.key("turns_rolled_back", wrong);
  report.bound(wrong <= 0.001 * releases, "more than 0.1 % taken back where limits take turns");
}

void study_bursts(const Scale& scale, Report& report) {
  std::uint64_t cell = 3000;
  for (const Bursts bursts : {Bursts::Shared, Bursts::OneArm}) {
    const bool shared = bursts == Bursts::Shared;
    fmt::print(
        "\n{} of 2 s at 50 %; with the guard\n"
        "| rps | weight | releases | rolled back | obeying quarantine | quarantined | Flagger |\n"
        "|---|---|---|---|---|---|---|\n",
        shared ? "Shared bursts, each 5 min" : "Bursts on one side, each 10 min a side");
    double wrong = 0;
    double releases = 0;
    for (const double rps : {10.0, 100.0, 1000.0}) {
      for (const double weight : {0.01, 0.1, 0.5}) {
        Scenario scenario;
        scenario.rps = rps;
        scenario.weight = weight;
        scenario.bursts = bursts;
        scenario.guard = Guard::On;
        const Sum sum = study(scale.bursts, ++cell, scenario);
        const Sum rival = study_flagger(scale.bursts, cell, scenario);
        scenario.obeys_quarantine = true;
        const Sum obeying = study(scale.bursts, cell, scenario);
        fmt::print("| {:g} | {:g} % | {:g} | {:g} | {:g} | {:.1f} % | {:.1f} % |\n", rps,
                   weight * 100, sum.releases, sum.rolled_back, obeying.rolled_back,
                   100 * obeying.mean(obeying.quarantined), 100 * rival.mean(rival.rolled_back));
        wrong += sum.rolled_back + obeying.rolled_back;
        releases += sum.releases + obeying.releases;
      }
    }
    const std::string name = shared ? "shared_bursts" : "one_side_bursts";
    report.key(name, releases);
    report.key(name + "_rolled_back", wrong);
    report.bound(wrong == 0, "a release was taken back for " + name);
  }
}

}  // namespace bench

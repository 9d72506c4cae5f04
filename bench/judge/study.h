#pragma once
// Study: many releases of a scenario, on all cores, added up.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "judge/releases.h"

namespace bench {

struct Sum {
  double releases = 0;
  double rolled_back = 0;
  double held = 0;
  double quarantined = 0;
  double seconds = 0;  // sums over all releases; those never found count to their end
  double canary_requests = 0;
  double bad_served = 0;

  void add(const Outcome& outcome);
  double mean(double sum) const { return releases == 0 ? 0 : sum / releases; }
};

// Seeds follow from `cell` and the release's number alone.
using Play = std::function<Outcome(std::uint64_t seed)>;
Sum study(int releases, std::uint64_t cell, const Play& play);
Sum study(int releases, std::uint64_t cell, const Scenario& scenario);
Sum study_flagger(int releases, std::uint64_t cell, const Scenario& scenario);

// The figure's last line, and what was missed.
class Report {
 public:
  void key(const std::string& name, double value, int digits = 0);
  // Says so, and remembers it, when `holds` is false.
  void bound(bool holds, const std::string& what);
  int end() const;  // prints "judge: …"; the exit status

 private:
  std::string keys_;
  int missed_ = 0;
};

// How much of the figure is run: 1 is what the bounds are made for.
struct Scale {
  int healthy = 10'000;
  int both_fail = 2'000;
  int bursts = 1'000;
  int detection = 600;
  int harm = 400;
  int late = 100;
  int latency = 400;
  bool judges_precision = true;  // enough releases for the bounds on means
};

void study_healthy(const Scale& scale, Report& report);
void study_both_fail(const Scale& scale, Report& report);
void study_turns(const Scale& scale, Report& report);
void study_bursts(const Scale& scale, Report& report);
void study_detection(const Scale& scale, Report& report);
void study_harm(const Scale& scale, Report& report);
void study_late(const Scale& scale, Report& report);
void study_latency(const Scale& scale, Report& report);
void study_cost(Report& report);

}  // namespace bench

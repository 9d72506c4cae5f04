#pragma once
// Judgement: Judge, Watch, and the guard while a release is held or waits. One judge for the whole
// release, so that what was seen in one step still counts in the next; a recovered daemon, and a
// person who resumes a hold, begin anew. What a verdict rests on enters the store with its record
// (docs/formats/verdict.md).
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "release/judge_terms.h"
#include "release/sight.h"
#include "verdict/sitting.h"

namespace slipway::release {

struct Scene;
class InstanceSteps;

class JudgeSteps {
 public:
  JudgeSteps(const Scene& scene, InstanceSteps& instances) : scene_(scene), instances_(instances) {}
  Sight look(const plan::Step& step, const State& state);
  // Bad when the release must not go on serving; settled otherwise, also without traffic on it.
  Sight guard(const State& state);

  // Of verdicts that no record has yet.
  const std::vector<std::pair<std::string, Json>>& to_keep() const { return to_keep_; }
  void kept() { to_keep_.clear(); }

 private:
  // One stay in one step.
  struct Stay {
    int step = -1;
    std::int64_t since_ms = -1;
    bool narrow = false;
    bool fresh = false;  // beside the fresh baseline
    Millis begun{0};
    Millis narrowed{0};
    int number = 0;
    double weight = 0;           // the canary's
    std::uint64_t requests = 0;  // of the canary, before it
  };
  struct Reading {
    ports::Counts canary;
    ports::Counts baseline;
  };
  struct Moment {
    verdict::Tick tick;
    Reading reading;
    verdict::Decision said;
    bool kept = false;
  };
  Result<Reading> read(bool fresh);
  Result<void> begin(const State& state);
  void sit_down(verdict::Beside beside, const Reading& old, const Reading& before);
  std::vector<verdict::Lot> lots_between(const Reading& then, const Reading& now) const;
  verdict::Tick tick_at(const Reading& reading);
  Result<Moment> glance();
  void keep(Moment& moment);
  bool is_impossible(const verdict::Tick& tick);
  Sight unhealthy();
  Sight pending(const std::string& so_far, Millis pause);
  Sight conclude(const plan::Step& step, const State& state, Moment& moment);
  Sight ended(const plan::Step& step, const State& state, Moment& moment);
  Sight with_too_little(Moment& moment, Millis deadline);
  // The fresh baseline is no measure any more.
  std::optional<Sight> lost(const State& state);
  std::optional<Sight> quarantine(const plan::Step& step, const State& state, Moment& moment);
  bool may_narrow(const plan::Step& step) const;
  bool is_worth_it(const Moment& moment) const;
  double part_of(int stratum) const;
  Sight decided(Moment& moment, Sight sight);

  const Scene& scene_;
  InstanceSteps& instances_;
  std::optional<verdict::Sitting> sitting_;
  bool wants_latencies_ = false;
  bool wants_of_routes_ = false;  // theirs are judged beside the old release's
  bool told_settings_ = false;
  Stay stay_;
  std::string step_id_;
  Reading last_;                   // where the tick after the last kept one begins
  Millis looked_{0};               // by the clock
  Millis judged_{0};               // how long the judge has watched: the time of its ticks
  Millis pause_{0};                // until the next look
  std::optional<Millis> told_at_;  // when what is pending was put into words last
  int impossible_ = 0;             // readings in a row
  int verdicts_ = 0;
  std::vector<std::pair<std::string, Json>> to_keep_;
};

}  // namespace slipway::release

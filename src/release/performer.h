#pragma once
// Performer: how each kind of step is done, looked at and undone, in terms of ports. It keeps
// nothing that matters across a crash: what it remembers (successes in a row, the window being
// judged) is only ever started anew, to the safe side.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/calendar.h"
#include "plan/gates.h"
#include "plan/plan.h"
#include "release/hook_steps.h"
#include "release/judge_steps.h"
#include "release/migrate_steps.h"
#include "release/runner.h"
#include "release/sight.h"
#include "release/source_steps.h"

namespace slipway::release {

// Everything a performer of steps may look at; borrowed from the Runner.
struct Scene {
  World& world;
  const ports::Lease& lease;
  const plan::Plan& plan;
  std::string release;                     // this release's id
  std::string new_slot;                    // release id of the slot that is becoming live
  std::optional<config::Environment> old;  // settings of what is replaced
  ports::AppRef app;

  ports::Slot slot(const std::string& service, bool of_old) const;
  // The slot a step acts on: of the new release, of the old one, or of its fresh baseline.
  ports::Slot slot(const plan::Step& step) const;
  ports::Slot baseline_slot(const std::string& service) const;
  // The service as the new or the old release runs it; nullptr when it has none of that name.
  const config::Service* service(const std::string& name, bool of_old) const;
  std::optional<ports::WorkloadSpec> workload(const std::string& service, bool of_old) const;
};
Scene make_scene(World& world, const ports::Lease& lease, const plan::Plan& plan,
                 const std::string& release);

// Instances: Start, Probe, Shrink, Retire.
class InstanceSteps {
 public:
  explicit InstanceSteps(const Scene& scene) : scene_(scene) {}
  ports::Outcome act(const plan::Step& step, const OpId& op);
  Sight look(const plan::Step& step);
  ports::Outcome undo(const plan::Step& step, const OpId& op);
  Sight look_undone(const plan::Step& step, const State& state);
  // Whether `count` instances of a slot answer their probes; remembers successes in a row.
  Sight ready(const ports::Slot& slot, const config::Service& service, int count, int successes);
  // The health trigger: probes every instance, Bad after `unhealthy` failures in a row.
  Sight still_healthy();
  // False when no running instance of some service of the old release answers its probes any more:
  // then it is no place to go back to.
  bool old_answers();
  // Why the fresh baseline is no measure any more: one of its instances does not run, was started
  // again since it was first looked at, or fails its probes.
  std::optional<std::string> why_baseline_fell();

 private:
  struct Streak {
    int successes = 0;
    int failures = 0;
    int looks = 0;
    Millis last{0};
  };
  Streak& streak_of(const ports::Instance& instance);
  Sight started(const ports::Slot& slot, int count);
  Sight shrunk(const ports::Slot& slot, int count);
  Sight emptied(const ports::Slot& slot, int first, std::int64_t since_ms, Millis drain);
  // The fresh baseline runs what the old release was started from, or it is none.
  Result<void> is_unchanged(const ports::WorkloadSpec& spec) const;
  ports::Outcome stop_started(const plan::Step& step, const OpId& op);
  // Probes when it is time to; how many times in a row it has failed.
  int failures_of(const std::string& key, const ports::Instance& instance,
                  const config::Health& health, std::string& why);
  bool probe_once(const ports::Instance& instance, const config::Health& health, int needed,
                  std::string& why);

  const Scene& scene_;
  std::map<std::string, Streak> streaks_;  // instance id and restarts -> probes in a row
  std::map<std::string, int> restarts_;    // of the fresh baseline's instances, when first seen
};

// Traffic: Shift, Maintenance, Drain.
class TrafficSteps {
 public:
  explicit TrafficSteps(const Scene& scene) : scene_(scene) {}
  ports::Outcome act(const plan::Step& step, const State& state, const OpId& op);
  Sight look(const plan::Step& step, const State& state);
  ports::Outcome undo(const plan::Step& step, const OpId& op);
  Sight look_undone(const plan::Step& step);
  // The split of a step that only looks: what the shift before it gave, or the quarantine's, or
  // without the fresh baseline.
  ports::Outcome turn(const State& state, const OpId& op);
  Sight look_turned(const State& state);

 private:
  Result<ports::Split> wanted(const plan::Step& step, const ports::SplitView& now);
  Result<ports::Split> before(const plan::Step& step, const ports::SplitView& now);
  Result<void> add_shares(const plan::Step& step, const config::Service& service,
                          const ports::Split& now, ports::Split& want);
  ports::Outcome set(const plan::Step& step, const OpId& op);
  Sight look_served(const plan::Step& step);
  ports::Outcome write(const Result<ports::Split>& want, const ports::SplitView& now,
                       const OpId& op);
  Sight compare(const Result<ports::Split>& want, const ports::SplitView& now);
  Sight drained(const plan::Step& step, const State& state);

  const Scene& scene_;
};

// Gate: approvals, window and freezes, and what is looked at or confirmed.
class GateSteps {
 public:
  explicit GateSteps(const Scene& scene) : scene_(scene) {}
  Sight look(const plan::Step& step);
  // What was open a while ago, before a gate that waited, looked at once more: settled, or pending
  // with what does not hold any more.
  Sight still_open(const plan::Step& step);

 private:
  Result<void> read_calendar();
  Sight window(const plan::Step& step);
  Sight approvals(const plan::Step& step);
  void ask_for_approval(const std::string& why);
  Sight check(const plan::Step& step, const config::GateCheck& check);
  Sight person(const config::GateCheck& check);
  plan::GateAnswer answer_of(const config::GateCheck& check);

  const Scene& scene_;
  std::optional<plan::Calendar> calendar_;
  bool asked_ = false;                  // the notice to those who may approve
  std::set<std::string> told_;          // items that people were told of
  std::map<std::string, Millis> seen_;  // step -> when its check was last seen to hold
};

// Book-keeping: Preflight, Smoke, Promote, Notify.
class RecordSteps {
 public:
  explicit RecordSteps(const Scene& scene) : scene_(scene) {}
  ports::Outcome act(const plan::Step& step, const OpId& op);
  Sight look(const plan::Step& step);
  ports::Outcome undo();
  Sight look_undone();

 private:
  Sight preflight();
  Sight smoke(const plan::Step& step);
  Sight promoted();
  ports::Outcome promote();

  const Scene& scene_;
  std::string smoked_step_;
  std::size_t smoked_ = 0;  // smoke checks of that step that have passed
};

class Performer {
 public:
  explicit Performer(Scene scene);
  ports::Outcome act(const State& state, const OpId& op);
  Sight look(const State& state);
  ports::Outcome undo(const State& state, const OpId& op);
  Sight look_undone(const State& state);
  // What must not go on serving, while it is held or waits.
  Sight guard(const State& state);
  // What the next record carries beside its own words.
  std::vector<std::pair<std::string, Json>> to_keep() const;
  void kept();

 private:
  const plan::Step& step_of(const State& state) const {
    return scene_.plan.steps[static_cast<std::size_t>(state.step)];
  }

  Sight gate(const plan::Step& step, const State& state);
  Sight judged(const plan::Step& step, const State& state);
  bool turns(const plan::Step& step, const State& state) const;
  std::optional<Sight> turned(const plan::Step& step, const State& state);

  Scene scene_;
  InstanceSteps instances_;
  TrafficSteps traffic_;
  JudgeSteps judge_;
  SourceSteps sources_;
  GateSteps gates_;
  HookSteps hooks_;
  MigrateSteps migrations_;
  RecordSteps records_;
  std::pair<int, int> turned_{-1, 0};  // the step and its attempt whose split was seen
};

}  // namespace slipway::release

#pragma once
// Performer: how each kind of step is done, looked at and undone, in terms of ports. It keeps
// nothing that matters across a crash: what it remembers (successes in a row, the window being
// judged) is only ever started anew, to the safe side.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/calendar.h"
#include "plan/gates.h"
#include "plan/plan.h"
#include "release/runner.h"
#include "verdict/verdict.h"

namespace slipway::release {

// What an observation says, in the machine's words.
struct Sight {
  EventKind kind = EventKind::Settled;  // Settled, Pending, Absent, Bad, Inconclusive
  std::string why;
  Millis after{100};     // Pending: when to look again
  bool verdict = false;  // Bad: a judgement, not a broken effect

  static Sight settled(std::string why = {}) {
    return {EventKind::Settled, std::move(why), Millis(0), false};
  }
  static Sight pending(std::string why, Millis after) {
    return {EventKind::Pending, std::move(why), after, false};
  }
  static Sight absent(std::string why) {
    return {EventKind::Absent, std::move(why), Millis(0), false};
  }
  static Sight bad(std::string why) { return {EventKind::Bad, std::move(why), Millis(0), false}; }
  static Sight judged_bad(std::string why) {
    return {EventKind::Bad, std::move(why), Millis(0), true};
  }
};

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
  ports::Outcome stop_started(const plan::Step& step, const OpId& op);
  bool probe_once(const ports::Instance& instance, const config::Health& health, int needed,
                  std::string& why);

  const Scene& scene_;
  std::map<std::string, Streak> streaks_;  // instance id and restarts -> probes in a row
};

// Traffic: Shift, Maintenance, Drain.
class TrafficSteps {
 public:
  explicit TrafficSteps(const Scene& scene) : scene_(scene) {}
  ports::Outcome act(const plan::Step& step, const OpId& op);
  Sight look(const plan::Step& step, const State& state);
  ports::Outcome undo(const plan::Step& step, const OpId& op);
  Sight look_undone(const plan::Step& step);

 private:
  Result<ports::Split> wanted(const plan::Step& step, const ports::SplitView& now);
  Result<ports::Split> before(const plan::Step& step, const ports::SplitView& now);
  Result<void> add_shares(const plan::Step& step, const config::Service& service,
                          const ports::Split& now, ports::Split& want);
  ports::Outcome write(const Result<ports::Split>& want, const ports::SplitView& now,
                       const OpId& op);
  Sight compare(const Result<ports::Split>& want, const ports::SplitView& now);
  Sight drained(const plan::Step& step, const State& state);

  const Scene& scene_;
};

// Judgement: Judge, Watch, and the guard while held.
class JudgeSteps {
 public:
  JudgeSteps(const Scene& scene, InstanceSteps& instances) : scene_(scene), instances_(instances) {}
  Sight look(const plan::Step& step, const State& state);
  Sight guard();

 private:
  struct Base {
    int step = -1;
    std::int64_t since_ms = -1;
    Millis begun{0};
    ports::Counts canary;
    ports::Counts baseline;
  };
  Result<void> begin(const State& state);
  Result<verdict::Verdict> judge(Millis elapsed);
  Sight conclude(const plan::Step& step, const verdict::Verdict& verdict, Millis elapsed);

  const Scene& scene_;
  InstanceSteps& instances_;
  Base base_;
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
  plan::GateAnswer answer_of(const config::GateCheck& check);

  const Scene& scene_;
  std::optional<plan::Calendar> calendar_;
  bool asked_ = false;                  // the notice to those who may approve
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
  Sight guard() { return judge_.guard(); }

 private:
  const plan::Step& step_of(const State& state) const {
    return scene_.plan.steps[static_cast<std::size_t>(state.step)];
  }

  Sight gate(const plan::Step& step);

  Scene scene_;
  InstanceSteps instances_;
  TrafficSteps traffic_;
  JudgeSteps judge_;
  GateSteps gates_;
  RecordSteps records_;
};

}  // namespace slipway::release

#include "release/machine.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/units.h"
#include "release/table.h"

namespace slipway::release {
namespace {

using plan::OnFailure;
using plan::Plan;
using plan::StepKind;

constexpr int kMostAttempts = 5;        // forward: then the step has failed
constexpr int kMostCleanups = 10;       // … of a step that only cleans up or tells
constexpr Millis kFirstRetry{100};      // doubles with every attempt …
constexpr Millis kLongestRetry{5'000};  // … up to this
constexpr Millis kGuardEvery{100};

const plan::Step& current(const Plan& plan, const State& state) {
  ASSERT(state.step >= 0 && state.step < static_cast<int>(plan.steps.size()));
  return plan.steps[static_cast<std::size_t>(state.step)];
}

bool has_tried_enough(const Plan& plan, const State& state) {
  const bool may_fail = current(plan, state).on_failure != OnFailure::GoOn;
  return state.attempt >= (may_fail ? kMostAttempts : kMostCleanups);
}

Millis retry_delay(int attempt) {
  const int doublings = std::clamp(attempt - 1, 0, 6);
  return std::min(kLongestRetry, kFirstRetry * (1 << doublings));
}

// One decision under construction: the state it will have, and the effect.
struct Draft {
  const Plan& plan;
  const Event& event;
  std::int64_t now_ms;
  Decision out;

  State& state() { return out.state; }
  Decision go(Phase phase, Effect effect, Millis delay = Millis(0)) {
    out.state.phase = phase;
    out.effect = effect;
    out.delay = delay;
    return out;
  }
  Decision stay(Effect effect, Millis delay = Millis(0)) {
    return go(out.state.phase, effect, delay);
  }
};

Decision refuse(Draft& d) {
  d.out.refused = true;
  const auto phase = d.state().phase;
  if (is_ended(phase)) {
    d.out.refusal = "the release has ended: it is " + std::string(name_of(phase));
  } else if (phase == Phase::BackActing || phase == Phase::BackSettling) {
    d.out.refusal = "the release is being taken back already: " + d.state().reason;
  } else {
    d.out.refusal = "a release that is " + std::string(name_of(phase)) + " takes no " +
                    std::string(name_of(d.event.kind));
  }
  return d.out;
}

bool begins_baseline(const plan::Step& step) {
  return step.of_baseline && (step.kind == StepKind::Start || step.kind == StepKind::Probe);
}

// Whether a release promoted to the end by hand leaves this step out, or one whose fresh baseline
// has failed.
bool is_skipped(const Plan& plan, const State& state, const plan::Step& step) {
  if (begins_baseline(step) && state.without_baseline) return true;
  if (!state.full) return false;
  if (begins_baseline(step)) return true;
  if (step.kind == StepKind::Judge) return true;
  const bool of_shift =
      step.kind == StepKind::Shift || step.stage == "before_shift" || step.stage == "after_shift";
  return plan.strategy == config::Strategy::Canary && of_shift && step.percent < 100;
}

Decision enter(Draft& d, int index) {
  const int size = static_cast<int>(d.plan.steps.size());
  while (index < size &&
         is_skipped(d.plan, d.state(), d.plan.steps[static_cast<std::size_t>(index)]))
    ++index;
  if (index >= size) return d.go(Phase::Completed, Effect::Finish);
  d.state().narrow = false;
  d.state().word = false;
  d.state().step = index;
  d.state().reach = std::max(d.state().reach, index + 1);
  d.state().since_ms = d.now_ms;
  if (has_act(current(d.plan, d.state()).kind)) {
    d.state().attempt = 1;
    return d.go(Phase::Acting, Effect::Act);
  }
  d.state().attempt = 0;
  return d.go(Phase::Settling, Effect::Observe);
}

Decision advance(Draft& d) {
  const bool last = d.state().step + 1 >= static_cast<int>(d.plan.steps.size());
  if (d.state().hold && !last) {
    d.state().at_boundary = true;
    d.state().reason = d.event.by.empty() ? "paused" : "paused by " + d.event.by;
    return d.go(Phase::Held, Effect::Guard, kGuardEvery);
  }
  d.state().hold = false;
  d.state().at_boundary = false;
  d.state().reason.clear();
  return enter(d, d.state().step + 1);
}

// Takes this step back next; without one the release is over.
Decision back_to(Draft& d, int index) {
  d.state().attempt = 0;
  d.state().since_ms = d.now_ms;
  d.state().hold = false;
  d.state().at_boundary = false;
  d.state().narrow = false;
  d.state().word = false;
  if (index < 0) {
    // A gate that stayed closed says nothing against the version.
    const auto cause = d.state().cause;
    const bool is_no_fault =
        cause == Cause::Operator || cause == Cause::Superseded || cause == Cause::Gate;
    return d.go(is_no_fault ? Phase::Aborted : Phase::RolledBack, Effect::Finish);
  }
  d.state().step = index;
  return d.go(Phase::BackSettling, Effect::BackObserve);
}

// Takes back from step `index` downwards: the next step that has an undo, newest first.
Decision back_from(Draft& d, int index) {
  const auto is_passed = [&](int at) {
    const auto& step = d.plan.steps[static_cast<std::size_t>(at)];
    return !step.undoable || plan::comes_before_undo(step);
  };
  while (index >= 0 && is_passed(index)) --index;
  return back_to(d, index);
}

// What is to run while all of it still stands comes first, in the order of the plan; then the
// undos.
Decision back_after(Draft& d, int index) {
  while (++index < d.state().reach) {
    if (plan::comes_before_undo(d.plan.steps[static_cast<std::size_t>(index)]))
      return back_to(d, index);
  }
  return back_from(d, d.state().reach - 1);
}

Decision turn_back(Draft& d) { return back_after(d, -1); }

Decision back_next(Draft& d) {
  const int done = d.state().step;
  if (plan::comes_before_undo(current(d.plan, d.state()))) return back_after(d, done);
  return back_from(d, done - 1);
}

Decision hold_for_person(Draft& d) {
  d.state().at_boundary = false;
  d.state().reason = d.event.detail;
  return d.go(Phase::Held, Effect::Guard, kGuardEvery);
}

// A gate that did not open in time: the outcome its configuration names.
Decision expire(Draft& d) {
  const auto& step = current(d.plan, d.state());
  if (step.on_expiry == config::OnExpiry::Hold) return hold_for_person(d);
  if (step.on_expiry == config::OnExpiry::GoOn) return advance(d);
  d.state().cause = Cause::Gate;
  d.state().reason =
      step.id + ": not open within " + to_text(step.deadline) + ": " + d.event.detail;
  return turn_back(d);
}

Decision fail(Draft& d) {
  const auto& step = current(d.plan, d.state());
  if (step.kind == StepKind::Gate && d.event.kind == EventKind::Overdue) return expire(d);
  if (begins_baseline(step)) d.state().without_baseline = true;
  if (step.on_failure != OnFailure::TakeBack) return advance(d);
  d.state().cause = d.event.verdict ? Cause::Verdict : Cause::Failure;
  d.state().reason = step.id + ": " + d.event.detail;
  return turn_back(d);
}

Decision abort(Draft& d) {
  const bool started = d.state().phase != Phase::Planned;
  if (started && current(d.plan, d.state()).on_failure == OnFailure::GoOn) {
    d.out.refused = true;
    d.out.refusal =
        "the release is live already and only cleans up; use `slipway rollback` to go back";
    return d.out;
  }
  d.state().cause = d.event.superseded ? Cause::Superseded : Cause::Operator;
  d.state().reason = d.event.detail.empty() ? "aborted" : d.event.detail;
  return turn_back(d);
}

Decision act_again(Draft& d) {
  if (has_tried_enough(d.plan, d.state())) return fail(d);
  // A judged step acts once its split was turned.
  const bool acts = has_act(current(d.plan, d.state()).kind) || d.state().attempt > 0;
  if (!acts) return d.stay(Effect::Observe, kFirstRetry);
  d.state().attempt += 1;
  return d.go(Phase::Acting, Effect::Act,
              d.state().attempt > 2 ? retry_delay(d.state().attempt - 1) : Millis(0));
}

Decision not_applied(Draft& d) {
  if (!d.event.retryable || has_tried_enough(d.plan, d.state())) return fail(d);
  return d.go(Phase::Settling, Effect::Observe, retry_delay(d.state().attempt));
}

// The effect a phase waits to carry out: a command that only sets a flag must not lose it.
Effect pending_effect(Phase phase) {
  if (phase == Phase::Planned) return Effect::Begin;
  if (phase == Phase::Acting) return Effect::Act;
  return phase == Phase::Held ? Effect::Guard : Effect::Observe;
}

Decision ask_hold(Draft& d) {
  d.state().hold = true;
  return d.stay(pending_effect(d.state().phase),
                d.state().phase == Phase::Held ? kGuardEvery : Millis(0));
}

Decision unhold(Draft& d) {
  d.state().hold = false;
  return d.stay(pending_effect(d.state().phase));
}

// Within a judged step: the split that State::narrow says.
Decision turn(Draft& d, bool narrow) {
  d.state().narrow = narrow;
  ++d.state().attempt;
  return d.go(Phase::Acting, Effect::Act);
}

// Its traffic leaves a fresh baseline that failed at once, also while the release is held; what was
// held is judged anew then, and held again at the end of the step.
Decision do_without(Draft& d) {
  d.state().without_baseline = true;
  if (d.state().phase == Phase::Held) {
    d.state().hold = true;
    d.state().at_boundary = false;
    d.state().since_ms = d.now_ms;
  }
  ++d.state().attempt;
  return d.go(Phase::Acting, Effect::Act);
}

// A person's word for what is in quarantine: first its share again.
Decision promote_narrow(Draft& d) {
  d.state().word = true;
  return turn(d, false);
}

// Promote while a step is judged or watched: the person's word stands for the verdict.
Decision promote(Draft& d) {
  const auto kind = current(d.plan, d.state()).kind;
  const bool waits_for_verdict =
      d.state().phase == Phase::Settling && (kind == StepKind::Judge || kind == StepKind::Watch);
  if (!waits_for_verdict && !d.event.full) {
    d.out.refused = true;
    d.out.refusal =
        "nothing waits to be promoted: the release is at " + current(d.plan, d.state()).id;
    return d.out;
  }
  d.state().full = d.state().full || d.event.full;
  d.state().hold = false;
  if (waits_for_verdict && d.state().narrow) return promote_narrow(d);
  return waits_for_verdict ? advance(d) : d.stay(pending_effect(d.state().phase));
}

Decision proceed(Draft& d) {
  const bool at_gate = !d.state().at_boundary && current(d.plan, d.state()).kind == StepKind::Gate;
  if (at_gate && d.event.kind == EventKind::Promote) {
    d.out.refused = true;
    d.out.refusal =
        "a gate is not promoted past: resume to wait again, or abort and deploy with "
        "--override";
    return d.out;
  }
  d.state().hold = false;
  if (d.event.kind == EventKind::Promote) d.state().full = d.state().full || d.event.full;
  const bool judge_anew = d.event.kind == EventKind::Resume && !d.state().at_boundary;
  if (!judge_anew) return d.state().narrow ? promote_narrow(d) : advance(d);
  d.state().since_ms = d.now_ms;
  d.state().reason.clear();
  return d.go(Phase::Settling, Effect::Observe);
}

Decision wait(Draft& d) {
  if (d.state().phase == Phase::Held) return d.stay(Effect::Guard, kGuardEvery);
  if (d.state().phase == Phase::BackSettling) return d.stay(Effect::BackObserve, d.event.after);
  return d.stay(Effect::Observe, d.event.after);
}

// The time a daemon was away does not count against a step's deadline or into a judged window.
Decision settle(Draft& d, Phase phase, Effect effect) {
  // A gate's patience is by the calendar: it runs on while nobody is there.
  const bool at_gate = current(d.plan, d.state()).kind == StepKind::Gate;
  if (d.event.kind == EventKind::Recovered && !at_gate) d.state().since_ms = d.now_ms;
  return d.go(phase, effect);
}

Decision back_act(Draft& d) {
  d.state().attempt += 1;
  return d.go(Phase::BackActing, Effect::BackAct,
              d.state().attempt > 1 ? retry_delay(d.state().attempt - 1) : Millis(0));
}

Decision decide(Draft& d, Action action) {
  switch (action) {
    case Action::Refuse:
      return refuse(d);
    case Action::Enter:
      return enter(d, 0);
    case Action::Stand:
      return d.stay(Effect::Begin);
    case Action::Settle:
      return settle(d, Phase::Settling, Effect::Observe);
    case Action::NotApplied:
      return not_applied(d);
    case Action::Advance:
      return advance(d);
    case Action::Wait:
      return wait(d);
    case Action::Again:
      return act_again(d);
    case Action::Fail:
      return fail(d);
    case Action::Hold:
      return hold_for_person(d);
    case Action::AskHold:
      return ask_hold(d);
    case Action::Unhold:
      return unhold(d);
    case Action::Promote:
      return promote(d);
    case Action::Proceed:
      return proceed(d);
    case Action::Abort:
      return abort(d);
    case Action::BackSettle:
      return settle(d, Phase::BackSettling, Effect::BackObserve);
    case Action::BackLater:
      return d.go(Phase::BackSettling, Effect::BackObserve, retry_delay(d.state().attempt));
    case Action::BackNext:
      return back_next(d);
    case Action::BackAct:
      return back_act(d);
    case Action::Finish:
      return d.stay(Effect::Finish);
    case Action::Turn:
      return turn(d, d.event.kind == EventKind::Narrow);
    case Action::DoWithout:
      return do_without(d);
  }
  return refuse(d);
}

}  // namespace

bool has_act(StepKind kind) {
  switch (kind) {
    case StepKind::Start:
    case StepKind::Shift:
    case StepKind::Promote:
    case StepKind::Maintenance:
    case StepKind::Shrink:
    case StepKind::Retire:
    case StepKind::Notify:
      return true;
    case StepKind::Gate:
    case StepKind::Hook:
    case StepKind::Migrate:
    case StepKind::Preflight:
    case StepKind::Probe:
    case StepKind::Smoke:
    case StepKind::Judge:
    case StepKind::Drain:
    case StepKind::Watch:
      return false;
  }
  return false;
}

bool is_ended(Phase phase) {
  return phase == Phase::Completed || phase == Phase::RolledBack || phase == Phase::Aborted;
}

Decision step(const Plan& plan, const State& state, const Event& event, WallTime now) {
  Draft draft{plan, event, to_unix_ms(now), Decision{state, Effect::None, Millis(0), false, {}}};
  return decide(draft, action_for(state.phase, event.kind));
}

Decision resume(const Plan& plan, const State& state, WallTime now) {
  Event recovered;
  recovered.kind = EventKind::Recovered;
  return step(plan, state, recovered, now);
}

std::string op_step(const Plan& plan, const State& state) {
  const auto& id = current(plan, state).id;
  return state.phase == Phase::BackActing || state.phase == Phase::BackSettling ? "undo-" + id : id;
}

}  // namespace slipway::release

#pragma once
// The release machine: step(State, Event) -> Decision, pure, on a table. Every (phase, event) pair
// is a row or a listed refusal; docs/internals/release-states.md is generated from the same table.
// Time, completions, verdicts and a person's commands are all events.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "plan/plan.h"

namespace slipway::release {

enum class Phase {
  Planned,       // accepted and journaled, nothing done yet
  Acting,        // the current step's effect may be under way
  Settling,      // the effect was sent; observing until the step's condition holds
  Held,          // waiting for a person; thresholds stay armed
  BackActing,    // taking back: the current step's undo may be under way
  BackSettling,  // taking back: observing until the undo holds
  Completed,     // fully new
  RolledBack,    // fully old: a check, a verdict or a failure said no
  Aborted,       // fully old: a person or a newer release said stop, or a gate did not open
};
inline constexpr int kPhases = 9;
std::string_view name_of(Phase phase);
bool is_ended(Phase phase);

enum class EventKind {
  Begin,    // the lease is ours
  Applied,  // outcome of the effect
  NotApplied,
  Unknown,
  Settled,       // an observation: the step's condition holds
  Pending,       // … not yet
  Absent,        // … the effect is not there: it must be (re)done
  Bad,           // … it will not come: unhealthy, verdict fail, died
  Inconclusive,  // … not enough data before the deadline
  Overdue,       // the step's deadline has passed
  Pause,         // commands of a person
  Resume,
  Promote,
  Abort,
  Recovered,  // a daemon took the release up again after a crash
  Narrow,     // judged: what was seen may be one burst; next to nothing until that is clear
  Widen,      // … it was: its share again
  Lost,       // the fresh baseline is not what it was: go on without it, beside the old release
};
inline constexpr int kEventKinds = 18;
std::string_view name_of(EventKind kind);

enum class Cause { None, Failure, Verdict, Operator, Superseded, Gate };
inline constexpr int kCauses = 6;
std::string_view name_of(Cause cause);

struct Event {
  EventKind kind = EventKind::Pending;
  std::string detail;       // evidence or reason, in words
  bool retryable = false;   // NotApplied: trying again may help
  bool verdict = false;     // Bad: the judge or a probe said no (not a broken effect)
  bool full = false;        // Promote: skip every judge period that is left
  bool superseded = false;  // Abort: a newer release takes over
  std::string by;           // commands: who
  Millis after{0};          // Pending: when to look again
};

// Small and serialisable: what the journal keeps after every record.
struct State {
  Phase phase = Phase::Planned;
  int step = 0;              // index in plan.steps of the step being done or undone
  int attempt = 0;           // of the effect in flight; part of its op-id
  int reach = 0;             // steps [0, reach) may have had an effect: undo starts at reach - 1
  bool hold = false;         // stop at the next step boundary
  bool at_boundary = false;  // Held: the step is complete; otherwise it was inconclusive
  bool full = false;         // promoted by hand to the end: judge periods are skipped
  bool narrow = false;       // Judge: in quarantine, next to no traffic
  bool word = false;         // Judge: a person's word stands for the verdict
  bool without_baseline = false;  // the fresh one failed: judged beside the old release
  Cause cause = Cause::None;
  std::int64_t since_ms = 0;  // when the current step (or its undo) began, wall clock
  std::string reason;         // why it goes back, is held, or ended so
  friend bool operator==(const State&, const State&) = default;
};
std::string encode(const State& state);
std::optional<State> decode(std::string_view text);

enum class Effect {
  None,         // wait for a command
  Begin,        // make sure the lease is ours, then event Begin
  Act,          // carry out plan.steps[state.step], op-id from state
  Observe,      // look whether it holds
  Guard,        // Held: look whether the thresholds still hold
  BackAct,      // undo plan.steps[state.step]
  BackObserve,  // look whether the undo holds
  Finish,       // write the end, free the lease
};
std::string_view name_of(Effect effect);

struct Decision {
  State state;
  Effect effect = Effect::None;
  Millis delay{0};       // before the effect
  bool refused = false;  // the event has no place in this phase; state is unchanged
  std::string refusal;   // in words, for a person's command
};

// now: wall clock, for State::since_ms.
Decision step(const plan::Plan& plan, const State& state, const Event& event, WallTime now);
// What to do in a state that was just read from the journal.
Decision resume(const plan::Plan& plan, const State& state, WallTime now);

// The op-id of the effect in flight: r-0042/start-web/1, r-0042/undo-start-web/1.
std::string op_step(const plan::Plan& plan, const State& state);

// docs/internals/release-states.md: the table and a diagram, from the machine itself.
std::string states_page();

}  // namespace slipway::release

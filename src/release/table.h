#pragma once
// The table behind the machine: what is done for every (phase, event). Pure data, so that the state
// page and the tests read the same rows as the machine.
#include <string_view>

#include "release/machine.h"

namespace slipway::release {

enum class Action {
  Refuse,      // the event has no place here
  Enter,       // begin with the first step
  Stand,       // still to begin
  Settle,      // the effect was sent: observe it
  NotApplied,  // try again later when that may help, else fail
  Advance,     // on to the next step, or hold at the boundary, or complete
  Wait,        // look again later
  Again,       // the effect is not there: send it again, a bounded number of times
  Fail,        // take back, or note it and go on, as the step says
  Hold,        // not enough data: wait for a person
  AskHold,     // stop at the next boundary
  Unhold,      // do not
  Promote,     // a person's word instead of the verdict
  Proceed,     // leave the hold
  Abort,       // take back because a person or a newer release says so
  BackSettle,  // the undo was sent: observe it
  BackLater,   // the undo was not applied: look again later
  BackNext,    // undone: the next older step, or the end
  BackAct,     // send the undo (again): never given up
  Finish,      // write the end (again)
  Turn,        // another share of the traffic within a judged step
  DoWithout,   // give the fresh baseline's share back to the old release
};
std::string_view name_of(Action action);
std::string_view sentence_of(Action action);

Action action_for(Phase phase, EventKind event);

// Whether a step of this kind changes the world (otherwise it only observes).
bool has_act(plan::StepKind kind);

}  // namespace slipway::release

#pragma once
// write(): the one path every fake write takes, so that each can fail before, after, or unknowably.
#include <utility>

#include "drivers/fake/world.h"

namespace slipway::drivers::fake {

inline Error scripted_error(Call call) {
  return {Code::Timeout, "the fake's " + std::string(name_of(call)) + " was told to fail"};
}

// `effect` changes the world and says whether it did (an Outcome). An Unknown hides its answer.
template <class Effect>
ports::Outcome write(Seam& seam, Call call, const std::string& subject, Effect&& effect) {
  const Fault fault = seam.ask(call, When::Before, &subject);
  ports::Outcome outcome = ports::Outcome::applied();
  if (fault == Fault::NotAppliedBefore) {
    outcome = ports::Outcome::not_applied(scripted_error(call));
  } else if (fault == Fault::UnknownNotApplied) {
    outcome = ports::Outcome::unknown(scripted_error(call));
  } else if (fault != Fault::AppliedButLost) {
    outcome = std::forward<Effect>(effect)();
    if (fault == Fault::UnknownApplied) outcome = ports::Outcome::unknown(scripted_error(call));
  }
  seam.ask(call, When::After, &subject);
  return outcome;
}

}  // namespace slipway::drivers::fake

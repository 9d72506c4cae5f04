#pragma once
// Outcome of one write to the world. Unknown is an outcome of its own (time-out, broken pipe, crash
// in between): after it the engine observes before it does anything else.
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/error.h"

namespace slipway::ports {

struct [[nodiscard]] Outcome {
  enum class Kind { Applied, NotApplied, Unknown };
  Kind kind = Kind::Applied;
  Error why;  // NotApplied and Unknown only
  Millis not_before{0};  // the world asked to be left alone for so long; 0: it did not say

  static Outcome applied() { return {}; }
  static Outcome not_applied(Error e) { return {Kind::NotApplied, std::move(e)}; }
  static Outcome unknown(Error e) { return {Kind::Unknown, std::move(e)}; }
};

// What a read-only look before the release found.
struct Finding {
  enum class Weight { Blocks, Warns };
  Weight weight = Weight::Blocks;
  Error why;
};

}  // namespace slipway::ports

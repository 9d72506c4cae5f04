#pragma once
// Replay: verdicts as the store keeps them (docs/formats/verdict.md), asked again.
#include <span>
#include <string>
#include <vector>

#include "verdict/judge.h"

namespace slipway::verdict {

struct Replayed {
  std::string step;
  std::int64_t at_ms = 0;
  std::size_t ticks = 0;  // that it rests on, also those of earlier entries
  Json kept;              // the decision as it was written
  Json again;             // as it comes out now
  std::string sentence;   // of the decision that comes out now
  bool equal = false;     // to the last digit
};

// `entries`: of one release, in their order. Each goes on from the one before it, or begins anew
// where it brings settings.
Result<std::vector<Replayed>> replay_entries(std::span<const Json> entries);

}  // namespace slipway::verdict

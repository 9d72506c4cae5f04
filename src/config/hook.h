#pragma once
// Hooks: commands of the team's own, run at the stages of a release. Values only.
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::config {

struct Hook {
  std::string stage;  // "before_shift"
  std::string run;
  Millis timeout{60'000};    // of one run
  Millis deadline{600'000};  // of all runs, while it answers that it is in progress
  friend bool operator==(const Hook&, const Hook&) = default;
};
Json to_json(const Hook& hook);
Hook hook_from_json(const Json& json);

}  // namespace slipway::config

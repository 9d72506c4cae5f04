#pragma once
// Readiness: what an environment has in place for releasing without fear and what is missing, in
// points out of 100, from its configuration alone.
#include <string>
#include <vector>

#include "config/config.h"

namespace slipway::plan {

struct ReadinessItem {
  std::string name;  // "health"
  int points = 0;
  int of = 0;
  std::string found;  // what is there, or not
  std::string next;   // what to do for the missing points; empty when none is missing
};

struct Readiness {
  std::vector<ReadinessItem> items;  // the points of all add up to 100
  int score() const;
};
// The environment must be one of the configuration's.
Readiness readiness_of(const config::Config& config, const std::string& environment);

}  // namespace slipway::plan

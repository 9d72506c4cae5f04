#pragma once
// Readiness: what an environment has in place for releasing without fear and what is missing, in
// points out of 100: from its configuration, and from what the daemon has seen of it.
#include <string>
#include <vector>

#include "config/config.h"
#include "plan/sightings.h"

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
  std::string_view level() const;  // "production-ready": from 95 points on
};
// The environment must be one of the configuration's. seen: null when no daemon was asked; what it
// would have to show has no points then.
Readiness readiness_of(const config::Config& config, const std::string& environment,
                       const Sightings* seen);

// readiness_seen.cc: the items that only the world can show.
std::vector<ReadinessItem> seen_items(const config::Environment& settings, const Sightings* seen);

}  // namespace slipway::plan

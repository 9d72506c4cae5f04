#pragma once
// The scenarios the explorer walks: strategy x what goes wrong.
#include <string>
#include <vector>

#include "universe.h"

namespace slipway::sim {

struct Scenario {
  std::string name;                       // "canary/web never gets ready"
  std::shared_ptr<const Universe> start;  // a release has been created, nothing has begun
  Trouble trouble;                        // of the first daemon's life
};

config::Config sim_config(config::Strategy strategy);
// A universe in which v1 is live (or nothing, when `empty`), and a release of v2 has been created.
Universe start_of(config::Strategy strategy, const std::vector<fake::Behaviour>& behaviours,
                  bool empty);
// v1 is live, and a release of v2 with this configuration has been created.
Universe start_with_config(const config::Config& config, config::Strategy strategy);
// The same as a canary beside a fresh baseline.
Universe start_beside_fresh(const std::vector<fake::Behaviour>& behaviours);
// v1 is live, and a release of v2 that waits for this window has been created.
Universe start_behind(config::Strategy strategy, const config::Window& window);
// v1, then v2 completed; now a rollback to v1 has been created. warm: v1's instances still run.
Universe start_of_rollback(config::Strategy strategy, bool warm);

std::vector<Scenario> all_scenarios();

}  // namespace slipway::sim

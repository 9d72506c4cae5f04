#pragma once
// Explorer: walks a scenario and, at every numbered point, also the universe in which the daemon
// died there.
#include <cstdint>
#include <string>
#include <vector>

#include "scenarios.h"

namespace slipway::sim {

struct Tally {
  std::uint64_t universes = 0;
  std::uint64_t points = 0;
  std::vector<std::string> violations;  // each with the way to it
  std::size_t most = 10;                // … and this many are enough
};

// depth 1: a crash at every point; 2: at every pair of points.
void explore(const Scenario& scenario, int depth, Tally& tally);
// At every point the old daemon goes on after a new one took over.
void explore_zombies(const Scenario& scenario, Tally& tally);
// Every single write of the scenario once Unknown (applied, not applied) and once refused, with a
// crash at every point of each of those lives.
void explore_faults(const Scenario& scenario, Tally& tally);
// One random universe: strategy, behaviours, faults, commands and up to four crashes, all from the
// seed.
void explore_seed(std::uint64_t seed, Tally& tally);

}  // namespace slipway::sim

// sim: walks every universe the arguments ask for. Exit status 0: no violation.
//   sim singles        every scenario, a crash at every point, zombies, and every write fault
//   sim pairs          every scenario, a crash at every pair of points
//   sim seeds N        N random universes (SEED=n replays one)
//   sim quick          a crash at every point, zombies, and 500 seeds
//   sim mutant         singles, then 2,000 seeds, up to the first violation: what no mutant may
//   survive
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "explorer.h"

namespace slipway::sim {
namespace {

void print(const Tally& tally) {
  for (const auto& violation : tally.violations) std::printf("violation: %s\n", violation.c_str());
}

// The work is split over two processes by scenario or seed; each says what it found in three
// numbers.
struct Part {
  int index = 0;
  int count = 1;
  bool mine(std::size_t item) const { return static_cast<int>(item) % count == index; }
};

void run_scenarios(const std::string& mode, Part part, Tally& tally) {
  const auto scenarios = all_scenarios();
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    if (!part.mine(i) || tally.violations.size() >= tally.most) continue;
    if (mode == "pairs") {
      explore(scenarios[i], 2, tally);
    } else {
      explore(scenarios[i], 1, tally);
      explore_zombies(scenarios[i], tally);
      if (mode != "quick" && scenarios[i].trouble.refusals == 0)
        explore_faults(scenarios[i], tally);
    }
  }
}

void run_seeds(std::uint64_t first, std::uint64_t count, Part part, Tally& tally) {
  for (std::uint64_t seed = first; seed < first + count && tally.violations.size() < tally.most;
       ++seed) {
    if (part.mine(seed)) explore_seed(seed, tally);
  }
}

Tally run(const std::string& mode, std::uint64_t seeds, Part part) {
  Tally tally;
  if (mode == "seeds") {
    const char* replay = std::getenv("SEED");
    if (replay == nullptr) {
      run_seeds(1, seeds, part, tally);
    } else if (part.index == 0) {
      run_seeds(std::strtoull(replay, nullptr, 10), 1, {}, tally);
    }
    return tally;
  }
  if (mode == "mutant") tally.most = 1;
  run_scenarios(mode, part, tally);
  if (mode == "quick") run_seeds(1, 500, part, tally);
  if (mode == "mutant") run_seeds(1, 2'000, part, tally);
  return tally;
}

int run_parts(const std::string& mode, std::uint64_t seeds) {
  constexpr int kMostParts = 2;
  // Mutants are run two at a time by their script.
  const int parts = mode == "mutant" ? 1 : kMostParts;
  const auto begun = std::chrono::steady_clock::now();
  int pipes[kMostParts][2];
  for (int i = 0; i < parts; ++i) {
    if (pipe(pipes[i]) != 0) return 2;
    std::fflush(stdout);
    if (fork() == 0) {
      const Tally tally = run(mode, seeds, {i, parts});
      print(tally);
      std::fflush(stdout);
      const std::uint64_t numbers[3] = {tally.universes, tally.points, tally.violations.size()};
      const bool told =
          write(pipes[i][1], numbers, sizeof numbers) == static_cast<ssize_t>(sizeof numbers);
      _exit(told ? 0 : 2);
    }
    close(pipes[i][1]);
  }
  std::uint64_t total[3] = {0, 0, 0};
  bool whole = true;
  for (int i = 0; i < parts; ++i) {
    std::uint64_t numbers[3] = {0, 0, 0};
    whole =
        whole && read(pipes[i][0], numbers, sizeof numbers) == static_cast<ssize_t>(sizeof numbers);
    for (int n = 0; n < 3; ++n) total[n] += numbers[n];
  }
  while (wait(nullptr) > 0) {
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("sim: mode=%s universes=%llu points=%llu violations=%llu seconds=%.1f\n",
              mode.c_str(), static_cast<unsigned long long>(total[0]),
              static_cast<unsigned long long>(total[1]), static_cast<unsigned long long>(total[2]),
              took.count());
  if (!whole) std::printf("sim: a part of the run died\n");
  return whole && total[2] == 0 ? 0 : 1;
}

}  // namespace
}  // namespace slipway::sim

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "quick";
  const std::uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
  for (const char* known : {"singles", "pairs", "seeds", "quick", "mutant"}) {
    if (mode == known) return slipway::sim::run_parts(mode, seeds);
  }
  std::fprintf(stderr, "usage: sim singles | pairs | seeds N | quick | mutant\n");
  return 2;
}

// sim: walks every universe the arguments ask for. Exit status 0: no violation.
//   sim singles        every scenario, a crash at every point, zombies, and every write fault
//   sim pairs          every scenario, a crash at every pair of points
//   sim seeds N        N random universes (SEED=n replays one)
//   sim quick          a crash at every point, zombies, and 500 seeds
//   sim mutant         singles, then 2,000 seeds, up to the first violation: what no mutant may
//   survive
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "base/assert.h"
#include "explorer.h"

namespace slipway::sim {
namespace {

void print(const Tally& tally) {
  for (const auto& violation : tally.violations) std::printf("violation: %s\n", violation.c_str());
}

// Pieces of work, each taken once by whichever process is free; the counter lives in memory that
// the processes share.
class Tickets {
 public:
  Tickets() {
    void* page = mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(page != MAP_FAILED);
    next_ = new (page) std::atomic<std::uint64_t>(0);
  }
  std::uint64_t take() { return next_->fetch_add(1); }

 private:
  std::atomic<std::uint64_t>* next_;  // never unmapped: it lives as long as the process
};

using Work = std::function<void(Tally&)>;

// What there is to walk, in the order in which it is walked.
std::vector<Work> work_of(const std::string& mode, const std::vector<Scenario>& scenarios) {
  const bool faults = mode != "quick" && mode != "pairs";
  const int depth = mode == "pairs" ? 2 : 1;
  std::vector<Work> out;
  // A mutant dies of the first violation: what costs least is tried first, on every scenario.
  if (mode == "mutant") {
    for (const auto& it : scenarios) out.emplace_back([&](Tally& tally) { explore(it, 0, tally); });
    out.emplace_back([&](Tally& tally) { explore_faults(scenarios.front(), tally); });
  }
  for (const auto& it : scenarios)
    out.emplace_back([&it, depth](Tally& tally) { explore(it, depth, tally); });
  if (mode == "pairs") return out;
  for (const auto& it : scenarios)
    out.emplace_back([&](Tally& tally) { explore_zombies(it, tally); });
  for (const auto& it : scenarios) {
    if (faults && it.trouble.refusals == 0)
      out.emplace_back([&](Tally& tally) { explore_faults(it, tally); });
  }
  return out;
}

std::vector<Work> seeds_from(std::uint64_t first, std::uint64_t count) {
  std::vector<Work> out;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    out.emplace_back([seed](Tally& tally) { explore_seed(seed, tally); });
  return out;
}

Tally run(const std::string& mode, std::uint64_t seeds, Tickets& tickets) {
  const auto scenarios = mode == "seeds" ? std::vector<Scenario>() : all_scenarios();
  std::vector<Work> work;
  if (mode == "seeds") {
    const char* replay = std::getenv("SEED");
    work = replay == nullptr ? seeds_from(1, seeds)
                             : seeds_from(std::strtoull(replay, nullptr, 10), 1);
  } else {
    work = work_of(mode, scenarios);
    auto drawn = seeds_from(1, mode == "quick" ? 500 : mode == "mutant" ? 2'000 : 0);
    std::move(drawn.begin(), drawn.end(), std::back_inserter(work));
  }
  Tally tally;
  if (mode == "mutant") tally.most = 1;
  for (auto next = tickets.take(); next < work.size(); next = tickets.take()) {
    if (tally.violations.size() < tally.most) work[next](tally);
  }
  return tally;
}

int run_parts(const std::string& mode, std::uint64_t seeds) {
  constexpr int kMostParts = 2;
  // Mutants are run two at a time by their script.
  const int parts = mode == "mutant" ? 1 : kMostParts;
  const auto begun = std::chrono::steady_clock::now();
  Tickets tickets;
  int pipes[kMostParts][2];
  for (int i = 0; i < parts; ++i) {
    if (pipe(pipes[i]) != 0) return 2;
    std::fflush(stdout);
    if (fork() == 0) {
      const Tally tally = run(mode, seeds, tickets);
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

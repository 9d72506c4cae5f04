#include "judge/study.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "judge/traffic.h"

namespace bench {

void Sum::add(const Outcome& outcome) {
  releases += 1;
  rolled_back += outcome.rolled_back ? 1 : 0;
  held += outcome.held ? 1 : 0;
  quarantined += outcome.quarantined ? 1 : 0;
  seconds += outcome.seconds;
  canary_requests += outcome.canary_requests;
  bad_served += outcome.bad_served;
}

Sum study(int releases, std::uint64_t cell, const Play& play) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(releases));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < outcomes.size(); i = next++)
      outcomes[i] = play(cell * 0x1000003 + i);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  Sum sum;
  for (const auto& outcome : outcomes) sum.add(outcome);  // in order: the same sums every time
  return sum;
}

Sum study(int releases, std::uint64_t cell, const Scenario& scenario) {
  const Traffic traffic(scenario);
  return study(releases, cell, [&](std::uint64_t seed) { return judge_release(traffic, seed); });
}

Sum study_flagger(int releases, std::uint64_t cell, const Scenario& scenario) {
  const Traffic traffic(scenario);
  return study(releases, cell, [&](std::uint64_t seed) { return flagger_release(traffic, seed); });
}

void Report::key(const std::string& name, double value, int digits) {
  keys_ += fmt::format(" {}={:.{}f}", name, value, digits);
}

void Report::bound(bool holds, const std::string& what) {
  if (holds) return;
  ++missed_;
  fmt::print("MISSED: {}\n", what);
}

int Report::end() const {
  fmt::print("judge: missed={}{}\n", missed_, keys_);
  return missed_ == 0 ? 0 : 1;
}

}  // namespace bench

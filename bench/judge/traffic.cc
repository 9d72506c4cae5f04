#include "judge/traffic.h"

#include <algorithm>

namespace bench {
namespace {
constexpr double kUsual = 0.001;  // bad requests of a healthy release
constexpr double kInBurst = 0.5;
constexpr Millis kBurst{2'000};
constexpr Millis kSecond{1'000};
constexpr double kQuarantine = 0.01;
}  // namespace

Traffic::Traffic(const Scenario& scenario) : scenario_(scenario) {
  const double expected = scenario.rps * static_cast<double>(scenario.look_every.count()) / 1e3;
  for (const Split split : {Split::Planned, Split::Quarantine}) {
    for (const bool canary : {true, false}) {
      for (const Health health : {Health::Usual, Health::Faulty, Health::Later, Health::Burst}) {
        const double weight = weight_of(split);
        const double mean = expected * (canary ? weight : 1 - weight);
        const double share = share_of(canary, health);
        sides_[static_cast<std::size_t>(split)][canary ? 0 : 1][static_cast<std::size_t>(health)] =
            std::make_unique<Side>(Side{Poisson(mean * share), Poisson(mean * (1 - share))});
      }
    }
  }
}

double Traffic::share_of(bool canary, Health health) const {
  if (health == Health::Usual) return kUsual;
  if (health == Health::Burst) return kInBurst;
  if (health == Health::Later) return canary ? scenario_.canary_later : scenario_.baseline_later;
  return canary ? scenario_.canary_fault : scenario_.baseline_fault;
}

double Traffic::weight_of(Split split) const {
  return split == Split::Planned ? scenario_.weight : std::min(scenario_.weight, kQuarantine);
}

void Weather::pass(Millis at, Chance& chance) {
  while (scenario_.bursts != Bursts::None && next_second_ <= at) {
    if (scenario_.bursts == Bursts::Shared) {
      if (chance.happens(1.0 / 300)) canary_until_ = baseline_until_ = next_second_ + kBurst;
    } else {
      if (chance.happens(1.0 / 600)) canary_until_ = next_second_ + kBurst;
      if (chance.happens(1.0 / 600)) baseline_until_ = next_second_ + kBurst;
    }
    next_second_ += kSecond;
  }
}

Traffic::Health Weather::of(Millis at, Millis until, double fault) const {
  if (at < until) return Traffic::Health::Burst;
  if (at >= scenario_.later_at) return Traffic::Health::Later;
  return at >= scenario_.fault_at && fault != kUsual ? Traffic::Health::Faulty
                                                     : Traffic::Health::Usual;
}

Traffic::Health Weather::canary(Millis at) const {
  return of(at, canary_until_, scenario_.canary_fault);
}
Traffic::Health Weather::baseline(Millis at) const {
  return of(at, baseline_until_, scenario_.baseline_fault);
}

}  // namespace bench

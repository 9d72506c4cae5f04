#pragma once
// What arrives in one look of a scenario: drawn from tables that are made once.
#include <array>
#include <memory>

#include "judge/chance.h"
#include "judge/releases.h"

namespace bench {

class Traffic {
 public:
  explicit Traffic(const Scenario& scenario);

  enum class Health { Usual, Faulty, Later, Burst };
  enum class Split { Planned, Quarantine };
  // One look's requests of one side.
  slipway::verdict::Sample draw_canary(Split split, Health health, Chance& chance) const {
    return draw(split, 0, health, chance);
  }
  slipway::verdict::Sample draw_baseline(Split split, Health health, Chance& chance) const {
    return draw(split, 1, health, chance);
  }
  double share_of(bool canary, Health health) const;
  double weight_of(Split split) const;
  const Scenario& scenario() const { return scenario_; }

 private:
  struct Side {
    Poisson bad;
    Poisson ok;
  };
  slipway::verdict::Sample draw(Split split, std::size_t side, Health health,
                                Chance& chance) const {
    const Side& of =
        *sides_[static_cast<std::size_t>(split)][side][static_cast<std::size_t>(health)];
    slipway::verdict::Sample sample;
    sample.errors = of.bad.draw(chance);
    sample.requests = sample.errors + of.ok.draw(chance);
    return sample;
  }

  Scenario scenario_;
  std::array<std::array<std::array<std::unique_ptr<Side>, 4>, 2>, 2> sides_;
};

// Bursts of bad requests: two seconds at half of them.
class Weather {
 public:
  explicit Weather(const Scenario& scenario) : scenario_(scenario) {}
  void pass(Millis at, Chance& chance);
  Traffic::Health canary(Millis at) const;
  Traffic::Health baseline(Millis at) const;

 private:
  Traffic::Health of(Millis at, Millis until, double fault) const;

  const Scenario& scenario_;
  Millis next_second_{0};
  Millis canary_until_{-1};
  Millis baseline_until_{-1};
};

}  // namespace bench

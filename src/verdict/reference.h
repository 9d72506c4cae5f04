#pragma once
// Reference: how fast the old release was in the minute before, and what its requests were bad at.
// Predictable: what a look brings is used from the next one on.
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace slipway::verdict {

using Buckets = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

// Buckets per power of two, as its logarithm: the edge counts the whole in 64 steps, a route in 8.
inline constexpr unsigned kStepsOfAll = 6;
inline constexpr unsigned kStepsOfRoute = 3;

class Reference {
 public:
  explicit Reference(std::vector<double> quantiles, unsigned steps = kStepsOfAll)
      : quantiles_(std::move(quantiles)), steps_(steps) {}
  void add(Millis at, const Buckets& baseline_us);
  // The quantile of that index; 0 until enough requests were seen.
  double limit_us(std::size_t quantile) const { return limits_.empty() ? 0 : limits_[quantile]; }
  unsigned steps() const { return steps_; }

 private:
  void renew();

  std::vector<double> quantiles_;
  unsigned steps_;
  std::vector<double> limits_;
  std::vector<std::uint32_t> counts_;  // empty until there is latency to count
  std::uint64_t counted_ = 0;
  Millis renewed_{0};
};

// Requests that certainly took longer than the limit, and the others: a bucket that reaches below
// the limit counts as within it. A bucket is known by its largest value; its width follows from
// the layout.
std::pair<double, double> above_and_within(const Buckets& buckets, double limit_us,
                                           unsigned steps = kStepsOfAll);

}  // namespace slipway::verdict

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

class Reference {
 public:
  explicit Reference(std::vector<double> quantiles) : quantiles_(std::move(quantiles)) {}
  void add(Millis at, const Buckets& baseline_us);
  // The quantile of that index; 0 until enough requests were seen.
  double limit_us(std::size_t quantile) const { return limits_.empty() ? 0 : limits_[quantile]; }

 private:
  // 64 steps per power of two, as the edge counts: at most 1.6 % wide.
  static constexpr unsigned kStepBits = 6;
  static constexpr std::size_t kBuckets = (32 - kStepBits + 1) * (std::size_t{1} << kStepBits);
  static std::size_t bucket_of(std::uint32_t us);
  static std::uint32_t upper_of(std::size_t bucket);
  void renew();

  std::vector<double> quantiles_;
  std::vector<double> limits_;
  std::vector<std::uint32_t> counts_;  // empty until there is latency to count
  std::uint64_t counted_ = 0;
  Millis renewed_{0};
};

// Requests above and not above a limit. `width`: how wide a bucket may be; one that may reach below
// the limit counts as within it.
std::pair<double, double> above_and_within(const Buckets& buckets, double limit_us, double width);
inline constexpr double kBucketWidth = 1.0 / 64;

}  // namespace slipway::verdict

#include "verdict/reference.h"

#include <algorithm>
#include <bit>

namespace slipway::verdict {
namespace {
// 64 steps per power of two, as the edge counts: at most 1.6 % wide.
constexpr unsigned kStepBits = 6;
constexpr std::size_t kBuckets = (32 - kStepBits + 1) * (std::size_t{1} << kStepBits);
constexpr Millis kRenewEvery{60'000};
constexpr std::uint64_t kLeastRequests = 200;  // fewer say too little about a p95
constexpr std::uint64_t kMostInBucket = 0xffff'ffff;

std::size_t bucket_of(std::uint32_t us) {
  constexpr std::uint32_t kSteps = 1U << kStepBits;
  if (us < kSteps) return us;
  const unsigned power = static_cast<unsigned>(std::bit_width(us)) - 1 - kStepBits;
  return (power + 1) * std::size_t{kSteps} + ((us >> power) & (kSteps - 1));
}

std::uint32_t upper_of(std::size_t bucket) {
  constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  if (bucket < kSteps) return static_cast<std::uint32_t>(bucket);
  const std::size_t power = bucket / kSteps - 1;
  const std::uint64_t upper = (std::uint64_t{kSteps + bucket % kSteps + 1} << power) - 1;
  return static_cast<std::uint32_t>(upper);
}
}  // namespace

void Reference::add(Millis at, const Buckets& baseline_us) {
  if (quantiles_.empty()) return;
  if (!baseline_us.empty() && counts_.empty()) counts_.resize(kBuckets);
  for (const auto& [bound, count] : baseline_us) {
    auto& counted = counts_[bucket_of(bound)];
    counted = static_cast<std::uint32_t>(std::min(kMostInBucket, counted + count));
    counted_ += count;
  }
  if (counted_ < kLeastRequests) return;
  if (limits_.empty() || at - renewed_ >= kRenewEvery) {
    renew();
    renewed_ = at;
  }
}

void Reference::renew() {
  limits_.assign(quantiles_.size(), 0);
  for (std::size_t i = 0; i < quantiles_.size(); ++i) {
    const double wanted = quantiles_[i] * static_cast<double>(counted_);
    double seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets && seen < wanted - 1e-9; ++bucket) {
      seen += static_cast<double>(counts_[bucket]);
      limits_[i] = upper_of(bucket);
    }
  }
  std::fill(counts_.begin(), counts_.end(), 0U);
  counted_ = 0;
}

std::pair<double, double> above_and_within(const Buckets& buckets, double limit_us) {
  double above = 0;
  double within = 0;
  for (const auto& [bound, count] : buckets) {
    const unsigned bits = static_cast<unsigned>(std::bit_width(bound));
    const std::uint64_t width =
        bits > kStepBits + 1 ? std::uint64_t{1} << (bits - 1 - kStepBits) : 1;
    const double bottom = static_cast<double>(bound) + 1 - static_cast<double>(width);
    (bottom > limit_us ? above : within) += static_cast<double>(count);
  }
  return {above, within};
}

}  // namespace slipway::verdict

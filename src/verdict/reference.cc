#include "verdict/reference.h"

#include <algorithm>
#include <bit>

namespace slipway::verdict {
namespace {
constexpr Millis kRenewEvery{60'000};
constexpr std::uint64_t kLeastRequests = 200;  // fewer say too little about a p95
constexpr std::uint64_t kMostInBucket = 0xffff'ffff;

std::size_t buckets_with(unsigned steps) { return (32 - steps + 1) * (std::size_t{1} << steps); }

std::size_t bucket_of(std::uint32_t us, unsigned steps) {
  const std::uint32_t count = 1U << steps;
  if (us < count) return us;
  const unsigned power = static_cast<unsigned>(std::bit_width(us)) - 1 - steps;
  return (power + 1) * std::size_t{count} + ((us >> power) & (count - 1));
}

std::uint32_t upper_of(std::size_t bucket, unsigned steps) {
  const std::size_t count = std::size_t{1} << steps;
  if (bucket < count) return static_cast<std::uint32_t>(bucket);
  const std::size_t power = bucket / count - 1;
  const std::uint64_t upper = (std::uint64_t{count + bucket % count + 1} << power) - 1;
  return static_cast<std::uint32_t>(upper);
}
}  // namespace

void Reference::add(Millis at, const Buckets& baseline_us) {
  if (quantiles_.empty()) return;
  if (!baseline_us.empty() && counts_.empty()) counts_.resize(buckets_with(steps_));
  for (const auto& [bound, count] : baseline_us) {
    auto& counted = counts_[bucket_of(bound, steps_)];
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
    for (std::size_t bucket = 0; bucket < counts_.size() && seen < wanted - 1e-9; ++bucket) {
      seen += static_cast<double>(counts_[bucket]);
      limits_[i] = upper_of(bucket, steps_);
    }
  }
  std::fill(counts_.begin(), counts_.end(), 0U);
  counted_ = 0;
}

std::pair<double, double> above_and_within(const Buckets& buckets, double limit_us,
                                           unsigned steps) {
  double above = 0;
  double within = 0;
  for (const auto& [bound, count] : buckets) {
    const unsigned bits = static_cast<unsigned>(std::bit_width(bound));
    const std::uint64_t width = bits > steps + 1 ? std::uint64_t{1} << (bits - 1 - steps) : 1;
    const double bottom = static_cast<double>(bound) + 1 - static_cast<double>(width);
    (bottom > limit_us ? above : within) += static_cast<double>(count);
  }
  return {above, within};
}

}  // namespace slipway::verdict

#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace slipway::load {

std::size_t Histogram::slot_of(std::uint64_t us) {
  us = std::min<std::uint64_t>(us, (std::uint64_t{1} << kMostBits) - 1);
  if (us < kSteps) return us;
  const int shift = std::bit_width(us) - 1 - kStepBits;
  return static_cast<std::size_t>(shift) * kSteps + (us >> shift);
}

std::uint64_t Histogram::upper_end_of(std::size_t slot) {
  if (slot < 2 * kSteps) return slot;
  const std::uint64_t shift = slot / kSteps - 1;
  const std::uint64_t step = slot - shift * kSteps;
  return ((step + 1) << shift) - 1;
}

void Histogram::add(std::uint64_t us) {
  ++slots_[slot_of(us)];
  ++count_;
  sum_us_ += us;
  max_us_ = std::max(max_us_, us);
}

double Histogram::mean_us() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_us_) / static_cast<double>(count_);
}

std::uint64_t Histogram::quantile_us(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    seen += slots_[slot];
    if (seen >= wanted) return std::min(upper_end_of(slot), max_us_);
  }
  return max_us_;
}

}  // namespace slipway::load

#include "judge/chance.h"

#include <algorithm>

namespace bench {

Poisson::Poisson(double mean) {
  const double spread = 10 * std::sqrt(mean) + 20;
  first_ = mean > spread ? static_cast<std::uint64_t>(mean - spread) : 0;
  const auto last = static_cast<std::uint64_t>(mean + spread);
  double sum = 0;
  for (std::uint64_t k = first_; k <= last && mean > 0; ++k) {
    const auto count = static_cast<double>(k);
    sum += std::exp(count * std::log(mean) - mean - std::lgamma(count + 1));
    cumulated_.push_back(sum);
  }
  if (cumulated_.empty()) cumulated_.push_back(0);
  cumulated_.back() = 2;
  guide_.resize(kGuide);
  std::size_t at = 0;
  for (std::size_t i = 0; i < kGuide; ++i) {
    while (cumulated_[at] <= static_cast<double>(i) / kGuide) ++at;
    guide_[i] = static_cast<std::uint32_t>(at);
  }
}

}  // namespace bench

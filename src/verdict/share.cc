#include "verdict/share.h"

#include <algorithm>
#include <cmath>

namespace slipway::verdict {
namespace {
constexpr double kLeastRequests = 200;
// How far the counted share may stray by chance, in its standard deviations. What a share within
// it can feign grows by the square of it over two, however much traffic there is: 6 in logs.
constexpr double kStray = 3.5;
constexpr double kSteps = 64;  // the widened interval's ends are told in these parts of the weight
}  // namespace

void Share::add(Millis at, double told, double canary, double baseline) {
  if (!told_before_) {
    told_before_ = true;
    told_ = previous_ = told;
  } else if (told != told_) {
    previous_ = told_;
    told_ = told;
    changed_ = at;
    settling_ = true;
    canary_ = all_ = 0;
  }
  if (settling_ && at >= changed_ + settle_) settling_ = false;
  if (settling_) return;
  canary_ += canary;
  all_ += canary + baseline;
}

Weight Share::weight() const {
  const double told = told_;
  if (settling_) return {std::min(told, previous_), std::max(told, previous_)};
  Weight weight{told, told};
  if (all_ < kLeastRequests || told <= 0 || told >= 1) return weight;
  const double counted = canary_ / all_;
  const double deviation = std::sqrt(told * (1 - told) / all_);
  if (std::abs(counted - told) <= kStray * deviation) return weight;
  // In steps, so that the factors need not be computed anew at every look.
  const double step = told / kSteps;
  const double low = std::floor((counted - deviation) / step) * step;
  const double high = std::ceil((counted + deviation) / step) * step;
  weight.low = std::max(0.0, std::min(weight.low, low));
  weight.high = std::min(1.0, std::max(weight.high, high));
  return weight;
}

}  // namespace slipway::verdict

#include "judge/bound.h"

#include <algorithm>
#include <cmath>

namespace bench {
namespace {
double divergence(double p, double q) {
  const double bad = p <= 0 ? 0 : p * std::log(p / q);
  return bad + (p >= 1 ? 0 : (1 - p) * std::log((1 - p) / (1 - q)));
}

// The nearest null in which the canary's share is at most `times` the baseline's.
double beyond_times(double canary, double baseline, double times, double weight) {
  const double beside = (1 - weight) / weight;
  const auto cost = [&](double b) {
    return divergence(canary, times * b) + beside * divergence(baseline, b);
  };
  double low = std::min(baseline, canary / times);
  double high = std::min(canary, 1 - 1e-12) / times;
  for (int i = 0; i < 200; ++i) {  // convex: thirds are enough
    const double a = low + (high - low) / 3;
    const double b = high - (high - low) / 3;
    (cost(a) < cost(b) ? high : low) = cost(a) < cost(b) ? b : a;
  }
  return cost((low + high) / 2);
}
}  // namespace

double rule_growth(double canary, double baseline, double weight) {
  const double regression =
      std::min(divergence(canary, 0.01), beyond_times(canary, baseline, 2, weight));
  const double absolute = canary <= 0.05 ? 0
                                         : std::min(divergence(canary, 0.05),
                                                    beyond_times(canary, baseline, 1, weight));
  return std::max(regression, absolute);
}

}  // namespace bench

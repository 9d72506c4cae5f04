#include "verdict/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace slipway::verdict {
namespace {
// Shares that are tried against p0, as multiples of its odds: from just worse to hopeless.
constexpr std::array<double, 9> kOdds{1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000};
constexpr double kLeastShare = 1e-6;  // a limit of exactly 0 % would make every ratio infinite
}  // namespace

double log_evidence_above(double p0, double events, double trials) {
  p0 = std::clamp(p0, kLeastShare, 1 - kLeastShare);
  events = std::clamp(events, 0.0, trials);
  std::array<double, kOdds.size()> logs{};
  for (std::size_t i = 0; i < kOdds.size(); ++i) {
    const double odds = kOdds[i] * p0 / (1 - p0);
    const double p1 = odds / (1 + odds);
    logs[i] = events * std::log(p1 / p0) + (trials - events) * std::log1p(-p1) -
              (trials - events) * std::log1p(-p0);
  }
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double value : logs) sum += std::exp(value - most);
  return most + std::log(sum / static_cast<double>(kOdds.size()));
}

double smallest_provable(double p0, double trials) {
  if (log_evidence_above(p0, trials, trials) < kLogProof) return 1;
  double low = p0;
  double high = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (log_evidence_above(p0, middle * trials, trials) < kLogProof ? low : high) = middle;
  }
  return high;
}

}  // namespace slipway::verdict

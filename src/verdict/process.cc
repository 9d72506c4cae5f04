#include "verdict/process.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace slipway::verdict {
namespace {
constexpr double kHopeless = 0.9;       // the worst share that is tried against a limit
constexpr double kWideLimit = 0.2;      // above it shares are tried by their odds
constexpr double kNearHopeless = 0.45;  // in place of what lies between it and kHopeless
constexpr std::array<double, 8> kTimes{2, 4, 10, 30, 100, 300, 1000, 3000};
constexpr std::array<double, 4> kOdds{1.6, 2.4, 6, 25};
constexpr std::array<double, 4> kOwnTimes{2, 6, 30, 300};
constexpr std::array<double, 3> kOwnLessTimes{0.5, 0.25, 0.05};

double clamp_log(double value) { return std::clamp(value, -kLogMost, kLogMost); }

double worse_by_odds(double share, double times) {
  const double odds = times * share / (1 - share);
  return odds / (1 + odds);
}

std::vector<double> shares_above(double limit) {
  std::vector<double> shares;
  if (limit >= kWideLimit) {
    for (const double times : kOdds) shares.push_back(worse_by_odds(limit, times));
    return shares;
  }
  for (const double times : kTimes) {
    const double share = limit * times;
    if (share > 0.5 + 1e-9) break;
    shares.push_back(std::min(share, kNearHopeless));
  }
  shares.push_back(kHopeless);
  return shares;
}

double usable_limit(double limit) { return std::clamp(limit, kLeastLimit, 0.99); }

// Among bad requests the canary owns q0 at `times` the baseline's share, q1 at `more` times that.
Factors own(double times, double more, double weight) {
  const double rest = 1 - weight;
  const double owed = std::log(weight * times + rest) - std::log(weight * times * more + rest);
  return {clamp_log(std::log(more) + owed), 0, clamp_log(owed), 0};
}
}  // namespace

Bits& Bits::operator+=(const Bits& more) {
  canary_bad += more.canary_bad;
  canary_ok += more.canary_ok;
  baseline_bad += more.baseline_bad;
  baseline_ok += more.baseline_ok;
  return *this;
}

Bits& Bits::operator-=(const Bits& less) {
  canary_bad -= less.canary_bad;
  canary_ok -= less.canary_ok;
  baseline_bad -= less.baseline_bad;
  baseline_ok -= less.baseline_ok;
  return *this;
}

std::vector<Factors> absolute_factors(double limit) {
  limit = usable_limit(limit);
  std::vector<Factors> out;
  for (const double share : shares_above(limit)) {
    out.push_back({std::log(share / limit), std::log1p(-share) - std::log1p(-limit), 0, 0});
  }
  return out;
}

// The larger the weight, the less a bad request of the canary says: the upper end is safe.
std::vector<Factors> own_factors(double times, Weight weight) {
  std::vector<Factors> out;
  for (const double more : kOwnTimes) out.push_back(own(times, more, weight.high));
  return out;
}

std::vector<Factors> own_less_factors(double times, Weight weight) {
  std::vector<Factors> out;
  for (const double less : kOwnLessTimes) out.push_back(own(times, less, weight.low));
  return out;
}

// What is expected of a request that is bad is the mean share, which rises with the weight; of one
// that is not, its complement, which falls. Taking the end that expects more of each keeps the
// process a supermartingale for every weight in between.
std::vector<Factors> blame_factors(const std::vector<Pair>& pairs, Weight weight) {
  std::vector<Factors> out;
  for (const auto& [canary, baseline] : pairs) {
    const double bad = std::log(weight.high * canary + (1 - weight.high) * baseline);
    const double fine = std::log1p(-(weight.low * canary + (1 - weight.low) * baseline));
    out.push_back({std::log(canary) - bad, std::log1p(-canary) - fine, std::log(baseline) - bad,
                   std::log1p(-baseline) - fine});
  }
  return out;
}

std::vector<Pair> error_pairs() {
  return {{0.04, 0.01}, {0.1, 0.01}, {0.3, 0.01}, {0.97, 0.02}, {0.6, 0.2}};
}

std::vector<Pair> quantile_pairs(double quantile) {
  const double share = usable_limit(1 - quantile);
  std::vector<Pair> out;
  for (const double times : kOdds) out.push_back({worse_by_odds(share, times), share});
  return out;
}

std::vector<Factors> below_factors(double limit) {
  limit = usable_limit(limit);
  std::vector<Factors> out{{-kLogMost, -std::log1p(-limit), 0, 0}};  // not one bad request
  for (const double part : {8.0, 3.0}) {
    const double share = limit / part;
    out.push_back({-std::log(part), std::log1p(-share) - std::log1p(-limit), 0, 0});
  }
  return out;
}

std::vector<double> below_weights() { return {0.9, 0.05, 0.05}; }

void Process::set_factors(const std::vector<Factors>& factors) {
  ASSERT(factors.size() <= kComponents && (count_ == 0 || count_ == factors.size()));
  count_ = factors.size();
  std::copy(factors.begin(), factors.end(), factors_.begin());
}

void Process::start(double stake, const std::vector<double>& weights) {
  for (std::size_t k = 0; k < count_; ++k) {
    const double share = weights.empty() ? 1 / static_cast<double>(count_) : weights[k];
    plain_[k] = base_[k] = clamp_log(std::log(stake * share));
    growth_[k] = 0;
  }
}

void Process::begin_block(double stake) {
  const double fresh = std::log(stake / static_cast<double>(count_));
  for (std::size_t k = 0; k < count_; ++k) {
    plain_[k] = std::min(most_, clamp_log(log_add(plain_[k], fresh)));
    base_[k] = std::min(most_, clamp_log(log_add(guarded(k), fresh)));
    growth_[k] = 0;
  }
}

void Process::add(const Bits& bits) {
  for (std::size_t k = 0; k < count_; ++k) {
    const auto& factors = factors_[k];
    const double grown = bits.canary_bad * factors.canary_bad + bits.canary_ok * factors.canary_ok +
                         bits.baseline_bad * factors.baseline_bad +
                         bits.baseline_ok * factors.baseline_ok;
    plain_[k] = std::min(most_, clamp_log(plain_[k] + grown));
    growth_[k] = clamp_log(growth_[k] + grown);
  }
}

void Process::forget_unguarded() {
  for (std::size_t k = 0; k < count_; ++k) plain_[k] = guarded(k);
}

void Process::lower_to(double log_most) {
  const double share = log_most - std::log(static_cast<double>(count_));
  for (std::size_t k = 0; k < count_; ++k) {
    plain_[k] = std::min(plain_[k], share);
    base_[k] = std::min(base_[k], share - std::min(growth_[k], growth_cap_));
  }
}

double Process::guarded(std::size_t k) const {
  return base_[k] + std::min(growth_[k], growth_cap_);
}

double Process::log_plain_at_most() const {
  double most = -kLogMost;
  for (std::size_t k = 0; k < count_; ++k) most = std::max(most, plain_[k]);
  return most + std::log(static_cast<double>(kComponents));
}

double Process::log_plain() const {
  double sum = -kLogMost;
  for (std::size_t k = 0; k < count_; ++k) sum = log_add(sum, plain_[k]);
  return sum;
}

double Process::log_guarded() const {
  double sum = -kLogMost;
  for (std::size_t k = 0; k < count_; ++k) sum = log_add(sum, guarded(k));
  return sum;
}

double log_add(double a, double b) {
  const double most = std::max(a, b);
  return most + std::log1p(std::exp(std::min(a, b) - most));
}

double log_mean(const std::vector<double>& logs) {
  ASSERT(!logs.empty());
  double sum = logs.front();
  for (std::size_t i = 1; i < logs.size(); ++i) sum = log_add(sum, logs[i]);
  return sum - std::log(static_cast<double>(logs.size()));
}

}  // namespace slipway::verdict

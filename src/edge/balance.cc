#include "edge/balance.h"

#include <algorithm>
#include <numeric>

namespace slipway::edge {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
constexpr int kMostPlaces = 4'096;
constexpr std::size_t kMostDigits = 18;  // fit 64 bits

}  // namespace

std::uint64_t golden_point(std::uint64_t turn) {
  return ((turn * kGolden) >> 32) * kWholeWeight >> 32;
}

std::uint64_t client_point(const HashKey& key, std::string_view value) {
  std::uint64_t number = 0;
  std::size_t digits = 0;
  std::uint64_t place = 1;
  while (digits < value.size() && digits < kMostDigits) {
    const char c = value[value.size() - 1 - digits];
    if (c < '0' || c > '9') break;
    number += place * static_cast<std::uint64_t>(c - '0');
    place *= 10;
    ++digits;
  }
  value.remove_suffix(digits);
  const std::uint64_t where = keyed_hash(key, value) + number * kGolden;
  return (where >> 32) * kWholeWeight >> 32;
}

std::vector<std::uint16_t> smooth_order(std::vector<int> weights) {
  int sum = std::accumulate(weights.begin(), weights.end(), 0);
  int divisor = 0;
  for (int weight : weights) divisor = std::gcd(divisor, weight);
  if (divisor > 1 && sum / divisor <= kMostPlaces) {
    for (int& weight : weights) weight /= divisor;
  } else if (sum > kMostPlaces) {
    for (int& weight : weights) weight = std::max(1, weight * kMostPlaces / sum);
  }
  sum = std::accumulate(weights.begin(), weights.end(), 0);
  std::vector<std::uint16_t> order;
  order.reserve(static_cast<std::size_t>(sum));
  std::vector<int> credit(weights.size());
  for (int place = 0; place < sum; ++place) {
    for (std::size_t i = 0; i < weights.size(); ++i) credit[i] += weights[i];
    const auto richest = std::max_element(credit.begin(), credit.end());
    *richest -= sum;
    order.push_back(static_cast<std::uint16_t>(richest - credit.begin()));
  }
  return order;
}

bool is_lighter(const Load& a, const Load& b) {
  return (a.in_flight + 1) * b.weight < (b.in_flight + 1) * a.weight;
}

void RetryBudget::earn(int percent) {
  constexpr double kMostSaved = 100;
  tokens_ = std::min(kMostSaved, tokens_ + percent / 100.0);
}

bool RetryBudget::spend(std::uint64_t now_ms) {
  constexpr double kPerMs = 0.003;
  constexpr double kMostByTime = 10;
  if (tokens_ < kMostByTime && refilled_ms_ != 0) {
    const auto passed = static_cast<double>(now_ms - refilled_ms_);
    tokens_ = std::min(kMostByTime, tokens_ + passed * kPerMs);
  }
  refilled_ms_ = now_ms;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace slipway::edge

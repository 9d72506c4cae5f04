#include "edge/balance.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "base/digest.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
constexpr int kMostPlaces = 4'096;
constexpr std::size_t kMostDigits = 18;  // fit 64 bits

std::uint64_t hex_number(std::string_view digits) {
  std::uint64_t number = 0;
  for (char c : digits)
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return number;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

}  // namespace

HashKey hash_key_of(std::string_view text) {
  const std::string digest = sha256_hex(text);
  return {hex_number(std::string_view(digest).substr(0, 16)),
          hex_number(std::string_view(digest).substr(16, 16))};
}

// Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with 2 and 4 rounds.
std::uint64_t keyed_hash(const HashKey& key, std::string_view text) {
  SipState state{0x736f6d6570736575 ^ key.first, 0x646f72616e646f6d ^ key.second,
                 0x6c7967656e657261 ^ key.first, 0x7465646279746573 ^ key.second};
  std::uint64_t last = std::uint64_t{text.size()} << 56;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    state.take(word);
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    last |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
  state.take(last);
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

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

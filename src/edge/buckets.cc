#include "edge/buckets.h"

#include <algorithm>

namespace slipway::edge {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

}  // namespace

BucketRule BucketRule::of(const Rate& rate) {
  const auto period = static_cast<std::uint64_t>(rate.per_s) * kSecondNs;
  BucketRule rule;
  rule.token_ns = period / static_cast<std::uint64_t>(std::max<std::int64_t>(rate.requests, 1));
  const std::int64_t burst = rate.burst > 0 ? rate.burst : rate.requests;
  rule.depth_ns = rule.token_ns * static_cast<std::uint64_t>(burst);
  return rule;
}

Verdict take_token(const BucketRule& rule, std::uint64_t now_ns, std::uint64_t& full_at_ns) {
  const std::uint64_t lacking = full_at_ns > now_ns ? full_at_ns - now_ns : 0;
  Verdict verdict;
  verdict.passes = lacking + rule.token_ns <= rule.depth_ns;
  if (!verdict.passes) {
    verdict.next_token_in_ns = lacking + rule.token_ns - rule.depth_ns;
    verdict.full_in_ns = lacking;
    return verdict;
  }
  full_at_ns = now_ns + lacking + rule.token_ns;
  verdict.full_in_ns = lacking + rule.token_ns;
  verdict.remaining = static_cast<std::int64_t>((rule.depth_ns - verdict.full_in_ns) /
                                                std::max<std::uint64_t>(rule.token_ns, 1));
  return verdict;
}

Buckets::Buckets(std::size_t sets)
    : sets_(std::bit_ceil(sets)), table_(std::make_unique<Set[]>(sets_)) {}

Buckets::Bucket& Buckets::place_of(Set& set, std::uint64_t who, std::uint64_t now_ns) {
  Bucket* soonest = set.buckets;
  for (Bucket& bucket : set.buckets) {
    if (bucket.who == who) return bucket;
    if (bucket.full_at_ns < soonest->full_at_ns) soonest = &bucket;
  }
  *soonest = {who, now_ns};
  return *soonest;
}

Verdict Buckets::take(std::uint64_t who, const BucketRule& rule, std::uint64_t now_ns) {
  Set& set = table_[who & (sets_ - 1)];
  // Held for some dozens of instructions, and only by requests whose clients share the set.
  while (set.busy.test_and_set(std::memory_order_acquire)) {
  }
  const Verdict verdict = take_token(rule, now_ns, place_of(set, who, now_ns).full_at_ns);
  set.busy.clear(std::memory_order_release);
  return verdict;
}

}  // namespace slipway::edge

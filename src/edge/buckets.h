#pragma once
// Token buckets for very many clients in memory of a fixed size, shared by all workers. A bucket is
// one number, the time at which it will be full again (the generic cell rate algorithm, ITU-T
// I.371): what a bucket of tokens would decide, without a timer that fills it.
//
// The buckets lie in sets of seven, a client's set is chosen by a keyed hash. A full bucket is the
// same as none, so its place is free. When all seven of a set are in use, the one that will be full
// soonest is forgotten: its client gets back at most what that bucket lacked. That is the only
// error; it needs seven other clients of the same set short of tokens at once, and a client far
// over its rate is the last to be forgotten.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "edge/shield.h"
#include "edge/siphash.h"

namespace slipway::edge {

struct BucketRule {
  std::uint64_t token_ns = 0;  // the time in which one token comes
  std::uint64_t depth_ns = 0;  // the time in which an empty bucket is filled
  static BucketRule of(const Rate& rate);
};

struct Verdict {
  bool passes = true;
  std::int64_t remaining = 0;          // tokens left
  std::uint64_t full_in_ns = 0;        // until the bucket is full
  std::uint64_t next_token_in_ns = 0;  // 0 when it passes
};
// One request at `now_ns`; `full_at_ns` is the bucket.
Verdict take_token(const BucketRule& rule, std::uint64_t now_ns, std::uint64_t& full_at_ns);

class Buckets {
 public:
  explicit Buckets(std::size_t sets = 16'384);  // 128 bytes each
  // `who` is a keyed hash of rule and client, not 0.
  Verdict take(std::uint64_t who, const BucketRule& rule, std::uint64_t now_ns);
  std::size_t places() const { return sets_ * kWays; }

 private:
  static constexpr std::size_t kWays = 7;
  struct Bucket {
    std::uint64_t who = 0;
    std::uint64_t full_at_ns = 0;
  };
  struct alignas(64) Set {
    std::atomic_flag busy;
    Bucket buckets[kWays];
  };
  static Bucket& place_of(Set& set, std::uint64_t who, std::uint64_t now_ns);
  std::size_t sets_;
  std::unique_ptr<Set[]> table_;
};

}  // namespace slipway::edge

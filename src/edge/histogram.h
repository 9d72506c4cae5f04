#pragma once
// A log-linear histogram of microseconds: 64 steps per power of two, so a bucket is at most 1.6 %
// wide. One thread writes, any thread may read: plain relaxed loads and stores, no locked
// instruction.
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace slipway::edge {

inline constexpr unsigned kStepBits = 6;
inline constexpr unsigned kSteps = 1U << kStepBits;
inline constexpr unsigned kPowers = 34;  // up to 2^39 us: six days
inline constexpr std::size_t kBuckets = kPowers * kSteps;

constexpr std::size_t bucket_of(std::uint64_t us) {
  if (us < kSteps) return static_cast<std::size_t>(us);
  const unsigned power = static_cast<unsigned>(std::bit_width(us)) - 1 - kStepBits;
  const std::size_t bucket = (power + 1) * std::size_t{kSteps} + ((us >> power) & (kSteps - 1));
  return bucket < kBuckets ? bucket : kBuckets - 1;
}

// The largest value that falls into the bucket.
constexpr std::uint64_t bucket_upper(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t power = bucket / kSteps - 1;
  return ((kSteps + bucket % kSteps + 1) << power) - 1;
}

// Adds to a counter that only this thread writes.
template <class T>
inline void bump(std::atomic<T>& counter, T by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

struct Histogram {
  std::array<std::atomic<std::uint32_t>, kBuckets> counts{};
  void record(std::uint64_t us) { bump(counts[bucket_of(us)]); }
};

}  // namespace slipway::edge

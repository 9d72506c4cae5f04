#pragma once
// A log-linear histogram of microseconds: 64 steps per power of two, so a bucket is at most 1.6 %
// wide; where many are kept, 8 steps (12.5 %). One thread writes, any thread may read: plain
// relaxed loads and stores, no locked instruction.
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace slipway::edge {

inline constexpr unsigned kStepBits = 6;
inline constexpr unsigned kCoarseStepBits = 3;
inline constexpr unsigned kValueBits = 39;  // up to 2^39 us: six days

template <unsigned Bits>
inline constexpr std::size_t kBucketsWith = std::size_t{kValueBits + 1 - Bits} << Bits;
inline constexpr std::size_t kBuckets = kBucketsWith<kStepBits>;

template <unsigned Bits = kStepBits>
constexpr std::size_t bucket_of(std::uint64_t us) {
  constexpr std::uint64_t kSteps = std::uint64_t{1} << Bits;
  if (us < kSteps) return static_cast<std::size_t>(us);
  const unsigned power = static_cast<unsigned>(std::bit_width(us)) - 1 - Bits;
  const std::size_t bucket = (power + 1) * std::size_t{kSteps} + ((us >> power) & (kSteps - 1));
  return bucket < kBucketsWith<Bits> ? bucket : kBucketsWith<Bits> - 1;
}

// The largest value that falls into the bucket.
template <unsigned Bits = kStepBits>
constexpr std::uint64_t bucket_upper(std::size_t bucket) {
  constexpr std::size_t kSteps = std::size_t{1} << Bits;
  if (bucket < kSteps) return bucket;
  const std::size_t power = bucket / kSteps - 1;
  return (std::uint64_t{kSteps + bucket % kSteps + 1} << power) - 1;
}

// Adds to a counter that only this thread writes.
template <class T>
inline void bump(std::atomic<T>& counter, T by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

template <unsigned Bits = kStepBits>
struct HistogramWith {
  std::array<std::atomic<std::uint32_t>, kBucketsWith<Bits>> counts{};
  void record(std::uint64_t us) { bump(counts[bucket_of<Bits>(us)]); }
};
using Histogram = HistogramWith<kStepBits>;
using CoarseHistogram = HistogramWith<kCoarseStepBits>;

}  // namespace slipway::edge

// The hook that g++ calls on every edge of an instrumented file. This file itself is not
// instrumented.
#include <array>
#include <cstdint>

#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

constexpr std::size_t kPlaces = 1 << 16;
std::array<std::uint8_t, kPlaces> counts;
std::array<std::uint8_t, kPlaces> known;
std::array<std::uint32_t, kPlaces>
    reached;  // those with a count, so that a run costs what it reaches
std::size_t reached_size = 0;
std::uintptr_t before = 0;

// 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more: how often counts too, but not to the last one.
std::uint8_t bucket(std::uint8_t count) {
  if (count <= 3) return static_cast<std::uint8_t>(1U << count >> 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

}  // namespace

void note_place(std::uintptr_t place) {
  const std::size_t at = (place ^ before) % kPlaces;
  if (counts[at] == 0) reached[reached_size++] = static_cast<std::uint32_t>(at);
  if (counts[at] < 255) ++counts[at];
  before = place >> 1;
}

void forget_coverage() {
  for (std::size_t i = 0; i < reached_size; ++i) counts[reached[i]] = 0;
  reached_size = 0;
  before = 0;
}

std::size_t learn_coverage() {
  std::size_t fresh = 0;
  for (std::size_t i = 0; i < reached_size; ++i) {
    const std::uint8_t bit = bucket(counts[reached[i]]);
    if ((known[reached[i]] & bit) != 0) continue;
    known[reached[i]] |= bit;
    ++fresh;
  }
  return fresh;
}

std::size_t known_coverage() {
  std::size_t sum = 0;
  for (std::uint8_t each : known) sum += each != 0 ? 1 : 0;
  return sum;
}

}  // namespace slipway::fuzz

// Counted from a fixed place of the program, so that its load address does not matter.
extern "C" void __sanitizer_cov_trace_pc() {
  slipway::fuzz::note_place(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) -
                            reinterpret_cast<std::uintptr_t>(&__sanitizer_cov_trace_pc));
}

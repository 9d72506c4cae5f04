#pragma once
// The system's clocks and randomness behind base's interfaces. Thread-safe.
#include "base/clock.h"

namespace slipway::io {
class SystemClock final : public Clock {
 public:
  WallTime now() override;
  Millis monotonic() override;  // CLOCK_MONOTONIC
};
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;  // getrandom(2)
};
std::int64_t monotonic_us();  // CLOCK_MONOTONIC, for measuring
std::string random_hex(int bytes);
}  // namespace slipway::io

#pragma once
// Time and randomness reach the product only through these two interfaces, so that a test can own
// them. The real ones live in io/; tools/tidy bans the system's elsewhere.
#include <chrono>
#include <cstdint>
#include <string>

namespace slipway {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;
// Wall time: what people read, may jump. Milliseconds since 1970-01-01 UTC.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() = 0;      // wall clock
  virtual Millis monotonic() = 0;  // never goes back; origin is arbitrary
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

// "2026-11-21T09:40:00.123Z"
std::string to_iso8601(WallTime time);
inline std::int64_t to_unix_ms(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_unix_ms(std::int64_t ms) { return WallTime(Millis(ms)); }

}  // namespace slipway

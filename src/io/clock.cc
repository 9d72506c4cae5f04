#include "io/clock.h"

#include <sys/random.h>

#include "base/assert.h"

namespace slipway::io {

WallTime SystemClock::now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

Millis SystemClock::monotonic() {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
}

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  ssize_t got = 0;
  // Eight bytes come whole or not at all; only a signal before the pool is ready makes it try
  // again.
  do {
    got = ::getrandom(&value, sizeof(value), 0);
  } while (got < 0);
  ASSERT(got == static_cast<ssize_t>(sizeof(value)));
  return value;
}

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string random_hex(int bytes) {
  ASSERT(bytes > 0 && bytes <= 256);
  constexpr char kDigits[] = "0123456789abcdef";
  SystemRandom random;
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    const std::uint64_t value = random.next();
    text += kDigits[(value >> 4) & 15];
    text += kDigits[value & 15];
  }
  return text;
}

}  // namespace slipway::io

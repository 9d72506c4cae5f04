#pragma once
// Time inside the generator: nanoseconds on the monotonic clock. A load generator measures the
// world, so it asks the system's clock; nothing of the product includes this.
#include <chrono>

namespace slipway::load {
using Nanos = std::chrono::nanoseconds;

inline Nanos ticks() { return std::chrono::steady_clock::now().time_since_epoch(); }
inline double in_ms(Nanos time) { return static_cast<double>(time.count()) / 1e6; }
}  // namespace slipway::load

#pragma once
// Pulse: how the app does while its database is changed, as the edge counts it; and the rule by
// which a migration gives way. Thread-safe.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace slipway::database::migrations {

struct Pulse {
  std::uint64_t requests = 0;  // answered in the last moment
  Millis p95{0};
  Millis p99{0};
};
// {"requests":120,"p95_ms":8,"p99_ms":20}, as the daemon writes it; nullopt for anything else.
std::optional<Pulse> pulse_in(std::string_view line);

// The newest one. What came long ago says nothing about now: the app may have no requests, or the
// daemon no time.
class Pulses {
 public:
  void hear(const Pulse& pulse, Millis now);
  std::optional<Pulse> newest(Millis now) const;
  std::uint64_t heard() const;  // how many came

 private:
  mutable std::mutex lock_;
  Pulse last_;
  Millis at_{0};
  std::uint64_t heard_ = 0;
};

enum class Part { P95, P99 };
// In words what is wrong; "" when users do not suffer: their requests take longer than `most` and
// twice as long as `before`, or are not answered at all any more.
std::string suffering(const std::optional<Pulse>& before, const Pulse& now, Part part, Millis most);

}  // namespace slipway::database::migrations

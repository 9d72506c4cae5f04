#pragma once
// Rates and quantiles over the last seconds, from cumulative counts. Pure.
#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "ports/router.h"

namespace slipway::daemon {

struct Rates {
  double window_s = 0;  // how much time they cover; 0: not enough looks yet
  double requests_per_s = 0;
  double error_rate_percent = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
};

class RateWindow {
 public:
  static constexpr Millis kWindow{10'000};
  void add(Millis at, ports::Counts counts);  // monotonic time, rising
  Rates rates() const;
  double latency_ms(double quantile) const;  // 0: nothing came
  const ports::Counts& newest() const { return looks_.back().counts; }
  bool empty() const { return looks_.empty(); }

 private:
  struct Look {
    Millis at{0};
    ports::Counts counts;
  };
  std::deque<Look> looks_;
};

// The upper bound of the bucket in which the quantile lies, of what came between two looks; 0:
// nothing.
double quantile_ms(const ports::Counts& before, const ports::Counts& after, double quantile);

}  // namespace slipway::daemon

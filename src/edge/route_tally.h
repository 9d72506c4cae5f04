#pragma once
// What one worker counts of one release, route by route. Written by that worker, read by whoever
// sums. A route's counters are made when the release first answers for it (1.2 KiB each).
#include <array>
#include <atomic>
#include <cstdint>

#include "edge/histogram.h"
#include "edge/route_set.h"

namespace slipway::edge {

struct RouteCounters {
  std::atomic<std::uint32_t> generation{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> errors{0};
  CoarseHistogram latency_us;
};

class RouteTally {
 public:
  RouteTally() = default;
  ~RouteTally();
  RouteTally(const RouteTally&) = delete;
  RouteTally& operator=(const RouteTally&) = delete;

  void count(const RouteMark& mark, std::uint64_t took_us) {
    RouteCounters* counters = counters_of(mark);
    if (counters == nullptr) return;
    bump(counters->requests);
    counters->latency_us.record(took_us);
  }
  void charge(const RouteMark& mark) {
    if (RouteCounters* counters = counters_of(mark)) bump(counters->errors);
  }
  // Of the slot's name of that generation; nullptr: nothing is counted for it.
  const RouteCounters* of(std::uint8_t slot, std::uint32_t generation) const;

 private:
  RouteCounters* counters_of(const RouteMark& mark) {
    RouteCounters* counters = of_[mark.slot].load(std::memory_order_relaxed);
    if (counters != nullptr &&
        counters->generation.load(std::memory_order_relaxed) == mark.generation)
      return counters;
    return begin(mark);
  }
  RouteCounters* begin(const RouteMark& mark);

  std::array<std::atomic<RouteCounters*>, kMostRoutes + 1> of_{};  // the last: all others
};

}  // namespace slipway::edge

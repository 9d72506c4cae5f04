#include "edge/route_tally.h"

namespace slipway::edge {
namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
}

RouteTally::~RouteTally() {
  for (auto& counters : of_) delete counters.load(kRelaxed);
}

// The first of its name here. A request that was marked before its route's slot got another name is
// counted for no route.
RouteCounters* RouteTally::begin(const RouteMark& mark) {
  RouteCounters* counters = of_[mark.slot].load(kRelaxed);
  if (counters == nullptr) {
    counters = new RouteCounters();
    counters->generation.store(mark.generation, kRelaxed);
    of_[mark.slot].store(counters, std::memory_order_release);
    return counters;
  }
  if (counters->generation.load(kRelaxed) > mark.generation) return nullptr;
  counters->requests.store(0, kRelaxed);
  counters->errors.store(0, kRelaxed);
  for (auto& count : counters->latency_us.counts) count.store(0, kRelaxed);
  counters->generation.store(mark.generation, std::memory_order_release);
  return counters;
}

const RouteCounters* RouteTally::of(std::uint8_t slot, std::uint32_t generation) const {
  const RouteCounters* counters = of_[slot].load(std::memory_order_acquire);
  if (counters == nullptr || counters->generation.load(std::memory_order_acquire) != generation)
    return nullptr;
  return counters;
}

}  // namespace slipway::edge

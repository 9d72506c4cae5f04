// Which release answers a request, and which of its targets.
#include <algorithm>

#include "edge/worker.h"

namespace slipway::edge {
namespace {

// Turn n falls on frac(n · golden ratio): over any stretch of requests the shares are met to within
// a few, without a lock and without remembering what was chosen.
std::uint64_t golden_point(std::uint64_t turn) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  return ((turn * kGolden) >> 32) * kWholeWeight >> 32;
}

}  // namespace

TargetRuntime* Worker::next_target(const Exchange& exchange, const RoutePool& pool) const {
  const std::size_t size = pool.targets.size();
  if (size == 0) return nullptr;
  const std::uint64_t turn =
      size == 1 ? 0 : pool.release->turn.fetch_add(1, std::memory_order_relaxed);
  TargetRuntime* ejected = nullptr;
  for (std::size_t i = 0; i < size; ++i) {
    TargetRuntime* target = pool.targets[(turn + i) % size].get();
    const auto* end = exchange.tried + exchange.attempts;
    if (std::find(exchange.tried, end, target) != end) continue;
    if (target->ejected_until_ms.load(std::memory_order_relaxed) <= now_ms_) return target;
    if (ejected == nullptr) ejected = target;
  }
  return ejected;  // better than nothing
}

bool Worker::choose_first(Exchange& exchange) {
  const std::vector<RoutePool>& pools = exchange.service->pools;
  std::uint64_t point = 0;
  const bool whole = std::any_of(pools.begin(), pools.end(),
                                 [](const RoutePool& p) { return p.weight == kWholeWeight; });
  if (!whole)
    point =
        golden_point(exchange.service->runtime->split_turn.fetch_add(1, std::memory_order_relaxed));
  for (const RoutePool& pool : pools) {
    if (point >= static_cast<std::uint64_t>(pool.weight)) {
      point -= static_cast<std::uint64_t>(pool.weight);
      continue;
    }
    exchange.pool = &pool;
    exchange.target = next_target(exchange, pool);
    return exchange.target != nullptr;
  }
  return false;
}

// After a failed connect: another target of the release, then of the other releases in the split,
// as the newest table has them.
bool Worker::choose_other(Exchange& exchange) {
  if (exchange.attempts >= Exchange::kMostAttempts) return false;
  const ReleaseRuntime* release = exchange.pool->release.get();
  if (const RouteService* now = routes_->service_of(exchange.service->runtime.get())) {
    exchange.routes = routes_;
    exchange.service = now;
    exchange.pool = nullptr;
    for (const RoutePool& pool : now->pools) {
      if (pool.release.get() == release) exchange.pool = &pool;
    }
  }
  if (exchange.pool != nullptr) exchange.target = next_target(exchange, *exchange.pool);
  for (const RoutePool& pool : exchange.service->pools) {
    if (exchange.target != nullptr) break;
    if (pool.weight == 0 || &pool == exchange.pool) continue;
    exchange.target = next_target(exchange, pool);
    if (exchange.target != nullptr) exchange.pool = &pool;
  }
  return exchange.target != nullptr;
}

}  // namespace slipway::edge

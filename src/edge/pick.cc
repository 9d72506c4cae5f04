// Which target of a release answers a request.
#include <algorithm>

#include "edge/balance.h"
#include "edge/ejection.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

Load load_of(const RoutePool& pool, std::size_t index) {
  const bool weighted = index < pool.weights.size();
  return {pool.targets[index]->in_flight(), weighted ? pool.weights[index] : 1};
}

// Reads and writes take turns apart: requests that alternate would always meet the same ones.
std::uint64_t take_turn(const RoutePool& pool, std::size_t from) {
  ReleaseRuntime& release = *pool.release;
  auto& turn = from == 0 ? release.turn : release.read_turn;
  return turn.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// Not tried for this request, and well.
bool Worker::is_free(const Exchange& exchange, const TargetRuntime& target) const {
  const auto* end = exchange.tried + exchange.attempts;
  return std::find(exchange.tried, end, &target) == end && is_well(target, now_ms_);
}

// The target that the client's cookie names, when it can answer.
TargetRuntime* Worker::known_target(const Exchange& exchange, const RoutePool& pool) const {
  for (std::size_t i = 0; i < pool.tags.size(); ++i) {
    TargetRuntime& target = *pool.targets[i];
    if (pool.tags[i] != exchange.course.tag || !is_free(exchange, target)) continue;
    if (claim_trial(target, exchange.service->config.traffic.ejection, now_ms_)) return &target;
  }
  return nullptr;
}

TargetRuntime* Worker::next_target(const Exchange& exchange, const RoutePool& pool) {
  const Range readers{pool.writers, pool.targets.size() - pool.writers};
  const Range writers{0, pool.writers};
  if (exchange.course.reads && readers.size > 0) {
    if (TargetRuntime* reader = pick_well(exchange, pool, readers)) return reader;
  }
  if (TargetRuntime* writer = pick_well(exchange, pool, writers)) return writer;
  return pick_any(exchange, pool, writers);  // better than nothing
}

TargetRuntime* Worker::pick_well(const Exchange& exchange, const RoutePool& pool, Range range) {
  // A trial lost to another worker makes its target one that is not well: the next round skips it.
  for (std::size_t round = 0; round < range.size; ++round) {
    TargetRuntime* target = nullptr;
    if (range.size == 1 || pool.balance == Balance::RoundRobin) {
      target = pick_in_turn(exchange, pool, range);
    } else if (pool.balance == Balance::TwoChoices) {
      target = pick_of_two(exchange, pool, range);
    } else {
      target = pick_lightest(exchange, pool, range);
    }
    if (target == nullptr) return nullptr;
    if (claim_trial(*target, exchange.service->config.traffic.ejection, now_ms_)) return target;
  }
  return nullptr;
}

TargetRuntime* Worker::pick_in_turn(const Exchange& exchange, const RoutePool& pool, Range range) {
  const bool ordered = range.from == 0 && !pool.order.empty();
  const std::size_t places = ordered ? pool.order.size() : range.size;
  const std::uint64_t turn = places == 1 ? 0 : take_turn(pool, range.from);
  for (std::size_t i = 0; i < places; ++i) {
    const std::size_t place = (turn + i) % places;
    TargetRuntime& target = *pool.targets[ordered ? pool.order[place] : range.from + place];
    if (is_free(exchange, target)) return &target;
  }
  return nullptr;
}

// The one with the fewest requests in flight for its weight; equal ones in turn.
TargetRuntime* Worker::pick_lightest(const Exchange& exchange, const RoutePool& pool, Range range) {
  const std::uint64_t turn = take_turn(pool, range.from);
  TargetRuntime* lightest = nullptr;
  Load least;
  for (std::size_t i = 0; i < range.size; ++i) {
    const std::size_t index = range.from + (turn + i) % range.size;
    if (!is_free(exchange, *pool.targets[index])) continue;
    const Load load = load_of(pool, index);
    if (lightest != nullptr && !is_lighter(load, least)) continue;
    lightest = pool.targets[index].get();
    least = load;
  }
  return lightest;
}

// The lighter of two at random: nearly as even as asking all of them, and workers that look at the
// same moment do not all run to the same target.
TargetRuntime* Worker::pick_of_two(const Exchange& exchange, const RoutePool& pool, Range range) {
  const std::uint64_t random = next_request_id();
  const std::size_t one = (random >> 32) % range.size;
  const std::size_t other = (one + 1 + (random & 0xffffffff) % (range.size - 1)) % range.size;
  const std::size_t a = range.from + one;
  const std::size_t b = range.from + other;
  const bool a_free = is_free(exchange, *pool.targets[a]);
  const bool b_free = is_free(exchange, *pool.targets[b]);
  if (!a_free && !b_free) return pick_lightest(exchange, pool, range);
  const bool take_b = !a_free || (b_free && is_lighter(load_of(pool, b), load_of(pool, a)));
  return pool.targets[take_b ? b : a].get();
}

TargetRuntime* Worker::pick_any(const Exchange& exchange, const RoutePool& pool,
                                Range range) const {
  const std::uint64_t turn = range.size < 2 ? 0 : take_turn(pool, range.from);
  const auto* end = exchange.tried + exchange.attempts;
  for (std::size_t i = 0; i < range.size; ++i) {
    TargetRuntime* target = pool.targets[range.from + (turn + i) % range.size].get();
    if (std::find(exchange.tried, end, target) == end) return target;
  }
  return nullptr;
}

}  // namespace slipway::edge

// What is counted for whom. A user's request counts once for each release that got it; a preview
// and a mirrored copy count apart, so that they never move a verdict about users.
#include <algorithm>

#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr int kServerError = 500;

// How long it took.
std::uint64_t add_answer(ReleaseCounters& counters, int status, std::uint64_t began_us) {
  bump(counters.requests);
  const auto kind = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
  bump(counters.by_class[kind]);
  const std::uint64_t took_us = static_cast<std::uint64_t>(io::monotonic_us()) - began_us;
  counters.latency_us.record(took_us);
  return took_us;
}

}  // namespace

ReleaseCounters& Worker::counters_of(const TargetRuntime& target) {
  return target.release->counters[index_];
}

void Worker::count(Exchange& exchange, int status) {
  const TargetRuntime* target = exchange.target;
  if (target == nullptr || exchange.counted == target->release.get()) return;
  exchange.counted = target->release.get();
  if (exchange.course.whose != Course::For::User) return count_apart(exchange, status);
  exchange.head_us = add_answer(counters_of(*target), status, exchange.began_us);
  target->release->routes[index_].count(exchange.route, exchange.head_us);
  target->release->service->routes.hear(exchange.route, status, now_s());
  if (status >= kServerError) charge(exchange);
}

void Worker::count_apart(Exchange& exchange, int status) {
  const ReleaseRuntime& release = *exchange.target->release;
  if (exchange.course.whose == Course::For::Bridge) return bump(release.counters[index_].bridged);
  if (release.previewed == nullptr) return;
  exchange.head_us = add_answer(release.previewed[index_], status, exchange.began_us);
  if (status >= kServerError) charge(exchange);
}

void Worker::count_failure(Exchange& exchange) {
  if (exchange.target == nullptr) return;
  if (exchange.course.whose == Course::For::User)
    bump(counters_of(*exchange.target).upstream_failures);
  charge(exchange);
}

// The release answered this request badly, or not at all: once, however often it was tried.
void Worker::charge(Exchange& exchange) {
  const ReleaseRuntime* release = exchange.target->release.get();
  for (const ReleaseRuntime*& known : exchange.charged) {
    if (known == release) return;
    if (known != nullptr) continue;
    known = release;
    break;
  }
  if (exchange.course.whose == Course::For::User) {
    bump(release->counters[index_].errors);
    release->routes[index_].charge(exchange.route);
  }
  if (exchange.course.whose == Course::For::Preview && release->previewed != nullptr)
    bump(release->previewed[index_].errors);
}

void Worker::count_mirrored(const TargetRuntime& target, int status, std::uint64_t began_us) {
  const ReleaseRuntime& release = *target.release;
  if (release.mirrored == nullptr) return;
  add_answer(release.mirrored[index_], status, began_us);
  if (status >= kServerError) bump(release.mirrored[index_].errors);
}

}  // namespace slipway::edge

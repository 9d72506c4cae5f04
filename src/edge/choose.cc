// Which release answers a request; which of its targets is pick.cc's.
#include <algorithm>

#include "edge/balance.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

const RoutePool* pool_by_turn(const RouteService& service) {
  const std::vector<RoutePool>& pools = service.pools;
  const auto whole = std::find_if(pools.begin(), pools.end(),
                                  [](const RoutePool& p) { return p.weight == kWholeWeight; });
  if (whole != pools.end()) return &*whole;
  std::uint64_t point =
      golden_point(service.runtime->split_turn.fetch_add(1, std::memory_order_relaxed));
  for (const RoutePool& pool : pools) {
    const auto weight = static_cast<std::uint64_t>(pool.weight);
    if (point < weight) return &pool;
    point -= weight;
  }
  return nullptr;
}

const RoutePool* first_with_weight(const std::vector<RoutePool>& pools) {
  const auto first = std::find_if(pools.begin(), pools.end(),
                                  [](const RoutePool& pool) { return pool.weight > 0; });
  return first == pools.end() ? nullptr : &*first;
}

}  // namespace

void Worker::set_course(Exchange& exchange, const http::RequestHead& head, const Match& match) {
  const std::size_t strip = match.service->config.strip_prefix ? match.prefix : 0;
  exchange.course = read_course(*match.service, head,
                                {exchange.client->peer, head.path.substr(strip),
                                 now_ms_ + wall_offset_ms_, next_request_id()});
  const Traffic& traffic = match.service->config.traffic;
  if (match.service->retries_answers) budget_of(exchange).earn(traffic.retry.budget_percent);
  if (match.service->mirror < 0 || !exchange.course.is_safe) return;
  const std::uint64_t turn =
      match.service->runtime->mirror_turn.fetch_add(1, std::memory_order_relaxed);
  exchange.course.mirrors = golden_point(turn) < static_cast<std::uint64_t>(traffic.mirror.share);
}

// What only an answer can tell: which target the client shall come back to, and when it wrote.
void Worker::mark_answer(const Exchange& exchange, const http::ResponseHead& head,
                         ResponseRewrite& rewrite) {
  const Course& course = exchange.course;
  const RoutePool& pool = *exchange.pool;
  if (course.whose == Course::For::Preview) rewrite.release = pool.release->release;
  if (course.wrote) rewrite.leave_out = kWriterAffinity;
  AnswerFacts facts{exchange.client->secure || course.secure, now_ms_ + wall_offset_ms_,
                    course.tag};
  for (std::size_t i = 0; i < pool.tags.size(); ++i) {
    if (pool.targets[i].get() == exchange.target) facts.tag = pool.tags[i];
  }
  cookies_out_.clear();
  write_cookies(course, *exchange.service, pool, head.headers, facts, cookies_out_);
  rewrite.extra = cookies_out_;
}

const RoutePool* Worker::choose_pool(const Exchange& exchange) const {
  const Course& course = exchange.course;
  const std::vector<RoutePool>& pools = exchange.service->pools;
  switch (course.release) {
    case Course::Release::ByTurn:
      return pool_by_turn(*exchange.service);
    case Course::Release::Last:
      if (!pools.empty() && pools.back().writers > 0) return &pools.back();
      return pool_for_client(pools, course.point);
    case Course::Release::ByPoint:
      return pool_for_client(pools, course.point);
    case Course::Release::First:
      return first_with_weight(pools);
    case Course::Release::Named:
      return &pools[course.named];
    case Course::Release::Unknown:
      return nullptr;
  }
  ASSERT(false);
}

bool Worker::choose_first(Exchange& exchange) {
  exchange.pool = choose_pool(exchange);
  if (exchange.pool == nullptr) return false;
  if (exchange.course.tag != 0) exchange.target = known_target(exchange, *exchange.pool);
  if (exchange.target == nullptr) exchange.target = next_target(exchange, *exchange.pool);
  return exchange.target != nullptr;
}

void Worker::nobody_chosen(Exchange& exchange) {
  // A smoke test must never be answered by another release than the one it asked for.
  if (exchange.course.release == Course::Release::Unknown)
    return answer_exchange(exchange, 404, "the service has no release of this name\n");
  answer_exchange(exchange, 503, "the service has no target\n");
}

// Another target, as the newest table has them. What never reached one tries its own release first;
// after an answer that was bad the release with the most weight is the safer one.
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
  if (exchange.course.retried && exchange.course.whose == Course::For::User) {
    for (const RoutePool& pool : exchange.service->pools) {
      if (exchange.pool == nullptr || pool.weight > exchange.pool->weight) exchange.pool = &pool;
    }
  }
  if (exchange.pool != nullptr) exchange.target = next_target(exchange, *exchange.pool);
  if (exchange.course.whose == Course::For::Preview) return exchange.target != nullptr;
  for (const RoutePool& pool : exchange.service->pools) {
    if (exchange.target != nullptr) break;
    if (pool.weight == 0 || &pool == exchange.pool) continue;
    exchange.target = next_target(exchange, pool);
    if (exchange.target != nullptr) exchange.pool = &pool;
  }
  return exchange.target != nullptr;
}

}  // namespace slipway::edge

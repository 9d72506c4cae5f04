// When an attempt or an answer is not the last word: another target is asked instead.
#include <algorithm>

#include "edge/ejection.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr int kBadGateway = 502;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;
constexpr int kServerError = 500;
constexpr int kNotFound = 404;
constexpr int kClientError = 400;

bool covers(const Retry& retry, Failure why) {
  switch (why) {
    case Failure::ConnectRefused:
    case Failure::ConnectTimeout:
      return retry.connect;
    case Failure::Closed:
      return retry.reset;
    case Failure::Timeout:
      return retry.timeout;
    case Failure::Garbled:
      return retry.bad_gateway;
  }
  ASSERT(false);
}

bool covers(const Retry& retry, int status) {
  return (status == kBadGateway && retry.bad_gateway) ||
         (status == kUnavailable && retry.unavailable) ||
         (status == kGatewayTimeout && retry.timeout);
}

// Compares places only: a target that was tried may have left with an older table.
bool was_asked(const Exchange& exchange, const RoutePool& pool) {
  const auto* end = exchange.tried + exchange.attempts;
  return std::any_of(pool.targets.begin(), pool.targets.end(), [&](const auto& target) {
    return std::find(exchange.tried, end, target.get()) != end;
  });
}

// Nothing is left to read of this answer: its connection can serve the next request.
bool is_read(const http::ResponseHead& head, std::size_t rest) {
  using Kind = http::BodyFraming::Kind;
  const bool whole = (head.framing.kind == Kind::None && rest == 0) ||
                     (head.framing.kind == Kind::Length && head.framing.length == rest);
  return head.keep_alive && whole;
}

}  // namespace

// What the answer says about the target's health.
void Worker::hear(Exchange& exchange, int status) {
  const Ejection& rule = exchange.service->config.traffic.ejection;
  if (status < kServerError || rule.bad_answers == 0) return note_answer(*exchange.target);
  note_trouble(*exchange.target, Trouble::BadAnswer, rule, exchange.pool->targets, now_ms_);
}

void Worker::hear(Exchange& exchange, Failure why) {
  const bool connect = why == Failure::ConnectRefused || why == Failure::ConnectTimeout;
  note_trouble(*exchange.target, connect ? Trouble::Connect : Trouble::BadAnswer,
               exchange.service->config.traffic.ejection, exchange.pool->targets, now_ms_);
}

RetryBudget& Worker::budget_of(const Exchange& exchange) const {
  return exchange.service->runtime->budgets[index_];
}

// After a failed attempt. A connect that failed has reached nobody and costs no budget.
bool Worker::goes_on(Exchange& exchange, Failure why, int status) {
  if (!covers(exchange.service->config.traffic.retry, why)) return false;
  const bool connect = why == Failure::ConnectRefused || why == Failure::ConnectTimeout;
  if (connect) return move_elsewhere(exchange, status, false);
  return retry(exchange, status, false);
}

// Once per request, within the budget of the service.
bool Worker::retry(Exchange& exchange, int status, bool reusable) {
  if (!exchange.course.may_retry || exchange.course.retried || exchange.status != 0) return false;
  RetryBudget& budget = budget_of(exchange);
  if (!budget.spend(now_ms_)) return false;
  exchange.course.retried = true;
  if (move_elsewhere(exchange, status, reusable)) return true;
  budget.give_back();
  return false;
}

// The request, which ended with `status` where it is, goes to another target. False: there is none,
// and everything is as it was.
bool Worker::move_elsewhere(Exchange& exchange, int status, bool reusable) {
  TargetRuntime* failed = exchange.target;
  const RoutePool* failed_pool = exchange.pool;
  const RouteService* service = exchange.service;
  const std::shared_ptr<const Routes> keep = exchange.routes;
  exchange.target = nullptr;
  const bool found = choose_other(exchange);
  TargetRuntime* chosen = exchange.target;
  exchange.target = failed;
  if (!found) {
    exchange.routes = keep;
    exchange.service = service;
    exchange.pool = failed_pool;
    return false;
  }
  // The release that was chosen first answers for its failure, whoever answers the client.
  if (exchange.pool->release != failed_pool->release) count(exchange, status);
  // The newest table may have chosen; the connection stays only if that table knows its target.
  detach(exchange, reusable && routes_->has_target(failed));
  exchange.target = chosen;
  attempt(exchange);
  return true;
}

// A release that does not have the asset may only be too new or too old for the page that names it.
bool Worker::ask_next_release(Exchange& exchange, bool reusable) {
  if (exchange.attempts >= Exchange::kMostAttempts) return false;
  for (const RoutePool& pool : exchange.service->pools) {
    if (was_asked(exchange, pool)) continue;
    TargetRuntime* target = next_target(exchange, pool);
    if (target == nullptr) continue;
    detach(exchange, reusable);
    exchange.course.whose = Course::For::Bridge;
    exchange.pool = &pool;
    exchange.target = target;
    attempt(exchange);
    return true;
  }
  return false;
}

// A bridge that leads nowhere: the answer is that of the release chosen first.
void Worker::end_bridge(Exchange& exchange) {
  if (ask_next_release(exchange, false)) return;
  answer_exchange(exchange, kNotFound, "not found\n");
}

// The head of an answer that the client need not see. True: another target is asked.
bool Worker::turns_elsewhere(Exchange& exchange, const http::ResponseHead& head, std::size_t rest) {
  const Course& course = exchange.course;
  const bool reusable = is_read(head, rest) && exchange.head_sent == exchange.head.size();
  if (course.whose == Course::For::Bridge && head.status >= kClientError) {
    if (ask_next_release(exchange, reusable)) return true;
    if (head.status == kNotFound) return false;
    end_bridge(exchange);
    return true;
  }
  if (course.is_asset && head.status == kNotFound) {
    count(exchange, head.status);
    return ask_next_release(exchange, reusable);
  }
  if (!covers(exchange.service->config.traffic.retry, head.status)) return false;
  charge(exchange);
  return retry(exchange, head.status, reusable);
}

}  // namespace slipway::edge

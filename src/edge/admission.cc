// Whether a request may go on to its service: limits per client and route, access lists, the size
// of what it brings.
#include <fmt/format.h>

#include "edge/forwarded.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kMilliNs = 1'000'000;
constexpr std::string_view kPlain = "text/plain; charset=utf-8";

std::uint64_t seconds_up(std::uint64_t ns) { return (ns + kSecondNs - 1) / kSecondNs; }

// RateLimit-* as most clients read them; RateLimit-Policy says what they refer to (IETF draft
// "RateLimit header fields for HTTP").
LocalAnswer too_often(const LimitRule& rule, const Verdict& verdict) {
  LocalAnswer answer{429, kPlain, "too many requests\n", ""};
  const std::int64_t burst = rule.rate.burst > 0 ? rule.rate.burst : rule.rate.requests;
  answer.extra = fmt::format(
      "Retry-After: {}\r\nRateLimit-Limit: {}\r\nRateLimit-Remaining: {}\r\nRateLimit-Reset: {}\r\n"
      "RateLimit-Policy: {};w={};burst={}\r\n",
      std::max<std::uint64_t>(seconds_up(verdict.next_token_in_ns), 1), rule.rate.requests,
      verdict.remaining, seconds_up(verdict.full_in_ns), rule.rate.requests, rule.rate.per_s,
      burst);
  return answer;
}

LocalAnswer too_many_of_client() {
  return {429, kPlain, "too many of your requests are running\n", "Retry-After: 1\r\n"};
}

LocalAnswer too_many() {
  return {503, kPlain, "too many requests are running\n", "Retry-After: 1\r\n"};
}

}  // namespace

// The name a client has in the counts and buckets of one rule: apart for each rule.
std::uint64_t Worker::limited_name(const Address& from, const http::RequestHead& head,
                                   const RouteService& service, std::uint64_t rule) const {
  const std::string& header = service.config.shield.client_header;
  const std::string_view value =
      header.empty() ? std::string_view() : head.headers.value_of(header);
  return value.empty() ? gate_.name_of(rule, from) : gate_.name_of(rule, value);
}

// True when the request must not reach the service; `answer` is then what the client is told.
bool Worker::refuses(Client& client, const http::RequestHead& head, const Match& match,
                     LocalAnswer& answer) {
  const RouteService& service = *match.service;
  const std::int64_t most = service.config.shield.max_request_body;
  if (most > 0 && head.framing.kind == http::BodyFraming::Kind::Length &&
      head.framing.length > static_cast<std::uint64_t>(most)) {
    gate_.refused(Refusal::RequestBody);
    answer = {413, kPlain, "the request body is too large\n", ""};
    return true;
  }
  if (service.guard == nullptr) return false;
  const Address from = client_address(head.headers, client.peer, service);
  if (!service.guard->admits(from)) {
    gate_.refused(Refusal::Access);
    answer = {403, kPlain, "this address may not come here\n", ""};
    return true;
  }
  const LimitRule* rules[] = {service.guard->own_rule(),
                              service.guard->route_rule(head.method, head.path)};
  // A request that was held has paid already.
  const bool paid = client.held_until_ms != 0;
  for (const LimitRule* rule : rules) {
    if (rule == nullptr || paid || !rule->rate.on()) continue;
    const Verdict verdict = gate_.buckets().take(limited_name(from, head, service, rule->id),
                                                 rule->bucket, now_ms_ * kMilliNs);
    if (verdict.passes) continue;
    gate_.refused(Refusal::Rate);
    answer = too_often(*rule, verdict);
    return true;
  }
  if (service.config.state == ServiceState::Paused) return false;  // counted when it goes on
  for (const LimitRule* rule : rules) {
    if (rule != nullptr && !takes_place(from, head, service, *rule, answer)) {
      leave_places(places_);
      gate_.refused(Refusal::Concurrency);
      return true;
    }
  }
  return false;
}

// Counts the request among those that run, as long as there is room; in places_ until its exchange
// takes them over.
bool Worker::takes_place(const Address& from, const http::RequestHead& head,
                         const RouteService& service, const LimitRule& rule, LocalAnswer& answer) {
  if (rule.concurrent_per_client > 0) {
    const std::uint64_t who = limited_name(from, head, service, rule.id + 1);
    if (!gate_.counts().enter(who, rule.concurrent_per_client)) {
      answer = too_many_of_client();
      return false;
    }
    places_.add(who);
  }
  if (rule.concurrent > 0) {
    const std::uint64_t all = gate_.name_of(rule.id + 2, std::string_view());
    if (!gate_.counts().enter(all, rule.concurrent)) {
      answer = too_many();
      return false;
    }
    places_.add(all);
  }
  return true;
}

void Worker::leave_places(Places& places) {
  for (std::size_t i = 0; i < places.size; ++i) gate_.counts().leave(places.names[i]);
  places.size = 0;
}

// Called when all of the answer has come, and when the exchange is over: what it held of a limit is
// free again.
void Worker::let_go(Exchange& exchange) { leave_places(exchange.places); }

// The service's own page for what the edge answers, if it has one.
void Worker::dress(const RouteService* service, LocalAnswer& answer) const {
  if (service != nullptr && service->guard != nullptr)
    service->guard->use_error_page(service->config, answer);
}

}  // namespace slipway::edge

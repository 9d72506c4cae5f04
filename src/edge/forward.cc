// From a routed request to an upstream connection: attempts, and what happens when one fails.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "edge/forwarded.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr int kBadGateway = 502;
constexpr int kGatewayTimeout = 504;
constexpr std::size_t kSpareExchanges = 256;
constexpr std::size_t kMostKeptBuffer = 16 * 1024;

int status_of(Failure why) {
  const bool late = why == Failure::Timeout || why == Failure::ConnectTimeout;
  return late ? kGatewayTimeout : kBadGateway;
}

void trim_buffer(std::string& buffer) {
  if (buffer.capacity() > kMostKeptBuffer) std::string().swap(buffer);
  buffer.clear();
}

}  // namespace

Exchange& Worker::take_exchange(Client& client) {
  std::unique_ptr<Exchange> owned;
  if (spare_exchanges_.empty()) {
    owned = std::make_unique<Exchange>();
  } else {
    owned = std::move(spare_exchanges_.back());
    spare_exchanges_.pop_back();
  }
  Exchange& exchange = *owned.release();
  exchange.client = &client;
  exchange.places = std::exchange(places_, Places());
  exchange.began_us = static_cast<std::uint64_t>(io::monotonic_us());
  exchange.before = exchange_list_.before;
  exchange.after = &exchange_list_;
  exchange.before->after = exchange.after->before = &exchange;
  client.exchange = &exchange;
  client.phase = Client::Phase::Busy;
  busy_count_.fetch_add(1, std::memory_order_relaxed);
  return exchange;
}

// The exchange is over; its buffers serve the next one.
void Worker::recycle(Exchange& exchange) {
  ASSERT(exchange.upstream == nullptr && exchange.target == nullptr);
  let_go(exchange);
  log_exchange(exchange);
  end_encoding(exchange);
  exchange.before->after = exchange.after;
  exchange.after->before = exchange.before;
  exchange.client->exchange = nullptr;
  exchange.client->phase = Client::Phase::Idle;
  busy_count_.fetch_sub(1, std::memory_order_relaxed);
  std::unique_ptr<Exchange> owned(&exchange);
  if (spare_exchanges_.size() >= kSpareExchanges) return;
  std::string head = std::move(exchange.head);
  std::string body = std::move(exchange.to_upstream);
  std::string note = exchange.note.take_buffer();
  std::destroy_at(&exchange);
  std::construct_at(&exchange);
  trim_buffer(head);
  trim_buffer(body);
  exchange.head = std::move(head);
  exchange.to_upstream = std::move(body);
  exchange.note.give_buffer(std::move(note));
  spare_exchanges_.push_back(std::move(owned));
}

void Worker::forward(Client& client, const http::RequestHead& head, const Match& match,
                     std::string_view bytes, bool own) {
  Exchange& exchange = take_exchange(client);
  exchange.routes = routes_;
  exchange.service = match.service;
  exchange.route = match.service->runtime->routes.mark(head.path, match.prefix, now_s());
  exchange.request_framing = head.framing;
  // Its frames end the body; the chunks are for the upstream.
  if (client.kind == Socket::Kind::Stream && head.framing.kind == http::BodyFraming::Kind::Chunked)
    exchange.request_framing.kind = http::BodyFraming::Kind::UntilClose;
  exchange.request_left = head.framing.length;
  exchange.request_done = !head.framing.has_body();
  exchange.is_head = head.method == "HEAD";
  exchange.may_repeat = exchange.request_done && http::is_idempotent(head.method) && !head.upgrade;
  exchange.wants_upgrade = head.upgrade;
  exchange.keep_alive = head.keep_alive;
  exchange.minor = head.minor;
  note_exchange(exchange, head);
  if (match.service->reads_course) set_course(exchange, head, match);
  note_accepted_coding(exchange, head);
  const Service& service = match.service->config;
  const std::string ip = ip_text(client.peer);
  RequestRewrite rewrite;
  rewrite.strip = service.strip_prefix ? match.prefix : 0;
  rewrite.trust_forwarded = trusts(*match.service, client.peer);
  rewrite.trace = service.traceparent;
  rewrite.client_ip = ip;
  if (client.secure) rewrite.proto = "https";
  rewrite.now_unix_ms = now_ms_ + wall_offset_ms_;
  rewrite.random = next_request_id();
  exchange.note.made_id = rewrite.random;
  exchange.note.made_id_ms = static_cast<std::uint32_t>(rewrite.now_unix_ms);
  for (std::uint64_t& random : rewrite.trace_random) random = next_request_id();
  write_request_head(head, rewrite, exchange.head);
  const std::size_t head_size = head.size;
  const bool expects_continue = head.expect_continue;
  const std::size_t used = head_size + take_request_body(exchange, bytes.substr(head_size));
  keep_rest(client, bytes, used, own);
  if (exchange.request_framing.kind == http::BodyFraming::Kind::Chunked &&
      exchange.request_chunks.problem().status != 0)
    return answer_exchange(exchange, 400, "the chunked body is malformed\n");
  if (request_too_large(exchange)) return refuse_request_body(exchange);
  if (!choose_first(exchange)) return nobody_chosen(exchange);
  if (exchange.course.mirrors) begin_mirror(exchange);
  if (gathers(exchange)) return begin_gathering(exchange, expects_continue);
  attempt(exchange);
}

void Worker::attempt(Exchange& exchange) {
  TargetRuntime& target = *exchange.target;
  exchange.tried[exchange.attempts++] = &target;
  target.gauges[index_].in_flight.fetch_add(1, std::memory_order_relaxed);
  exchange.head_sent = 0;
  exchange.upload_dead = false;
  exchange.end = LogEnd::Complete;
  exchange.response_due_ms = 0;
  exchange.response_in.clear();
  Upstream* upstream = exchange.repeated ? nullptr : take_pooled(exchange);
  if (upstream == nullptr) upstream = connect(target);
  if (upstream == nullptr) return fail(exchange, Failure::ConnectRefused);
  attach(exchange, *upstream);
  if (upstream->connected && !send_request(exchange)) return;
  set_exchange_deadline(exchange);
}

Upstream* Worker::take_pooled(const Exchange& exchange) {
  const auto pool = pools_.find(exchange.target);
  if (pool == pools_.end()) return nullptr;
  while (!pool->second.empty()) {
    Upstream* upstream = pool->second.back();
    pool->second.pop_back();
    char byte = 0;
    // What can not be sent twice must not meet a connection the upstream has just closed.
    const bool stale =
        upstream->peer_done ||
        (!exchange.may_repeat &&
         !(recv(upstream->fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN));
    if (!stale) return upstream;
    bury_upstream(*upstream);
  }
  return nullptr;
}

Upstream* Worker::connect(const TargetRuntime& target) {
  auto owned = std::make_unique<Upstream>();
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  owned->fd.reset(socket(target.address.family(), type, 0));
  if (!owned->fd) return nullptr;
  tune_socket(owned->fd.get(), target.address);
  const int got = ::connect(owned->fd.get(), target.address.get(), target.address.size);
  if (got < 0 && errno != EINPROGRESS) return nullptr;
  owned->connected = got == 0;
  Upstream& upstream = *owned.release();
  upstream.deadline.owner = static_cast<Socket*>(&upstream);
  if (watch(upstream)) return &upstream;
  bury_upstream(upstream);
  return nullptr;
}

// The deadline of its stay in the pool stays set: to move it there again costs one store.
void Worker::attach(Exchange& exchange, Upstream& upstream) {
  upstream.exchange = &exchange;
  upstream.target = exchange.target;
  exchange.upstream = &upstream;
}

void Worker::release_target(Exchange& exchange) {
  if (exchange.target == nullptr) return;
  exchange.target->gauges[index_].in_flight.fetch_sub(1, std::memory_order_release);
  exchange.target = nullptr;
}

// Lets go of the upstream connection and of the target.
void Worker::detach(Exchange& exchange, bool reusable) {
  if (Upstream* upstream = exchange.upstream) {
    exchange.upstream = nullptr;
    upstream->exchange = nullptr;
    const bool known =
        exchange.routes == routes_ || (routes_ && routes_->has_target(upstream->target));
    if (reusable && known && running_) {
      put_in_pool(*upstream);
    } else {
      bury_upstream(*upstream);
    }
  }
  release_target(exchange);
}

void Worker::put_in_pool(Upstream& upstream) {
  std::vector<Upstream*>& pool = pools_[upstream.target];
  if (upstream.peer_done || pool.size() >= limits_.pooled) return bury_upstream(upstream);
  upstream.reused = true;
  upstream.readable = false;
  pool.push_back(&upstream);
  wheel_.set(upstream.deadline,
             now_ms_ + static_cast<std::uint64_t>(limits_.pool_idle_time.count()), now_ms_);
}

void Worker::drop_from_pool(Upstream& upstream) {
  if (const auto pool = pools_.find(upstream.target); pool != pools_.end())
    std::erase(pool->second, &upstream);
}

void Worker::on_upstream(Upstream& upstream, std::uint32_t events) {
  if (upstream.exchange == nullptr) {
    // Closed by the upstream, or it talks without being asked: neither is fit for another request.
    if (!upstream.peer_done && !upstream.readable) return;
    drop_from_pool(upstream);
    return bury_upstream(upstream);
  }
  Exchange& exchange = *upstream.exchange;
  if (!upstream.connected) {
    if (upstream.broken) return fail(exchange, Failure::ConnectRefused);
    if ((events & EPOLLOUT) == 0) return;
    upstream.connected = true;
  }
  if (exchange.tunnel) return pump_tunnel(exchange);
  if (exchange.response_done) return;
  if ((events & EPOLLOUT) != 0 && !upstream.peer_done) {
    if (!send_request(exchange) || !pump_request(exchange)) return;
  }
  if (may_read_on(exchange) && upstream.readable && !pump_response(exchange)) return;
  set_exchange_deadline(exchange);
}

void Worker::fail(Exchange& exchange, Failure why) {
  TargetRuntime& target = *exchange.target;
  const bool stale = exchange.upstream != nullptr && exchange.upstream->reused &&
                     why == Failure::Closed && exchange.response_in.empty() &&
                     exchange.may_repeat && !exchange.repeated;
  if (stale) {
    // The connection was closed under us while it waited in the pool: nobody's fault, once.
    exchange.repeated = true;
    detach(exchange, false);
    --exchange.attempts;
    exchange.target = &target;
    return attempt(exchange);
  }
  count_failure(exchange);
  hear(exchange, why);
  if (exchange.course.whose == Course::For::Bridge) return end_bridge(exchange);
  if (goes_on(exchange, why, status_of(why))) return;
  give_up(exchange, why);
}

void Worker::give_up(Exchange& exchange, Failure why) {
  const bool late = why == Failure::Timeout || why == Failure::ConnectTimeout;
  exchange.end = late ? LogEnd::Timeout : LogEnd::UpstreamFailed;
  if (exchange.response_started) return abort_exchange(exchange);
  const int status = status_of(why);
  answer_exchange(exchange, status,
                  status == kGatewayTimeout ? "the service did not answer in time\n"
                                            : "the service could not be reached\n");
}

// Ends both sides at once. A half-sent response must never look complete, so nothing polite is
// said.
void Worker::abort_exchange(Exchange& exchange) {
  Client& client = *exchange.client;
  constexpr int kClientLeft = 499;
  if (exchange.status == 0) count(exchange, kClientLeft);
  if (exchange.end == LogEnd::Complete) exchange.end = LogEnd::ClientLeft;
  detach(exchange, false);
  reset_when_closed(client);
  recycle(exchange);
  close_client(client);
}

void Worker::set_exchange_deadline(Exchange& exchange) {
  const Timeouts& timeouts = exchange.service->config.timeouts;
  Client& client = *exchange.client;
  if (exchange.tunnel) return set_deadline(client, timeouts.tunnel_idle);
  if (!client.out.empty()) return await_reader(exchange);
  exchange.reader_since_ms = 0;
  if (exchange.upstream == nullptr) return set_deadline(client, timeouts.response);
  if (!exchange.upstream->connected) return set_deadline(client, timeouts.connect);
  if (exchange.status != 0) return set_deadline(client, timeouts.upstream_idle);
  if (!exchange.request_done && exchange.to_upstream.empty()) return await_body(exchange);
  exchange.upload_pace.rest(now_ms_);
  if (exchange.response_due_ms == 0 || !exchange.request_done)
    exchange.response_due_ms = now_ms_ + static_cast<std::uint64_t>(timeouts.response.count());
  wheel_.set(client.deadline, exchange.response_due_ms, now_ms_);
}

void Worker::exchange_due(Exchange& exchange) {
  const bool client_slow = !exchange.client->out.empty();
  if (client_slow && !exchange.tunnel && reader_keeps_up(exchange)) return;
  exchange.end = LogEnd::Timeout;
  if (client_slow) gate_.refused(Refusal::SlowReader);
  if (exchange.tunnel || client_slow) return abort_exchange(exchange);
  if (exchange.gathered_for != nullptr) return body_is_late(exchange);
  if (exchange.upstream != nullptr && !exchange.upstream->connected)
    return fail(exchange, Failure::ConnectTimeout);
  if (exchange.status != 0) {
    count_failure(exchange);
    return abort_exchange(exchange);
  }
  if (!exchange.request_done && exchange.to_upstream.empty()) return body_is_late(exchange);
  fail(exchange, Failure::Timeout);
}

}  // namespace slipway::edge

// How large a body may be, how slowly it may go, and what is kept of it: a request body gathered
// before its target sees anything of it, a response read ahead of a slow client. Memory for either
// is bounded by the service's buffer_memory; what is larger streams.
#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>

#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kFirstLookMs = 1'000;
using Kind = http::BodyFraming::Kind;
using TcpFacts = struct tcp_info;

std::uint64_t body_bytes_read(const Exchange& exchange) {
  if (exchange.request_framing.kind == Kind::Length)
    return exchange.request_framing.length - exchange.request_left;
  return exchange.bytes_in;
}

// What the client has really taken so far: of a connection what its peer acknowledged, whatever our
// buffers hold; of a stream what its windows let through.
std::uint64_t taken_by_client(const Exchange& exchange) {
  Client& client = *exchange.client;
  if (const Stream* stream = stream_of(client))
    return exchange.bytes_out + stream->out_taken - client.out.size();
  TcpFacts facts{};
  socklen_t size = sizeof facts;
  if (getsockopt(client.fd.get(), IPPROTO_TCP, TCP_INFO, &facts, &size) != 0) return 0;
  return facts.tcpi_bytes_acked;
}

}  // namespace

bool Worker::request_too_large(const Exchange& exchange) const {
  const std::int64_t most = exchange.service->config.shield.max_request_body;
  return most > 0 && exchange.bytes_in > static_cast<std::uint64_t>(most);
}

// A chunked body turned out too large: the target's request is broken off.
void Worker::refuse_request_body(Exchange& exchange) {
  gate_.refused(Refusal::RequestBody);
  if (exchange.response_started) return abort_exchange(exchange);
  answer_exchange(exchange, 413, "the request body is too large\n");
}

// True when the response says itself that it is too large: the client gets 500 and nothing of it.
bool Worker::refuses_response(Exchange& exchange, const http::ResponseHead& head) {
  const Shield& shield = exchange.service->config.shield;
  if (shield.buffer_responses) exchange.read_ahead = static_cast<std::size_t>(shield.buffer_memory);
  if (shield.max_response_body == 0 || head.framing.kind != Kind::Length ||
      head.framing.length <= static_cast<std::uint64_t>(shield.max_response_body))
    return false;
  gate_.refused(Refusal::ResponseBody);
  answer_exchange(exchange, 500, "the response body is too large\n");
  return true;
}

// True when a response of unknown length has grown too large. It has begun: it can only be cut.
bool Worker::response_too_large(Exchange& exchange, std::size_t more) {
  const std::int64_t most = exchange.service->config.shield.max_response_body;
  if (most == 0) return false;
  if (exchange.bytes_out + more <= static_cast<std::uint64_t>(most)) return false;
  gate_.refused(Refusal::ResponseBody);
  exchange.end = LogEnd::Cut;
  count_failure(exchange);
  abort_exchange(exchange);
  return true;
}

// Is this body to be complete before its target is asked? A longer one streams.
bool Worker::gathers(const Exchange& exchange) const {
  const Shield& shield = exchange.service->config.shield;
  if (!shield.buffer_requests || exchange.request_done) return false;
  return exchange.request_framing.kind != Kind::Length ||
         exchange.request_framing.length <= static_cast<std::uint64_t>(shield.buffer_memory);
}

// The target that was chosen is not counted as busy before it is asked.
void Worker::begin_gathering(Exchange& exchange, bool expects_continue) {
  exchange.gathered_for = std::exchange(exchange.target, nullptr);
  if (expects_continue && !say_continue(*exchange.client)) return abort_exchange(exchange);
  gather(exchange);
}

bool Worker::say_continue(Client& client) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (Stream* stream = stream_of(client)) return give_stream(*stream, kContinue, {}, false);
  Pieces pieces;
  pieces.add(kContinue);
  return send_client(client, pieces);
}

void Worker::gather(Exchange& exchange) {
  Client& client = *exchange.client;
  const auto most = static_cast<std::size_t>(exchange.service->config.shield.buffer_memory);
  while (!exchange.request_done && client.readable && exchange.to_upstream.size() < most) {
    std::size_t size = kScratch;
    if (exchange.request_framing.kind == Kind::Length)
      size = std::min<std::uint64_t>(size, exchange.request_left);
    const Received got = receive(client, scratch_.get(), size);
    if (got.got == Got::Later) break;
    const bool ends = got.got == Got::Ended;
    if (ends && exchange.request_framing.kind != Kind::UntilClose) return abort_exchange(exchange);
    Pieces pieces;
    if (ends) {
      exchange.request_done = true;
      pieces.add_chunk({}, true);
    } else if (!frame_request(exchange, got.size, pieces)) {
      return;
    }
    exchange.to_upstream.append(pieces.text());
  }
  if (!exchange.request_done && exchange.to_upstream.size() < most) return await_body(exchange);
  exchange.target = std::exchange(exchange.gathered_for, nullptr);
  // A target that left the table in the meantime gets nothing new.
  if (exchange.routes != routes_ && !routes_->has_target(exchange.target)) {
    exchange.target = nullptr;
    if (!choose_other(exchange))
      return answer_exchange(exchange, 503, "the service has no target\n");
  }
  attempt(exchange);
}

// Waits for more of the request's body, as long as the client keeps its pace.
void Worker::await_body(Exchange& exchange) {
  const RouteService& service = *exchange.service;
  const auto most = static_cast<std::uint64_t>(service.config.timeouts.client_body.count());
  const std::uint64_t left = exchange.upload_pace.wait(now_ms_, body_bytes_read(exchange),
                                                       service.config.shield.min_upload_rate, most);
  wheel_.set(exchange.client->deadline, now_ms_ + std::min(most, left), now_ms_);
}

void Worker::body_is_late(Exchange& exchange) {
  gate_.refused(Refusal::SlowUpload);
  answer_exchange(exchange, 408, "the request body did not arrive in time\n");
}

// Waits for the client to take what it is given. Whatever else happens does not lengthen that.
void Worker::await_reader(Exchange& exchange) {
  if (exchange.reader_since_ms != 0) return;
  const Millis most = exchange.service->config.timeouts.client_write;
  exchange.reader_since_ms = now_ms_;
  exchange.reader_looked_ms = 0;
  set_deadline(*exchange.client, std::min(most, Millis(kFirstLookMs)));
}

// Called when that time is over. The first look, after a second, only notes what the client has
// acknowledged; it costs nothing where clients are fast. True: it takes enough and may go on.
bool Worker::reader_keeps_up(Exchange& exchange) {
  Client& client = *exchange.client;
  const Service& service = exchange.service->config;
  const auto most = static_cast<std::uint64_t>(service.timeouts.client_write.count());
  const std::uint64_t taken = taken_by_client(exchange);
  if (exchange.reader_looked_ms == 0) {
    if (most <= kFirstLookMs) return false;
    wheel_.set(client.deadline, exchange.reader_since_ms + most, now_ms_);
  } else {
    const std::uint64_t elapsed = now_ms_ - exchange.reader_looked_ms;
    const auto rate = static_cast<std::uint64_t>(service.shield.min_download_rate);
    const std::uint64_t needed = std::max<std::uint64_t>(rate * elapsed / 1000, 1);
    if (taken - exchange.reader_taken < needed) return false;
    wheel_.set(client.deadline, now_ms_ + most, now_ms_);
  }
  exchange.reader_looked_ms = now_ms_;
  exchange.reader_taken = taken;
  return true;
}

}  // namespace slipway::edge

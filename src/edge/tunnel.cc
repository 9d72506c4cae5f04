// After 101: bytes both ways until one side ends. A WebSocket that has to go gets a close frame.
#include <unistd.h>

#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr int kRoundsInARow = 8;

// Is what the upstream switches to one of the protocols that the request, as it went there,
// offered? (RFC 9110 section 7.8)
bool switches_to_an_offer(std::string_view request, const http::ResponseHead& head) {
  http::RequestHead sent;
  http::Problem problem;
  if (http::parse_request_head(request, {}, sent, problem) != http::Parsed::Complete) return false;
  const http::Header* offered = sent.headers.find(http::Known::Upgrade);
  const http::Header* taken = head.headers.find(http::Known::Upgrade);
  return offered != nullptr && taken != nullptr && http::list_has(offered->value(), taken->value());
}
}  // namespace

bool Worker::begin_tunnel(Exchange& exchange, const http::ResponseHead& head,
                          std::string_view rest) {
  // Before its request is complete, the bytes of a body would be read as the new protocol.
  if (!exchange.wants_upgrade || !exchange.request_done ||
      !switches_to_an_offer(exchange.head, head)) {
    fail(exchange, Failure::Garbled);
    return false;
  }
  Client& client = *exchange.client;
  hear(exchange, head.status);
  exchange.status = head.status;
  exchange.tunnel = true;
  exchange.response_started = true;
  exchange.request_done = true;
  exchange.websocket = http::equals_ignoring_case(head.headers.value_of("upgrade"), "websocket");
  client.close_after_answer = true;
  count(exchange, head.status);
  head_out_.clear();
  write_switching_head(head, head_out_);
  exchange.frames.pass(rest);
  exchange.bytes_out += rest.size();
  Pieces pieces;
  pieces.add(head_out_);
  pieces.add(rest);
  if (!send_client(client, pieces)) {
    abort_exchange(exchange);
    return false;
  }
  exchange.bytes_in += client.in.size();
  exchange.to_upstream.append(client.in);  // what the client sent without waiting for the 101
  std::string().swap(client.in);
  pump_tunnel(exchange);
  return false;
}

void Worker::pump_tunnel(Exchange& exchange) {
  if (!pump_to_client(exchange) || !pump_to_upstream(exchange)) return;
  set_exchange_deadline(exchange);
}

// False: the tunnel is over.
bool Worker::pump_to_client(Exchange& exchange) {
  Client& client = *exchange.client;
  Upstream& upstream = *exchange.upstream;
  bool alive = flush_client(client);
  for (int rounds = 0; alive && client.out.empty() && upstream.readable; ++rounds) {
    if (rounds == kRoundsInARow) {
      again_.push_back(&upstream);
      return true;
    }
    const ssize_t got = read(upstream.fd.get(), scratch_.get(), kScratch);
    if (got < 0 && errno == EAGAIN) {
      upstream.readable = false;
      return true;
    }
    if (got <= 0) {
      end_tunnel(exchange);
      return false;
    }
    const std::string_view bytes(scratch_.get(), static_cast<std::size_t>(got));
    if (bytes.size() < kScratch && !upstream.peer_done) upstream.readable = false;
    exchange.frames.pass(bytes);
    exchange.bytes_out += bytes.size();
    Pieces pieces;
    pieces.add(bytes);
    alive = send_client(client, pieces);
  }
  if (!alive) abort_exchange(exchange);
  return alive;
}

bool Worker::pump_to_upstream(Exchange& exchange) {
  Client& client = *exchange.client;
  Upstream& upstream = *exchange.upstream;
  bool alive = flush(upstream.fd.get(), exchange.to_upstream);
  for (int rounds = 0; alive && exchange.to_upstream.empty() && client.readable; ++rounds) {
    if (rounds == kRoundsInARow) {
      again_.push_back(&client);
      return true;
    }
    const Received got = receive(client, scratch_.get(), kScratch);
    if (got.got == Got::Later) return true;
    if (got.got == Got::Ended) {
      end_tunnel(exchange);
      return false;
    }
    exchange.bytes_in += got.size;
    Pieces pieces;
    pieces.add({scratch_.get(), got.size});
    alive = pieces.send(upstream.fd.get(), exchange.to_upstream);
  }
  if (!alive) end_tunnel(exchange);
  return alive;
}

// The client still gets what waits for it.
void Worker::end_tunnel(Exchange& exchange) {
  Client& client = *exchange.client;
  detach(exchange, false);
  recycle(exchange);
  linger(client);
}

void Worker::end_tunnel_politely(Exchange& exchange) {
  if (exchange.websocket && exchange.frames.between_frames()) {
    Pieces pieces;
    pieces.add(close_frame_1012());
    if (!send_client(*exchange.client, pieces)) return abort_exchange(exchange);
  }
  end_tunnel(exchange);
}

}  // namespace slipway::edge

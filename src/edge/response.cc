// The response's way to the client: head, then body, in one system call where they come together.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr int kRoundsInARow = 8;
constexpr int kEncodedRounds = 1;  // encoding takes longer than passing on
using Kind = http::BodyFraming::Kind;
}  // namespace

// A client that does not take what it has is not read for, but for what may be read ahead.
bool Worker::may_read_on(const Exchange& exchange) const {
  return exchange.client->out.size() <= exchange.read_ahead;
}

// Reads the upstream while the client takes it. False: the exchange is over or needs nothing more.
bool Worker::pump_response(Exchange& exchange) {
  Upstream& upstream = *exchange.upstream;
  for (int rounds = 0; may_read_on(exchange) && upstream.readable; ++rounds) {
    if (rounds >= (exchange.encoder != nullptr ? kEncodedRounds : kRoundsInARow)) {
      again_.push_back(&upstream);
      break;
    }
    const ssize_t got = recv(upstream.fd.get(), scratch_.get(), kScratch, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      upstream.readable = false;
      break;
    }
    if (got <= 0) return on_upstream_end(exchange, got < 0);
    const auto size = static_cast<std::size_t>(got);
    if (size < kScratch && !upstream.peer_done) upstream.readable = false;
    if (!on_response_bytes(exchange, scratch_.get(), size)) return false;
    if (exchange.tunnel) return true;
  }
  return true;
}

bool Worker::on_response_bytes(Exchange& exchange, char* bytes, std::size_t size) {
  if (exchange.status != 0) return relay_response(exchange, {}, bytes, size);
  std::string joined = std::move(exchange.response_in);
  exchange.response_in.clear();
  if (!joined.empty()) {
    joined.append(bytes, size);
    bytes = joined.data();
    size = joined.size();
  }
  while (size > 0) {
    http::Problem problem;
    const std::string_view method = exchange.is_head ? "HEAD" : "GET";
    const auto parsed =
        http::parse_response_head({bytes, size}, method, limits_.head, response_head_, problem);
    if (parsed == http::Parsed::Refused) {
      fail(exchange, Failure::Garbled);
      return false;
    }
    if (parsed == http::Parsed::NeedMore) break;
    char* rest = bytes + response_head_.size;
    const std::size_t rest_size = size - response_head_.size;
    if (response_head_.status >= 200)
      return on_response_head(exchange, response_head_, rest, rest_size);
    if (response_head_.status == 101)
      return begin_tunnel(exchange, response_head_, {rest, rest_size});
    if (!pass_interim(exchange, response_head_)) return false;
    bytes = rest;
    size = rest_size;
  }
  exchange.response_in.assign(bytes, size);
  return true;
}

// 100, 103 …: an HTTP/1.0 client knows none of them (RFC 9110 section 15.2).
bool Worker::pass_interim(Exchange& exchange, const http::ResponseHead& head) {
  if (exchange.minor == 0) return true;
  head_out_.clear();
  write_interim_head(head, head_out_);
  if (Stream* stream = stream_of(*exchange.client))
    return give_stream(*stream, head_out_, {}, false);
  Pieces pieces;
  pieces.add(head_out_);
  if (send_client(*exchange.client, pieces)) return true;
  abort_exchange(exchange);
  return false;
}

bool Worker::on_response_head(Exchange& exchange, const http::ResponseHead& head, char* rest,
                              std::size_t size) {
  hear(exchange, head.status);
  if (exchange.course.watches_answer() && turns_elsewhere(exchange, head, size)) return false;
  if (refuses_response(exchange, head)) return false;
  exchange.status = head.status;
  exchange.response_framing = head.framing;
  exchange.response_left = head.framing.length;
  exchange.upstream_reusable = head.keep_alive;
  count(exchange, head.status);
  const bool ends_by_itself = head.framing.kind == Kind::None || head.framing.kind == Kind::Length;
  ResponseRewrite rewrite;
  rewrite.client_minor = exchange.minor;
  rewrite.is_head = exchange.is_head;
  rewrite.keep_alive = exchange.keep_alive && exchange.request_done && !goodbye_ &&
                       (exchange.minor == 1 || ends_by_itself);
  if (exchange.service->config.release_header) rewrite.release = exchange.pool->release->release;
  if (exchange.client->secure) rewrite.hsts = exchange.service->hsts;
  exchange.client->close_after_answer = !rewrite.keep_alive;
  if (exchange.course.marks_answer()) mark_answer(exchange, head, rewrite);
  exchange.client->sent_its_last = !exchange.keep_alive && exchange.request_done;
  rewrite.date = date_;
  head_out_.clear();
  exchange.rechunk =
      write_response_head(begin_encoding(exchange, head, {rest, size}), rewrite, head_out_);
  exchange.response_started = true;
  return relay_response(exchange, head_out_, rest, size);
}

// `head` and the body bytes behind it. False: the exchange is over or needs nothing more.
bool Worker::relay_response(Exchange& exchange, std::string_view head, char* bytes,
                            std::size_t size) {
  std::string_view content(bytes, size);
  bool last = false;
  bool extra = false;
  switch (exchange.response_framing.kind) {
    case Kind::None:
      content = {};
      last = true;
      extra = size > 0;
      break;
    case Kind::Length:
      content = content.substr(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(exchange.response_left, size)));
      exchange.response_left -= content.size();
      last = exchange.response_left == 0;
      extra = content.size() < size;
      break;
    case Kind::Chunked: {
      const Unchunked got = unchunk(exchange.response_chunks, bytes, size);
      if (got.bad) {
        exchange.end = LogEnd::UpstreamFailed;
        count_failure(exchange);
        abort_exchange(exchange);
        return false;
      }
      content = got.content;
      last = got.done;
      extra = got.used < size;
      break;
    }
    case Kind::UntilClose:
      break;
  }
  if (response_too_large(exchange, content.size())) return false;
  if (!give_content(exchange, head, content, last)) return false;
  if (!last) return true;
  finish_response(exchange, extra);
  return false;
}

bool Worker::give_client(Exchange& exchange, std::string_view head, std::string_view content,
                         bool last) {
  // Before the client can know: its next request may be at another worker before this one is over.
  if (last) let_go(exchange);
  exchange.bytes_out += content.size();
  if (Stream* stream = stream_of(*exchange.client))
    return give_stream(*stream, head, content, last);
  Pieces pieces;
  pieces.add(head);
  if (exchange.rechunk) {
    pieces.add_chunk(content, last);
  } else {
    pieces.add(content);
  }
  if (last && exchange.client->close_after_answer) pieces.are_the_last();
  if (send_client(*exchange.client, pieces)) return true;
  abort_exchange(exchange);
  return false;
}

bool Worker::on_upstream_end(Exchange& exchange, bool broken) {
  if (exchange.status == 0) {
    fail(exchange, Failure::Closed);
    return false;
  }
  if (exchange.response_framing.kind == Kind::UntilClose && !broken) {
    if (give_content(exchange, {}, {}, true)) finish_response(exchange, false);
    return false;
  }
  // Cut short: the client must see that too, so its connection ends without the body's end.
  exchange.end = LogEnd::UpstreamFailed;
  count_failure(exchange);
  abort_exchange(exchange);
  return false;
}

// All of the response was read. Bytes behind it would answer the next request on that connection:
// such a connection is never used again.
void Worker::finish_response(Exchange& exchange, bool extra_bytes) {
  exchange.response_done = true;
  const bool request_sent = exchange.request_done && exchange.to_upstream.empty() &&
                            !exchange.upload_dead && exchange.head_sent == exchange.head.size();
  // Still readable: the response filled the buffer to its end, and there may be more behind it.
  const bool drained = !exchange.upstream->readable && !exchange.upstream->peer_done;
  detach(exchange, exchange.upstream_reusable && request_sent && !extra_bytes && drained);
  if (exchange.client->out.empty()) return finish_exchange(exchange);
  await_reader(exchange);
}

void Worker::finish_exchange(Exchange& exchange) {
  Client& client = *exchange.client;
  recycle(exchange);
  after_answer(client);
}

}  // namespace slipway::edge

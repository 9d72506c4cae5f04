// The request's way to the upstream: its head, and its body piece by piece. The client is read only
// while the upstream takes what it is given, so at most one scratch buffer waits here.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr int kRoundsInARow = 8;

using Kind = http::BodyFraming::Kind;

void append_chunk(std::string_view content, std::string& out) {
  Pieces pieces;
  pieces.add_chunk(content, false);
  out.append(pieces.text());
}
}  // namespace

// The part of the body that came with the head. Returns how many bytes belong to it; what a
// malformed chunked body did is in request_chunks.problem().
std::size_t Worker::take_request_body(Exchange& exchange, std::string_view bytes) {
  if (exchange.request_done || exchange.request_framing.kind == Kind::UntilClose) return 0;
  if (exchange.request_framing.kind == Kind::Length) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(exchange.request_left, bytes.size()));
    exchange.to_upstream.append(bytes.substr(0, size));
    exchange.request_left -= size;
    exchange.bytes_in += size;
    exchange.request_done = exchange.request_left == 0;
    return size;
  }
  std::string_view input = bytes;
  for (;;) {
    const auto piece = exchange.request_chunks.next(input);
    if (piece.got == http::ChunkedDecoder::Got::Content) {
      exchange.bytes_in += piece.content.size();
      append_chunk(piece.content, exchange.to_upstream);
      continue;
    }
    if (piece.got == http::ChunkedDecoder::Got::Done) {
      exchange.to_upstream.append("0\r\n\r\n");
      exchange.request_done = true;
    }
    return bytes.size() - input.size();
  }
}

// Sends what is left of the head and of the waiting body. False: the exchange is over or elsewhere.
bool Worker::send_request(Exchange& exchange) {
  Upstream& upstream = *exchange.upstream;
  std::string& body = exchange.to_upstream;
  while (!exchange.upload_dead && (exchange.head_sent < exchange.head.size() || !body.empty())) {
    const std::string_view head = std::string_view(exchange.head).substr(exchange.head_sent);
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {body.data(), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = body.empty() ? 1 : 2;
    const ssize_t got = body.empty()
                            ? ::send(upstream.fd.get(), head.data(), head.size(), MSG_NOSIGNAL)
                            : sendmsg(upstream.fd.get(), &message, MSG_NOSIGNAL);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got < 0) return upload_broken(exchange);
    const auto sent = static_cast<std::size_t>(got);
    const std::size_t of_head = std::min(sent, head.size());
    exchange.head_sent += of_head;
    body.erase(0, sent - of_head);
  }
  return true;
}

// The upstream takes no more. It may have answered already (413, say): what it sent decides.
bool Worker::upload_broken(Exchange& exchange) {
  exchange.upload_dead = true;
  exchange.upstream->readable = true;
  exchange.upstream->peer_done = true;
  return may_read_on(exchange) ? pump_response(exchange) : true;
}

// Moves body bytes from the client to the upstream. False: the exchange is over.
bool Worker::pump_request(Exchange& exchange) {
  Client& client = *exchange.client;
  for (int rounds = 0; !exchange.request_done && client.readable; ++rounds) {
    const bool ready = exchange.upstream != nullptr && exchange.upstream->connected &&
                       !exchange.upload_dead && exchange.head_sent == exchange.head.size() &&
                       exchange.to_upstream.empty();
    if (!ready) break;
    if (rounds == kRoundsInARow) {
      again_.push_back(&client);
      break;
    }
    std::size_t most = kScratch;
    if (exchange.request_framing.kind == Kind::Length)
      most = std::min<std::uint64_t>(most, exchange.request_left);
    const Received got = receive(client, scratch_.get(), most);
    if (got.got == Got::Later) break;
    if (got.got == Got::Ended) {
      if (exchange.request_framing.kind == Kind::UntilClose) return end_upload(exchange);
      abort_exchange(exchange);
      return false;
    }
    if (!give_upstream(exchange, got.size)) return false;
  }
  return true;
}

// The end of a body that frames end and not its own form.
bool Worker::end_upload(Exchange& exchange) {
  exchange.request_done = true;
  Pieces pieces;
  pieces.add_chunk({}, true);
  if (!pieces.send(exchange.upstream->fd.get(), exchange.to_upstream))
    return upload_broken(exchange);
  return true;
}

// Frames `size` bytes of the scratch buffer for the upstream.
bool Worker::give_upstream(Exchange& exchange, std::size_t size) {
  Pieces pieces;
  if (!frame_request(exchange, size, pieces)) return false;
  if (!pieces.send(exchange.upstream->fd.get(), exchange.to_upstream))
    return upload_broken(exchange);
  return true;
}

// False: the exchange is over.
bool Worker::frame_request(Exchange& exchange, std::size_t size, Pieces& pieces) {
  if (exchange.request_framing.kind == Kind::Length) {
    pieces.add({scratch_.get(), size});
    exchange.bytes_in += size;
    exchange.request_left -= size;
    exchange.request_done = exchange.request_left == 0;
  } else if (exchange.request_framing.kind == Kind::UntilClose) {
    pieces.add_chunk({scratch_.get(), size}, false);
    exchange.bytes_in += size;
  } else {
    const Unchunked got = unchunk(exchange.request_chunks, scratch_.get(), size);
    if (got.bad) {
      if (exchange.response_started) {
        abort_exchange(exchange);
      } else {
        answer_exchange(exchange, 400, "the chunked body is malformed\n");
      }
      return false;
    }
    pieces.add_chunk(got.content, got.done);
    exchange.bytes_in += got.content.size();
    exchange.request_done = got.done;
    if (got.used < size) exchange.client->in.assign(scratch_.get() + got.used, size - got.used);
  }
  if (!request_too_large(exchange)) return true;
  refuse_request_body(exchange);
  return false;
}

}  // namespace slipway::edge

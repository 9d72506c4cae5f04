// The client's bytes, whatever they travel in: the one place that reads and writes client sockets.
// What waits in Client::out is as the socket takes it: with TLS, records.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
// Records that a client makes us write while it reads none (key updates, refused renegotiations).
constexpr std::size_t kMostUnread = 256 * 1024;
constexpr std::size_t kMostKeptRecords = 256 * 1024;
}  // namespace

// Later: nothing more until the next edge of epoll. Ended: the client closed its side, or is gone.
Worker::Received Worker::receive(Client& client, char* to, std::size_t most) {
  if (Stream* stream = stream_of(client)) return receive_body(*stream, to, most);
  if (client.secure && !client.unwrapped) return receive_secure(client, to, most);
  for (;;) {
    const ssize_t got = recv(client.fd.get(), to, most, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      client.readable = false;
      return {Got::Later, 0};
    }
    if (got <= 0) return {Got::Ended, 0};
    const auto size = static_cast<std::size_t>(got);
    // Less than asked for: the socket is empty, which spares the read that would say so.
    if (size < most && !client.peer_done) client.readable = false;
    return {Got::Bytes, size};
  }
}

Worker::Received Worker::receive_secure(Client& client, char* to, std::size_t most) {
  if (!client.tls) {
    if (!tls_terms_) return {Got::Ended, 0};
    client.tls = std::make_unique<TlsSession>(tls_terms_, client.fd.get(), tls_buffers_);
  }
  const bool before = client.tls->established();
  const TlsSession::Received got = client.tls->receive(
      to, most, client.peer_done ? TlsSession::Peer::HasEnded : TlsSession::Peer::Sends);
  client.readable = got.more;
  if (!before && client.tls->established()) note_handshake(client);
  if (!tls_buffers_.records.empty() && (!send_records(client) || client.out.size() > kMostUnread))
    return {Got::Ended, 0};
  switch (got.got) {
    case TlsSession::Got::Bytes:
      return {Got::Bytes, got.size};
    case TlsSession::Got::Later:
      return {Got::Later, 0};
    case TlsSession::Got::Ended:
      break;
  }
  return {Got::Ended, 0};
}

bool Worker::send_records(Client& client) {
  Pieces pieces;
  pieces.add(tls_buffers_.records);
  const bool alive = pieces.send(client.fd.get(), client.out);
  tls_buffers_.records.clear();
  if (tls_buffers_.records.capacity() > kMostKeptRecords) std::string().swap(tls_buffers_.records);
  return alive;
}

bool Worker::send_client(Client& client, Pieces& pieces) {
  if (!client.secure) return pieces.send(client.fd.get(), client.out);
  return client.tls && client.tls->encrypt(pieces.list()) && send_records(client);
}

bool Worker::flush_client(Client& client) {
  if (client.kind == Socket::Kind::Stream) return true;  // its connection sends
  return flush(client.fd.get(), client.out);
}

void Worker::end_sending(Client& client) {
  leave_tls(client);
  shutdown(client.fd.get(), SHUT_WR);
}

// Says the orderly end, when all before it is sent. What still comes is dropped unread.
void Worker::leave_tls(Client& client) {
  if (!client.tls) return;
  if (!client.tls->established() && client.tls->began()) bump(tls_counters_.failed);
  client.tls->say_close();
  if (client.out.empty() && !client.broken) send_records(client);
  tls_buffers_.records.clear();
  client.unwrapped = true;
  client.tls.reset();
}

// A half-sent response must never look complete: nothing polite is said at its end.
void Worker::reset_when_closed(Client& client) {
  if (client.kind == Socket::Kind::Stream) return;
  client.unwrapped = true;
  client.tls.reset();
  const struct ::linger reset { 1, 0 };
  setsockopt(client.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void Worker::note_handshake(const Client& client) {
  bump(tls_counters_.handshakes);
  if (client.tls->resumed()) bump(tls_counters_.resumed);
}

TlsCounts Worker::tls_counts() const {
  return {tls_counters_.handshakes.load(std::memory_order_relaxed),
          tls_counters_.resumed.load(std::memory_order_relaxed),
          tls_counters_.failed.load(std::memory_order_relaxed)};
}

}  // namespace slipway::edge

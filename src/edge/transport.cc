// The client's bytes, whatever they travel in: the one place that reads and writes client sockets.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {

// Later: nothing more until the next edge of epoll. Ended: the client closed its side, or is gone.
Worker::Received Worker::receive(Client& client, char* to, std::size_t most) {
  if (Stream* stream = stream_of(client)) return receive_body(*stream, to, most);
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

bool Worker::send_client(Client& client, Pieces& pieces) {
  return pieces.send(client.fd.get(), client.out);
}

bool Worker::flush_client(Client& client) {
  if (client.kind == Socket::Kind::Stream) return true;  // its connection sends
  return flush(client.fd.get(), client.out);
}

void Worker::end_sending(Client& client) { shutdown(client.fd.get(), SHUT_WR); }

// A half-sent response must never look complete: nothing polite is said at its end.
void Worker::reset_when_closed(Client& client) {
  if (client.kind == Socket::Kind::Stream) return;
  const struct ::linger reset { 1, 0 };
  setsockopt(client.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

}  // namespace slipway::edge

// A connection before its first request: who it comes from, and whether there is room for it.
#include <sys/socket.h>

#include <cerrno>

#include "edge/proxy_protocol.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr std::uint64_t kConnections = 0;  // the domain of connections among the gate's names
}

// False: its address has as many as it may have. It is closed without a word: answering would cost
// what the limit is to save.
bool Worker::has_room_for(Client& client) {
  if (limits_.connections_per_client == 0) return true;
  const std::uint64_t who = gate_.name_of(kConnections, client.peer);
  if (!gate_.counts().enter(who, limits_.connections_per_client)) {
    gate_.refused(Refusal::Connections);
    return false;
  }
  client.counted_as = who;
  return true;
}

void Worker::leave_room(Client& client) {
  if (client.counted_as != 0) gate_.counts().leave(std::exchange(client.counted_as, 0));
}

// Takes exactly the header's bytes from the socket, whatever follows them (TLS, say). True: the
// connection may begin.
bool Worker::take_proxy_header(Client& client) {
  if (!client.awaits_proxy_header) return true;
  char bytes[kMostProxyHeader];
  ssize_t got = 0;
  do {
    got = recv(client.fd.get(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return false;
  const ProxyHeader header =
      parse_proxy_header({bytes, got > 0 ? static_cast<std::size_t>(got) : 0});
  const bool more_to_come = header.kind == ProxyHeader::Kind::NeedMore && got > 0;
  if (more_to_come && !client.peer_done) return false;  // the rest wakes us
  if (header.kind == ProxyHeader::Kind::Refused || header.kind == ProxyHeader::Kind::NeedMore ||
      recv(client.fd.get(), bytes, header.size, MSG_DONTWAIT) !=
          static_cast<ssize_t>(header.size)) {
    gate_.refused(Refusal::ProxyHeader);
    close_client(client);
    return false;
  }
  client.awaits_proxy_header = false;
  if (header.kind == ProxyHeader::Kind::Named) client.peer = header.client;
  if (has_room_for(client)) return true;
  close_client(client);
  return false;
}

}  // namespace slipway::edge

#pragma once
// Sockets. All are close-on-exec; the ones for a loop are non-blocking.
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/fd.h"

namespace slipway::io {
struct HostPort {
  std::string host;  // "" for every address
  int port = 0;
};
// "127.0.0.1:8080", ":8080", "[::1]:8080", "8080".
Result<HostPort> parse_host_port(std::string_view text);

// A non-blocking listening socket. AddressInUse says on which address and what to do. port 0: any
// free one.
Result<Fd> listen_tcp(const HostPort& at, int backlog = 1024);
// The same, on an address that several sockets listen on, connections spread over them.
Result<Fd> listen_tcp_shared(const HostPort& at, int backlog = 1024);
// Removes a socket file, but only when a refused connect proves that nobody answers there;
// AddressInUse otherwise. Anything there that is not a socket is left alone: AlreadyExists.
Result<Fd> listen_unix(const std::string& path, unsigned mode = 0600);
// Blocking connects with a time-out; the sockets stay blocking.
Result<Fd> connect_tcp(const HostPort& to, Millis timeout);
Result<Fd> connect_unix(const std::string& path, Millis timeout);
int local_port(int fd);            // 0 when it has none
std::string peer_address(int fd);  // "127.0.0.1:40312"; "" on a unix socket
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<PeerCredentials> peer_of(int unix_socket);
void set_nodelay(int fd);
Result<void> set_nonblocking(int fd);
void set_timeouts(int fd, Millis timeout);  // SO_RCVTIMEO and SO_SNDTIMEO of a blocking socket

// File descriptors over a blocking unix socket (SCM_RIGHTS), with a few bytes of text. At most 64
// at a time.
Result<void> send_fds(int socket, const std::vector<int>& fds, std::string_view text);
struct ReceivedFds {
  std::vector<Fd> fds;
  std::string text;
};
Result<ReceivedFds> recv_fds(int socket);  // ConnectionLost when the other end closed
}  // namespace slipway::io

#include "io/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "io/clock.h"
#include "io/poll.h"

namespace slipway::io {
namespace {

std::string shown(const std::string& host, int port) {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<AddressList> addresses_of(const std::string& host, int port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const bool any = host.empty() || host == "*";
  const int failed =
      ::getaddrinfo(any ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error(Code::NotFound,
                 "cannot find the address of " + host + ": " + ::gai_strerror(failed),
                 "check the host name");
  }
  return AddressList(found, &::freeaddrinfo);
}

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Error(Code::TooLarge,
                 "the socket path " + path + " is longer than the " +
                     std::to_string(sizeof(address.sun_path) - 1) + " bytes a unix socket may have",
                 "choose a state folder with a shorter path (--state)");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<void> finish_connect(int fd, const sockaddr* address, socklen_t size, const std::string& to,
                            Millis timeout) {
  if (::connect(fd, address, size) == 0) return ok();
  if (errno != EINPROGRESS) return from_errno(errno, "cannot connect to " + to);
  if (!TRY(wait_ready(fd, POLLOUT, timeout))) {
    return Error(Code::Timeout, "cannot connect to " + to + ": no answer within " +
                                    std::to_string(timeout.count()) + " ms");
  }
  int failed = 0;
  socklen_t length = sizeof(failed);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length);
  if (failed != 0) return from_errno(failed, "cannot connect to " + to);
  return ok();
}

// Free when nothing is there, or after a socket file without a listener was removed.
Result<void> free_unix_path(const std::string& path, const sockaddr_un& address) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return ok();
  if (!S_ISSOCK(facts.st_mode)) {
    return Error(Code::AlreadyExists, "cannot listen on " + path + ": it is there and not a socket",
                 "move that file away, or choose another state folder (--state)");
  }
  Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return from_errno(errno, "cannot make a socket");
  const int failed =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  // Only a refusal proves that no process has it; a full backlog (EAGAIN) or no permission does
  // not.
  if (failed == 0 || errno != ECONNREFUSED) {
    return Error(Code::AddressInUse, "cannot listen on " + path + ": another process answers there",
                 "stop that process, or choose another state folder (--state)");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return from_errno(errno, "cannot remove the stale socket " + path);
  }
  return ok();
}

enum class Sharing { No, Yes };

Result<Fd> listen_on(const HostPort& where, int backlog, Sharing sharing) {
  const AddressList found = TRY(addresses_of(where.host, where.port, AI_PASSIVE));
  Error last(Code::Internal, "no address for " + where.host);
  const int on = 1;
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    Fd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool made =
        fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (sharing == Sharing::No ||
         ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
        ::bind(fd.get(), at->ai_addr, at->ai_addrlen) == 0 && ::listen(fd.get(), backlog) == 0;
    if (made) return fd;
    last = from_errno(errno, "cannot listen on " + shown(where.host, where.port));
  }
  if (last.code == Code::AddressInUse) {
    last.next = "stop the process that listens there, or choose another port";
  } else if (last.code == Code::NotWritable) {
    last.next = "choose a port above 1023, or grant CAP_NET_BIND_SERVICE";
  }
  return last;
}

Result<void> set_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
    return from_errno(errno, "cannot change a descriptor's mode");
  }
  return ok();
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const auto wrong = [&] {
    return Error(Code::Usage, "\"" + std::string(text) + "\" is not host:port",
                 "write it as 127.0.0.1:8080, [::1]:8080, :8080 or 8080");
  };
  const auto colon = text.rfind(':');
  const bool bare = colon == std::string_view::npos;
  std::string_view host = bare ? std::string_view() : text.substr(0, colon);
  const std::string_view digits = bare ? text : text.substr(colon + 1);
  HostPort parsed;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
  if (problem != std::errc() || end != digits.data() + digits.size()) return wrong();
  if (parsed.port < 0 || parsed.port > 65535) return wrong();
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  parsed.host = host;
  return parsed;
}

Result<Fd> listen_tcp(const HostPort& at, int backlog) {
  return listen_on(at, backlog, Sharing::No);
}

Result<Fd> listen_tcp_shared(const HostPort& at, int backlog) {
  return listen_on(at, backlog, Sharing::Yes);
}

Result<Fd> listen_unix(const std::string& path, unsigned mode) {
  const sockaddr_un address = TRY(unix_address(path));
  TRY(free_unix_path(path, address));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return from_errno(errno, "cannot make a socket");
  // The mode of the fd becomes the file's, before anybody can connect.
  ::fchmod(fd.get(), mode);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return from_errno(errno, "cannot listen on " + path);
  }
  if (::chmod(path.c_str(), mode) != 0) return from_errno(errno, "cannot set the mode of " + path);
  if (::listen(fd.get(), SOMAXCONN) != 0) return from_errno(errno, "cannot listen on " + path);
  return fd;
}

Result<Fd> connect_tcp(const HostPort& to, Millis timeout) {
  const AddressList found = TRY(addresses_of(to.host, to.port, 0));
  SystemClock clock;
  const Millis deadline = clock.monotonic() + timeout;
  Error last(Code::Internal, "no address for " + to.host);
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    Fd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return from_errno(errno, "cannot make a socket");
    auto connected = finish_connect(fd.get(), at->ai_addr, at->ai_addrlen, shown(to.host, to.port),
                                    deadline - clock.monotonic());
    if (connected) {
      set_nodelay(fd.get());
      TRY(set_blocking(fd.get()));
      return fd;
    }
    last = connected.error();
  }
  return last;
}

Result<Fd> connect_unix(const std::string& path, Millis timeout) {
  const sockaddr_un address = TRY(unix_address(path));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return from_errno(errno, "cannot make a socket");
  // A blocking connect waits while the listener's queue is full, at most for the send time-out; a
  // non-blocking one could not be waited for.
  set_timeouts(fd.get(), timeout);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return from_errno(errno, "cannot connect to " + path);
  }
  set_timeouts(fd.get(), Millis(0));
  return fd;
}

int local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

std::string peer_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto* four = reinterpret_cast<sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
    return shown(text, ntohs(four->sin_port));
  }
  if (address.ss_family != AF_INET6) return {};
  const auto* six = reinterpret_cast<sockaddr_in6*>(&address);
  ::inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
  return shown(text, ntohs(six->sin6_port));
}

void set_nodelay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Result<void> set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return from_errno(errno, "cannot change a descriptor's mode");
  }
  return ok();
}

void set_timeouts(int fd, Millis timeout) {
  const auto ms = timeout.count();
  const timeval value{ms / 1000, (ms % 1000) * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof(value));
}

Result<PeerCredentials> peer_of(int unix_socket) {
  ucred found{};
  socklen_t size = sizeof(found);
  if (::getsockopt(unix_socket, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0) {
    return from_errno(errno, "cannot read who is at the other end of a socket");
  }
  return PeerCredentials{found.pid, found.uid, found.gid};
}

}  // namespace slipway::io

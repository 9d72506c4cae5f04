#include "io/poll.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/clock.h"

namespace slipway::io {

Result<bool> wait_ready(int fd, short events, Millis timeout) {
  SystemClock clock;
  const Millis deadline = clock.monotonic() + timeout;
  for (;;) {
    pollfd wanted{fd, events, 0};
    const Millis left = std::clamp(deadline - clock.monotonic(), Millis(0), Millis(3'600'000));
    const int count = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (count > 0) return true;
    if (count == 0 && clock.monotonic() >= deadline) return false;
    if (count < 0 && errno != EINTR) return from_errno(errno, "cannot wait for a descriptor");
  }
}

Result<void> write_all(int fd, std::string_view bytes, Millis timeout) {
  SystemClock clock;
  const Millis deadline = clock.monotonic() + timeout;
  while (!bytes.empty()) {
    // Not every descriptor is a socket, but on those a closed peer must not raise SIGPIPE.
    ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == ENOTSOCK) count = ::write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return from_errno(errno, "cannot write");
    if (!TRY(wait_ready(fd, POLLOUT, deadline - clock.monotonic()))) {
      return Error(Code::Timeout, "cannot write: the other end takes nothing");
    }
  }
  return ok();
}

}  // namespace slipway::io

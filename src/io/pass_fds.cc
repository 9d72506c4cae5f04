// File descriptors sent over a unix socket (SCM_RIGHTS).
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/poll.h"
#include "io/socket.h"

namespace slipway::io {
namespace {
constexpr std::size_t kMostFds = 64;
constexpr std::size_t kMostText = 64 * 1024;
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int) * kMostFds);

struct ControlSpace {
  alignas(cmsghdr) char bytes[kControlBytes] = {};
};

void take_fds(const msghdr& message, std::vector<Fd>& into) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      into.emplace_back(fd);
    }
  }
}
}  // namespace

Result<void> send_fds(int socket, const std::vector<int>& fds, std::string_view text) {
  ASSERT(!text.empty() && text.size() <= kMostText && fds.size() <= kMostFds);
  ControlSpace control;
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return from_errno(errno, "cannot send file descriptors");
  // The fds went with the first byte; the rest of the text follows without them.
  return write_all(socket, text.substr(static_cast<std::size_t>(sent)), Millis(5000));
}

Result<ReceivedFds> recv_fds(int socket) {
  ReceivedFds received;
  received.text.resize(kMostText);
  ControlSpace control;
  iovec part{received.text.data(), kMostText};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return from_errno(errno, "cannot receive file descriptors");
  take_fds(message, received.fds);
  if (count == 0)
    return Error(Code::ConnectionLost, "the other end closed before it sent anything");
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return Error(Code::TooLarge,
                 "more than " + std::to_string(kMostFds) + " file descriptors came at once");
  }
  received.text.resize(static_cast<std::size_t>(count));
  return received;
}

}  // namespace slipway::io

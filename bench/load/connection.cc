#include "load/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace slipway::load {

bool Connection::open(const sockaddr_storage& address, socklen_t length, int epoll_fd,
                      std::uint64_t tag) {
  ASSERT(state_ == State::Closed);
  fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag;
  const int connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), length);
  if ((connected != 0 && errno != EINPROGRESS) ||
      epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd_, &event) != 0) {
    ::close(std::exchange(fd_, -1));
    return false;
  }
  state_ = State::Connecting;
  ended_ = saw_stray_ = false;
  return true;
}

void Connection::assign(std::string request, Nanos scheduled) {
  ASSERT(state_ == State::Connecting || state_ == State::Idle);
  if (state_ == State::Idle) state_ = State::Busy;
  out_ = std::move(request);
  out_at_ = 0;
  scheduled_ = scheduled;
  sent_ = Nanos(-1);
  answered_ = false;
  failure_ = Failure::None;
  reader_.begin(out_.starts_with("HEAD ") ? BodyRule::None : BodyRule::AsFramed);
}

Step Connection::fail(Failure failure) {
  failure_ = failure;
  return Step::Failed;
}

Step Connection::write(Nanos now) {
  if (sent_.count() < 0) sent_ = now;
  while (out_at_ < out_.size()) {
    const ssize_t n = ::send(fd_, out_.data() + out_at_, out_.size() - out_at_, MSG_NOSIGNAL);
    if (n >= 0) {
      out_at_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      return Step::Waiting;
    } else if (errno != EINTR) {
      return fail(reader_.has_begun() ? Failure::Truncated : Failure::Lost);
    }
  }
  return Step::Waiting;
}

Step Connection::finish_connect(Nanos now) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return fail(Failure::Refused);
  state_ = State::Busy;
  return write(now);
}

Step Connection::ready(std::uint32_t events, std::string& scratch, Nanos now) {
  if (state_ == State::Connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return Step::Waiting;
    const Step step = finish_connect(now);
    if (step != Step::Waiting) return step;
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    const bool peer_closed = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const Step step = read(scratch, peer_closed);
    if (step != Step::Waiting) return step;
  }
  const bool can_write = (events & EPOLLOUT) != 0 && state_ == State::Busy && out_at_ < out_.size();
  return can_write ? write(now) : Step::Waiting;
}

Step Connection::read(std::string& scratch, bool peer_closed) {
  for (;;) {
    const ssize_t n = ::recv(fd_, scratch.data(), scratch.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return end_of_stream(n < 0);
    const Step step = take(std::string_view(scratch.data(), static_cast<std::size_t>(n)));
    if (step == Step::Failed || step == Step::Ended) return step;
    // A short read empties the socket; a close that comes later is an event of its own.
    if (static_cast<std::size_t>(n) < scratch.size() && !peer_closed) break;
  }
  return answered_ ? Step::Answered : Step::Waiting;
}

Step Connection::take(std::string_view bytes) {
  if (state_ == State::Idle || answered_) {
    saw_stray_ = true;
    // Bytes after the end of an answer: nobody could tell whose they are.
    return answered_ ? fail(Failure::Malformed) : Step::Ended;
  }
  const std::size_t used = reader_.feed(bytes);
  if (reader_.state() == ResponseReader::State::Broken) return fail(Failure::Malformed);
  if (reader_.state() != ResponseReader::State::Done) return Step::Waiting;
  if (used < bytes.size()) return fail(Failure::Malformed);
  answered_ = true;
  return Step::Answered;
}

Step Connection::end_of_stream(bool by_reset) {
  if (state_ == State::Idle) return Step::Ended;
  ended_ = true;
  if (answered_) return Step::Answered;
  if (!by_reset && reader_.has_begun() && reader_.feed_end() == ResponseReader::State::Done) {
    return Step::Answered;
  }
  return fail(reader_.has_begun() ? Failure::Truncated : Failure::Lost);
}

bool Connection::become_idle() {
  const bool is_written = out_at_ == out_.size();
  answered_ = false;
  state_ = State::Idle;
  return is_written && !ended_ && reader_.may_keep_alive();
}

void Connection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  state_ = State::Closed;
}

std::string_view Connection::request_line() const {
  const std::string_view text = out_;
  return text.substr(0, std::min(text.find(" HTTP/1.1"), text.size()));
}

}  // namespace slipway::load

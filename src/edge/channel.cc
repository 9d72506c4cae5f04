#include "edge/channel.h"

#include <sys/socket.h>

#include <cerrno>

#include "io/poll.h"

namespace slipway::edge {
namespace {
constexpr Millis kSendTime{5'000};
constexpr std::size_t kMostLine = std::size_t{64} << 20;
constexpr std::size_t kPiece = 64 * 1024;
}  // namespace

Result<void> Channel::send(const Json& line) {
  return io::write_all(fd_.get(), line.dump() + "\n", kSendTime);
}

// False: the other side is gone.
bool Channel::read_some() {
  for (;;) {
    const std::size_t before = in_.size();
    in_.resize(before + kPiece);
    const ssize_t got = recv(fd_.get(), in_.data() + before, kPiece, MSG_DONTWAIT);
    in_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0 || in_.size() > kMostLine) return false;
  }
}

bool Channel::take_line(Json& line) {
  const std::size_t end = in_.find('\n');
  if (end == std::string::npos) return false;
  auto parsed = Json::parse(std::string_view(in_).substr(0, end));
  line = parsed ? std::move(parsed).value() : Json();
  in_.erase(0, end + 1);
  return true;
}

bool Channel::receive(std::vector<Json>& lines) {
  const bool alive = read_some();
  Json line;
  while (take_line(line)) lines.push_back(line);
  return alive;
}

Result<Json> Channel::wait(Millis timeout) {
  Json line;
  while (!take_line(line)) {
    const bool ready = TRY(io::wait_ready(fd_.get(), POLLIN, timeout));
    if (!ready) return Error(Code::Timeout, "the other edge process does not answer");
    if (!read_some() && in_.find('\n') == std::string::npos)
      return Error(Code::ConnectionLost, "the other edge process has ended");
  }
  return line;
}

}  // namespace slipway::edge

#include "load/testing/faulty_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace slipway::load {
namespace {

constexpr const char* kGood =
    "HTTP/1.1 200 OK\r\nX-Shop-Version: 1.0.0\r\nX-Slipway-Release: r-1\r\nContent-Length: "
    "2\r\n\r\nok";

struct Answer {
  const char* path;
  const char* bytes;
  bool closes;
};
constexpr std::array<Answer, 9> kAnswers = {{
    {"/app-error", "HTTP/1.1 500 Oops\r\nX-Shop-Version: 2.0.0\r\nContent-Length: 0\r\n\r\n",
     false},
    {"/gateway", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", false},
    {"/drop", "", true},
    {"/truncate",
     "HTTP/1.1 200 OK\r\nX-Shop-Version: 1.0.0\r\nContent-Length: 100\r\n\r\nten bytes.", true},
    {"/malformed", "HTP/1.1 200 OK\r\n\r\n", false},
    {"/extra", "HTTP/1.1 200 OK\r\nX-Shop-Version: 1.0.0\r\nContent-Length: 2\r\n\r\nok?", false},
    {"/idle-close", kGood, true},
    {"/close",
     "HTTP/1.1 200 OK\r\nX-Shop-Version: 1.0.0\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
     true},
    {"/chunked",
     "HTTP/1.1 200 OK\r\nX-Shop-Version: 1.0.0\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
     false},
}};

// The body of the request whose head ends at `head_end`, once it is all there.
bool take_body(const std::string& text, std::size_t head_end, std::string& body,
               std::size_t& used) {
  const std::string head = text.substr(0, head_end);
  const std::size_t length_at = head.find("Content-Length: ");
  if (length_at != std::string::npos) {
    const std::size_t length = std::strtoul(head.c_str() + length_at + 16, nullptr, 10);
    used = head_end + length;
    if (text.size() < used) return false;
    body = text.substr(head_end, length);
    return true;
  }
  used = head_end;
  if (head.find("Transfer-Encoding: chunked") == std::string::npos) return true;
  for (;;) {
    const std::size_t line = text.find("\r\n", used);
    if (line == std::string::npos) return false;
    const std::size_t size = std::strtoul(text.c_str() + used, nullptr, 16);
    used = line + 2 + size + 2;
    if (text.size() < used) return false;
    if (size == 0) return true;
    body += text.substr(line + 2, size);
  }
}

}  // namespace

FaultyServer::FaultyServer() {
  wake_fd_ = eventfd(0, EFD_CLOEXEC);
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listen_fd_, 1024) != 0) {
    std::abort();
  }
  getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

FaultyServer::~FaultyServer() {
  const std::uint64_t one = 1;
  if (::write(wake_fd_, &one, sizeof one) != sizeof one) std::abort();
  accepting_.join();
  for (std::thread& thread : serving_) thread.join();
  ::close(listen_fd_);
  ::close(wake_fd_);
}

void FaultyServer::accept_all() {
  for (;;) {
    std::array<pollfd, 2> fds = {{{listen_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return;
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++accepted_;
    serving_.emplace_back([this, fd] {
      serve(fd);
      ::close(fd);
    });
  }
}

void FaultyServer::serve(int fd) {
  std::string text;
  std::array<char, 4096> bytes;
  for (;;) {
    const std::size_t head = text.find("\r\n\r\n");
    std::string body;
    std::size_t used = 0;
    if (head != std::string::npos && take_body(text, head + 4, body, used)) {
      const std::size_t path = text.find(' ') + 1;
      const std::string asked = text.substr(path, text.find(' ', path) - path);
      note(asked, body);
      text.erase(0, used);
      if (!answer(fd, asked)) return;
      continue;
    }
    std::array<pollfd, 2> fds = {{{fd, POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    poll(fds.data(), fds.size(), -1);
    const ssize_t n = fds[1].revents != 0 ? 0 : ::recv(fd, bytes.data(), bytes.size(), 0);
    if (n <= 0) return;
    text.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

// False when the connection is to be closed.
bool FaultyServer::answer(int fd, const std::string& path) {
  if (path == "/silent") return true;
  if (path == "/slow") {
    pollfd wake = {wake_fd_, POLLIN, 0};
    poll(&wake, 1, 20);
  }
  Answer chosen = {"", kGood, false};
  for (const Answer& answer : kAnswers) {
    if (path == answer.path) chosen = answer;
  }
  // MSG_MORE holds the bytes back until the close: answer and end arrive in one packet.
  const int flags = MSG_NOSIGNAL | (chosen.closes ? MSG_MORE : 0);
  const auto size = static_cast<ssize_t>(std::strlen(chosen.bytes));
  return ::send(fd, chosen.bytes, static_cast<std::size_t>(size), flags) == size && !chosen.closes;
}

void FaultyServer::note(const std::string& path, const std::string& body) {
  const std::lock_guard lock(mutex_);
  ++seen_[path];
  if (!body.empty()) bodies_.push_back(body);
}

std::uint64_t FaultyServer::seen(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return seen_[path];
}

std::vector<std::string> FaultyServer::bodies() {
  const std::lock_guard lock(mutex_);
  return bodies_;
}

bool FaultyServer::wait_for(const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (seen(path) == 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace slipway::load

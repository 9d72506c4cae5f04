#include "http/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"
#include "http/connection.h"

namespace slipway::http {
namespace {
constexpr int kMostAcceptsPerRound = 64;
constexpr Millis kPauseWithoutFds{100};
}  // namespace

Responder::~Responder() {
  const auto connection = connection_.lock();
  if (connection == nullptr || stage_ == Stage::Done) return;
  if (stage_ == Stage::Waiting) {
    respond(500, "{\"error\":{\"code\":\"Internal\",\"what\":\"the request was not answered\"}}\n");
  } else {
    connection->close();  // a stream without its end must not look complete
  }
}

void Responder::respond(int status, std::string body, std::string_view content_type,
                        const Fields& fields) {
  if (stage_ != Stage::Waiting) return;
  stage_ = Stage::Done;
  const auto connection = connection_.lock();
  if (connection != nullptr && connection->is_open()) {
    connection->answer(status, body, content_type, fields);
  }
}

void Responder::begin_stream(int status, std::string_view content_type, const Fields& fields) {
  if (stage_ != Stage::Waiting) return;
  stage_ = Stage::Streaming;
  const auto connection = connection_.lock();
  if (connection != nullptr && connection->is_open()) {
    connection->begin_stream(status, content_type, fields);
  }
}

bool Responder::write_chunk(std::string_view bytes) {
  ASSERT(stage_ != Stage::Waiting);
  const auto connection = connection_.lock();
  return stage_ == Stage::Streaming && connection != nullptr && connection->stream_bytes(bytes);
}

void Responder::end_stream() {
  if (stage_ != Stage::Streaming) return;
  stage_ = Stage::Done;
  if (const auto connection = connection_.lock()) connection->end_stream();
}

void Responder::on_closed(std::function<void()> callback) {
  if (stage_ == Stage::Done) return;
  if (const auto connection = connection_.lock())
    return connection->set_on_closed(std::move(callback));
  callback();
}

bool Responder::is_open() const {
  const auto connection = connection_.lock();
  return stage_ != Stage::Done && connection != nullptr && connection->is_open();
}

Server::Server(io::EventLoop& loop, OnRequest on_request, ServerLimits limits)
    : loop_(loop), on_request_(std::move(on_request)), limits_(limits) {
  ASSERT(on_request_ != nullptr);
}

Server::~Server() {
  stop_listening();
  while (!connections_.empty()) {
    const auto connection = connections_.begin()->second;
    connection->close();
  }
}

Result<void> Server::listen_unix(const std::string& path, unsigned mode) {
  io::Fd fd = TRY(io::listen_unix(path, mode));
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return from_errno(errno, "cannot look at " + path);
  return watch(Listener{std::move(fd), path, static_cast<std::uint64_t>(facts.st_ino)});
}

Result<int> Server::listen_tcp(const std::string& host, int port) {
  io::Fd fd = TRY(io::listen_tcp({host, port}));
  const int bound = io::local_port(fd.get());
  TRY(watch(Listener{std::move(fd), {}, 0}));
  return bound;
}

Result<void> Server::serve(io::Fd listener) {
  TRY(io::set_nonblocking(listener.get()));
  return watch(Listener{std::move(listener), {}, 0});
}

Result<void> Server::watch(Listener listener) {
  const int fd = listener.fd.get();
  TRY(loop_.add(fd, EPOLLIN, io::Trigger::Level, [this, fd](std::uint32_t) { accept_from(fd); }));
  listeners_.push_back(std::move(listener));
  return ok();
}

void Server::stop_listening() {
  loop_.cancel(pause_);
  for (const Listener& listener : listeners_) {
    loop_.remove(listener.fd.get());
    struct stat facts {};
    // Only our own: a newer process may have put its socket there.
    if (!listener.unix_path.empty() && ::stat(listener.unix_path.c_str(), &facts) == 0 &&
        facts.st_ino == listener.inode) {
      ::unlink(listener.unix_path.c_str());
    }
  }
  listeners_.clear();
}

void Server::accept_from(int listener) {
  for (int i = 0; i < kMostAcceptsPerRound; ++i) {
    io::Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) pause(listener);
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    if (connections_.size() >= limits_.connections) continue;
    const int number = fd.get();
    auto connection = std::make_shared<Connection>(*this, std::move(fd));
    connections_[number] = connection;
    if (!connection->start()) connection->close();
  }
}

// Without a free descriptor the listener would stay ready and the loop would spin.
void Server::pause(int listener) {
  loop_.change(listener, 0);
  loop_.cancel(pause_);
  pause_ = loop_.after(kPauseWithoutFds, [this] {
    for (const Listener& each : listeners_) loop_.change(each.fd.get(), EPOLLIN);
  });
}

void Server::forget(int fd) { connections_.erase(fd); }

}  // namespace slipway::http

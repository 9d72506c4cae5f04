#pragma once
// A small HTTP/1.1 server on an EventLoop, for the daemon's API and the control sockets:
// keep-alive, bounded heads and bodies, time limits, answers given at any later time, and event
// streams. Everything here, Responder included, belongs to the loop's thread (use EventLoop::post
// from others).
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/message.h"
#include "io/event_loop.h"

namespace slipway::http {

class Connection;

// The one answer to one request. When the last pointer goes without an answer, the client gets 500.
class Responder {
 public:
  explicit Responder(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Responder();
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  // Calls after the answer was given, or after the client went, do nothing.
  void respond(int status, std::string body, std::string_view content_type = "application/json",
               const Fields& fields = {});
  // A body without a known end: write_chunk() … end_stream(). For SSE the content type is
  // "text/event-stream".
  void begin_stream(int status, std::string_view content_type, const Fields& fields = {});
  // False: the client is gone, or reads so slowly that more than ServerLimits::stream_backlog bytes
  // wait; it has then been dropped.
  bool write_chunk(std::string_view bytes);
  void end_stream();
  // Called once when the client goes before the answer is complete (at once when it already has).
  void on_closed(std::function<void()> callback);
  bool is_open() const;

 private:
  enum class Stage { Waiting, Streaming, Done };
  std::weak_ptr<Connection> connection_;
  Stage stage_ = Stage::Waiting;
};

struct ServerLimits {
  std::size_t head_bytes = 32 * 1024;
  std::size_t body_bytes = 1024 * 1024;      // 413 beyond
  std::size_t stream_backlog = 1024 * 1024;  // waiting bytes of one stream
  std::size_t connections = 1024;            // more are closed at once
  Millis head_time{10'000};                  // from the first byte of a head to its last
  Millis body_time{30'000};
  Millis idle_time{60'000};   // between requests
  Millis write_time{30'000};  // without one byte taken by the client
};

class Server {
 public:
  using OnRequest =
      std::function<void(const Request& request, std::shared_ptr<Responder> responder)>;
  Server(io::EventLoop& loop, OnRequest on_request, ServerLimits limits = {});
  ~Server();  // closes listeners and connections; a unix socket's file is removed
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<void> listen_unix(const std::string& path, unsigned mode = 0600);
  Result<int> listen_tcp(const std::string& host, int port);  // the port
  Result<void> serve(io::Fd listener);                        // one made or handed over elsewhere
  // No more new connections; those open go on.
  void stop_listening();
  std::size_t connections() const { return connections_.size(); }

 private:
  friend class Connection;
  struct Listener {
    io::Fd fd;
    std::string unix_path;
    std::uint64_t inode = 0;  // of unix_path, when it was made
  };
  Result<void> watch(Listener listener);
  void accept_from(int listener);
  void pause(int listener);
  void forget(int fd);

  io::EventLoop& loop_;
  OnRequest on_request_;
  ServerLimits limits_;
  std::vector<Listener> listeners_;
  io::EventLoop::TimerId pause_ = 0;
  std::unordered_map<int, std::shared_ptr<Connection>> connections_;
};

}  // namespace slipway::http

#pragma once
// ApiServer: the sockets of the API. One loop thread reads and writes; a few workers answer, so
// that a slow platform keeps nobody else waiting. The only file of this room that knows
// http/server.h.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "daemon/api.h"
#include "http/server.h"

namespace slipway::daemon {

class ApiServer {
 public:
  static Result<std::unique_ptr<ApiServer>> make(Api& api, Parts& parts);
  ~ApiServer();

  // Mode 0600. DaemonForeign when something else answers there.
  Result<void> listen_unix(const std::string& path);
  // "127.0.0.1:7878": loopback only, until TLS exists. The port (for port 0).
  Result<int> listen_tcp(const std::string& address);
  void start();
  void stop_listening();  // only after start()
  // No new connections; answers under way are finished by the workers, streams are closed.
  void close();

 private:
  struct Work {
    http::Request request;
    std::shared_ptr<http::Responder> responder;
  };
  ApiServer(Api& api, Parts& parts, std::unique_ptr<io::EventLoop> loop);
  void take(const http::Request& request, std::shared_ptr<http::Responder> responder);
  void serve_requests();
  void answer(Work work);
  Result<Call> read(const http::Request& request);
  Result<Caller> caller(const http::Request& request);
  void open_stream(std::shared_ptr<http::Responder> responder, const Reply& reply);
  http::Fields fields_of(const Reply& reply) const;

  Api& api_;
  Parts& parts_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<http::Server> server_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  BoundedQueue<Work> work_;
  bool closing_ = false;
  bool closed_ = false;
  std::thread loop_thread_;
  std::vector<std::thread> workers_;
};

}  // namespace slipway::daemon

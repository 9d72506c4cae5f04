#pragma once
// A small HTTP server on a loop and thread of its own, for the tests of this room and of
// drivers/edge.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "http/server.h"

namespace slipway::drivers {

class TestServer {
 public:
  using OnRequest = http::Server::OnRequest;
  // Listens on a free port, or on `unix_path` when it is given.
  explicit TestServer(OnRequest on_request, const std::string& unix_path = {}) {
    auto loop = io::EventLoop::make();
    EXPECT_TRUE(loop);
    loop_ = std::move(loop).value();
    server_ = std::make_unique<http::Server>(*loop_, std::move(on_request));
    if (unix_path.empty()) {
      auto port = server_->listen_tcp("127.0.0.1", 0);
      EXPECT_TRUE(port);
      port_ = port ? *port : 0;
    } else {
      EXPECT_TRUE(server_->listen_unix(unix_path));
    }
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~TestServer() {
    loop_->stop();
    thread_.join();
    server_.reset();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  io::EventLoop& loop() { return *loop_; }

 private:
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<http::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace slipway::drivers

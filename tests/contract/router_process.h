#pragma once
// A proxy of somebody else's as a real process in a folder of its own, and an app behind it whose
// answers wait until they are let go.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "drivers/own_file/own_file.h"
#include "http/client.h"
#include "io/child.h"
#include "io/files.h"
#include "io/socket.h"
#include "tests/contract/test_server.h"

namespace slipway::contract {

// A port nobody listens on now.
inline int free_port() {
  const auto socket = io::listen_tcp({"127.0.0.1", 0});
  EXPECT_TRUE(socket);
  return socket ? io::local_port(socket->get()) : 0;
}

inline void write_text(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

// The program in the foreground; its output is in folder/log.
class RouterProcess {
 public:
  RouterProcess() {
    folder_ = io::make_temp_dir("slipway-router-").value_or(std::string());
    EXPECT_FALSE(folder_.empty());
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  }
  ~RouterProcess() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  RouterProcess(const RouterProcess&) = delete;
  RouterProcess& operator=(const RouterProcess&) = delete;

  const std::string& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  pid_t pid() const { return child_.pid; }

  void start(std::vector<std::string> argv) {
    const io::Fd log(::open(path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    io::ChildSpec spec;
    spec.argv = std::move(argv);
    spec.environment = drivers::own_file::program_environment();
    spec.out = log.get();
    spec.err = log.get();
    auto child = io::spawn(spec);
    ASSERT_TRUE(child) << child.error().sentence();
    child_ = std::move(child).value();
  }
  void stop() {
    if (child_.pid == 0) return;
    ::kill(child_.pid, SIGTERM);
    if (!io::wait_for(child_, Millis(10'000))) {
      ::kill(-child_.pid, SIGKILL);
      EXPECT_TRUE(io::wait_for(child_, Millis(5'000)));
    }
    child_ = {};
  }
  std::string log() const { return io::read_file(path("log")).value_or(std::string()); }

 private:
  std::string folder_;
  io::Child child_;
};

// An app whose answers wait until they are let go.
class SlowApp {
 public:
  bool wait_until_busy() {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::seconds(10), [&] { return waiting_ != nullptr; });
  }
  void let_go() {
    server_.loop().post([this] {
      const std::lock_guard hold(mutex_);
      if (waiting_) waiting_->respond(200, "done");
      waiting_.reset();
    });
  }
  std::string address() const { return server_.address(); }

 private:
  using ResponderPtr = std::shared_ptr<http::Responder>;
  void take(const ResponderPtr& responder) {
    {
      const std::lock_guard hold(mutex_);
      waiting_ = responder;
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  ResponderPtr waiting_;
  drivers::TestServer server_{
      [this](const http::Request&, const ResponderPtr& responder) { take(responder); }};
};

// One request through the router, kept waiting in the app; its answer must arrive.
class WaitingRequest {
 public:
  explicit WaitingRequest(int port) : port_(port) {}
  ~WaitingRequest() { end(); }
  const SlowApp& app() const { return app_; }

  void begin() {
    client_ = std::thread([port = port_] {
      http::Call call;
      call.fields.push_back({"Host", "shop.test"});
      const auto response = http::Client::on_tcp("127.0.0.1", port).request(call);
      EXPECT_TRUE(response) << response.error().sentence();
      if (!response) return;
      EXPECT_EQ(response->status, 200) << "a request that was running is not lost";
    });
    EXPECT_TRUE(app_.wait_until_busy());
  }
  void end() {
    if (!client_.joinable()) return;
    app_.let_go();
    client_.join();
  }

 private:
  int port_;
  SlowApp app_;
  std::thread client_;
};

}  // namespace slipway::contract

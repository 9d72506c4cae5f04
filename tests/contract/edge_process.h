#pragma once
// A real edge in a child process with a state folder of its own, for tests of what talks to one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "edge/edge.h"
#include "http/client.h"
#include "io/fd.h"

namespace slipway::contract {

class EdgeProcess {
 public:
  EdgeProcess() {
    std::string name = "/tmp/slipway-contract-edge-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    // Both are forked here, while the test has no threads yet; each begins when it is told where
    // to listen.
    children_ = {fork_one(), fork_one()};
    begin(children_[0], "127.0.0.1:0");
    address_ = wait_for_address();
  }
  ~EdgeProcess() {
    for (const Child& child : children_) {
      ::kill(child.pid, SIGKILL);
      ::waitpid(child.pid, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }
  EdgeProcess(const EdgeProcess&) = delete;
  EdgeProcess& operator=(const EdgeProcess&) = delete;

  std::string socket() const { return edge::control_socket_path(folder_); }
  const std::string& address() const { return address_; }  // "127.0.0.1:40123"
  int port() const { return std::stoi(address_.substr(address_.rfind(':') + 1)); }

  // A newer edge takes the sockets over; true once it answers on the control socket.
  bool replace() {
    begin(children_[1], address_);
    return answers_with_pid(children_[1].pid);
  }
  // True once the replaced edge has ended.
  bool becomes_alone() const {
    return wait_until([](const Json& json) { return !json.flag("draining_process", true); });
  }

 private:
  struct Child {
    pid_t pid = 0;
    io::Fd tell;
  };
  Child fork_one() const {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid != 0) {
      ::close(ends[0]);
      return {pid, io::Fd(ends[1])};
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    char listen[64] = {};
    if (::read(ends[0], listen, sizeof(listen) - 1) <= 0) ::_exit(0);
    ::_exit(serve(listen));
  }
  static void begin(const Child& child, const std::string& listen) {
    EXPECT_GT(::write(child.tell.get(), listen.data(), listen.size()), 0);
  }
  int serve(const std::string& listen) const {
    ::signal(SIGPIPE, SIG_IGN);
    edge::EdgeOptions options;
    options.listen = {listen};
    options.state = folder_;
    options.workers = 1;
    options.say = [](const std::string&) {};
    return edge::edge_main(options);
  }
  Json facts() const {
    http::Call call;
    call.target = "/v1/edge";
    call.timeout = Millis(1000);
    const auto response = http::Client::on_unix(socket()).request(call);
    const auto json = response ? Json::parse(response->body) : Result<Json>(response.error());
    return json ? *json : Json();
  }
  template <class Holds>
  bool wait_until(Holds holds) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds(facts())) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ::poll(nullptr, 0, 10);
    }
    return true;
  }
  std::string wait_for_address() const {
    std::string address;
    EXPECT_TRUE(wait_until([&](const Json& json) {
      const auto listen = json.strings("listen");
      if (!listen.empty()) address = listen[0];
      return !listen.empty();
    })) << "the edge did not start";
    return address;
  }
  bool answers_with_pid(pid_t pid) const {
    return wait_until([&](const Json& json) { return json.integer("pid") == pid; });
  }

  std::string folder_;
  std::string address_;
  std::array<Child, 2> children_;
};

}  // namespace slipway::contract

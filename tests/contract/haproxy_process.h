#pragma once
// A real HAProxy with a configuration of its own, started with slipway's folder beside it.
#include "drivers/haproxy/drivers.h"
#include "drivers/haproxy/master.h"
#include "tests/contract/router_process.h"

namespace slipway::contract {

class HaproxyProcess {
 public:
  HaproxyProcess() : port_(free_port()) {
    std::filesystem::create_directories(path("slipway"));
    write_text(path("haproxy.cfg"),
               "global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 5s\n"
               "  timeout client 60s\n  timeout server 60s\n");
    start();
  }
  void start() {
    process_.start({"haproxy", "-W", "-S", path("master.sock"), "-f", path("haproxy.cfg"), "-f",
                    path("slipway")});
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (serving().empty()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << process_.log();
      ::poll(nullptr, 0, 10);
    }
  }
  void stop() { process_.stop(); }

  drivers::haproxy::Settings settings() const {
    drivers::haproxy::Settings settings;
    settings.config = path("haproxy.cfg");
    settings.folder = path("slipway");
    settings.master = path("master.sock");
    settings.bind = {"127.0.0.1:" + std::to_string(port_)};
    return settings;
  }
  drivers::haproxy::Master master() const { return drivers::haproxy::Master(path("master.sock")); }
  std::string serving() const {
    const auto now = master().processes();
    return now ? now->serving : std::string();
  }
  int port() const { return port_; }
  std::string path(const std::string& name) const { return process_.path(name); }
  std::string file() const { return path("slipway/slipway.shop.production.cfg"); }

 private:
  int port_;
  RouterProcess process_;
};

}  // namespace slipway::contract

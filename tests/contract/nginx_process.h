#pragma once
// A real nginx with a configuration of its own, which includes what slipway writes.
#include "drivers/nginx/drivers.h"
#include "drivers/nginx/workers.h"
#include "tests/contract/router_process.h"

namespace slipway::contract {

class NginxProcess {
 public:
  explicit NginxProcess(const std::string& more_http = "") : port_(free_port()) {
    const std::string& folder = process_.folder();
    std::filesystem::create_directories(folder + "/conf.d");
    write_text(folder + "/nginx.conf",
               "daemon off;\nworker_processes 2;\npid " + folder + "/nginx.pid;\nerror_log " +
                   folder + "/error.log warn;\nevents { worker_connections 512; }\nhttp {\n" +
                   "  access_log off;\n  client_body_temp_path " + folder +
                   "/t1;\n  proxy_temp_path " + folder + "/t2;\n  fastcgi_temp_path " + folder +
                   "/t3;\n  uwsgi_temp_path " + folder + "/t4;\n  scgi_temp_path " + folder +
                   "/t5;\n" + more_http + "  include conf.d/*.conf;\n}\n");
    start();
  }

  void start() {
    process_.start({"nginx", "-c", process_.path("nginx.conf")});
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!drivers::nginx::master_of(process_.path("nginx.pid"))) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << process_.log();
      ::poll(nullptr, 0, 10);
    }
  }
  void stop() { process_.stop(); }

  drivers::nginx::Settings settings() const {
    drivers::nginx::Settings settings;
    settings.config = process_.path("nginx.conf");
    settings.folder = process_.path("conf.d");
    settings.pid_file = process_.path("nginx.pid");
    settings.log_folder = process_.folder();
    settings.access_log = "off";
    settings.listen = {"127.0.0.1:" + std::to_string(port_)};
    return settings;
  }
  int port() const { return port_; }
  std::string path(const std::string& name) const { return process_.path(name); }
  std::string file() const { return path("conf.d/slipway.shop.production.conf"); }

 private:
  int port_;
  RouterProcess process_;
};

}  // namespace slipway::contract

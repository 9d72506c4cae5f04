#pragma once
// nginx as router: an include file of slipway's own, tested, renamed into place, and a reload that
// is settled when no worker with the former configuration takes connections any more.
#include <memory>
#include <string>
#include <vector>

#include "ports/router.h"

namespace slipway::drivers::nginx {

struct Settings {
  std::string program = "nginx";
  std::string config = "/etc/nginx/nginx.conf";
  std::string folder = "/etc/nginx/conf.d";  // where slipway's file goes; `config` includes it
  std::string pid_file = "/run/nginx.pid";
  std::string log_folder = "/var/log/nginx";             // where nginx counts for slipway
  std::string access_log = "/var/log/nginx/access.log";  // "off": none besides slipway's counts
  std::vector<std::string> listen{"80"};                 // as in nginx's `listen`
  std::string snippet;                                   // included in every server block
};

std::unique_ptr<ports::Router> make_router(Settings settings);
// Reads nginx's counts file on; each object has read all of it that is kept.
std::unique_ptr<ports::Counters> make_counters(Settings settings);

}  // namespace slipway::drivers::nginx

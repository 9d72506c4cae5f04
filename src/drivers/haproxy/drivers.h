#pragma once
// HAProxy as router: weights and servers change at runtime without a reload, and stand in a file
// of slipway's own as well, so that a reload or a restart keeps them.
#include <memory>
#include <string>
#include <vector>

#include "ports/router.h"

namespace slipway::drivers::haproxy {

struct Settings {
  std::string program = "haproxy";
  std::string config = "/etc/haproxy/haproxy.cfg";
  std::string folder = "/etc/haproxy/slipway";  // HAProxy was started with -f on it
  std::string master = "/run/haproxy-master.sock";
  std::vector<std::string> bind{":80"};  // as in HAProxy's `bind`
};

std::unique_ptr<ports::Router> make_router(Settings settings);
// Requests and failures; HAProxy counts no times.
std::unique_ptr<ports::Counters> make_counters(Settings settings);

}  // namespace slipway::drivers::haproxy

#pragma once
// `slipway edge run`: the data plane as a process.
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "edge/log_options.h"
#include "edge/worker_limits.h"

namespace slipway::edge {

struct EdgeOptions {
  std::vector<std::string> listen{"0.0.0.0:80"};  // port 0: any free one
  std::vector<std::string> listen_tls;            // the same, speaking TLS
  bool proxy_protocol = false;  // every connection begins with a PROXY header (v1 or v2)
  std::string state;            // folder: table, control socket
  std::string acme_webroot;     // empty: "acme-webroot" in the state folder
  unsigned workers = 0;         // 0: one per core
  std::string user;             // switch to this user after binding; empty: stay
  bool take_over = false;  // a running edge is replaced in any case; then its absence is an error
  std::string version = "dev";
  Millis goodbye{60'000};         // how long open connections may go on in a replaced process
  Millis stop_time{30'000};       // how long running requests may go on after SIGTERM
  Millis ticket_turn{3'600'000};  // how long one key seals TLS session tickets
  WorkerLimits limits;
  AccessLogOptions access_log;
  // Lines for people; called on the thread of edge_main. Default: standard error.
  std::function<void(const std::string&)> say;
};

std::string control_socket_path(const std::string& state);

// Serves until SIGTERM or SIGINT, or until a newer edge has taken over and the last connection
// ended. The exit code: 0, or that of the error it has said.
int edge_main(const EdgeOptions& options);

}  // namespace slipway::edge

#pragma once
// The edge used by itself, without the daemon: kamal-proxy's verbs, run against a control socket.
// Each name is an app of its own in the environment "edge", with one service "web". Everything
// blocks.
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge::verbs {

struct DeployOptions {
  std::string name;
  std::vector<std::string> targets;        // "127.0.0.1:3000"
  std::vector<std::string> hosts;          // empty: every host nobody else names
  std::vector<std::string> path_prefixes;  // empty: "/"
  bool strip_path_prefix = true;
  std::string health_check_path = "/up";
  Millis health_check_interval{1'000};
  Millis health_check_timeout{5'000};
  std::string health_check_host;  // empty: the target's address
  Millis deploy_timeout{30'000};
  Millis drain_timeout{30'000};
  Millis target_timeout{30'000};
  bool tls = false;  // without paths: as the service has it
  std::string tls_certificate_path;
  std::string tls_private_key_path;
  std::string error_pages;  // folder of the edge's own answers: 503.html, 5xx.html …
  bool buffer_requests = false;
  bool buffer_responses = false;
  std::int64_t buffer_memory = std::int64_t{1} << 20;
  std::int64_t max_request_body = 0;  // bytes; 0: no limit
  std::int64_t max_response_body = 0;
  bool forward_headers = false;
  // Called with a line for people when something is worth telling (a failed probe, a long drain).
  std::function<void(const std::string&)> say;
};

// Checks that the hosts are free, probes every target until all answer 2xx, installs them, and
// returns when the replaced targets have finished. Before the switch an error changes nothing:
// HostTaken, NeverHealthy, Malformed. A paused or stopped service stays so. DrainTimeout-free: what
// still ran at the drain time-out was ended by the edge.
Result<void> deploy(const DeployOptions& options, const std::string& socket);
Result<void> remove(const std::string& name, const std::string& socket);
// Holds new requests up to max_pause, then 504; waits for those running, at most drain_timeout.
Result<void> pause(const std::string& name, Millis max_pause, Millis drain_timeout,
                   const std::string& socket);
// Answers 503 with the message; waits for those running, at most drain_timeout.
Result<void> stop(const std::string& name, const std::string& message, Millis drain_timeout,
                  const std::string& socket);
// Waits until nothing runs at targets that get no new requests (replaced, paused, stopped); after
// `timeout` it ends what is left.
Result<void> drain(const std::string& name, Millis timeout, const std::string& socket);
Result<void> resume(const std::string& name, const std::string& socket);
// Reads the certificate files anew: {changed, unchanged}. Malformed: one of them is broken, and the
// one before it is still served.
Result<Json> reload(const std::string& socket);
// The service shows this certificate from now on. NotFound: the edge has no such service.
Result<void> use_certificate(const std::string& name, const std::string& certificate,
                             const std::string& key, const std::string& socket);
// [{name, hosts, paths, state, tls, targets}], those of the daemon too (name
// "app/environment/service").
Result<Json> list(const std::string& socket);
// The same as text, one line each, columns aligned.
Result<std::string> list_text(const std::string& socket);

}  // namespace slipway::edge::verbs

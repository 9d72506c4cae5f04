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
  std::vector<std::string> read_targets;   // GET and HEAD go to them
  Millis writer_affinity_timeout{3'000};   // after a write, a client reads from the writer
  bool strip_path_prefix = true;
  std::string health_check_path = "/up";
  Millis health_check_interval{1'000};
  Millis health_check_timeout{5'000};
  std::string health_check_host;  // empty: the target's address
  int health_check_port = 0;      // 0: the target's own
  Millis deploy_timeout{30'000};
  Millis drain_timeout{30'000};
  Millis target_timeout{30'000};
  bool tls = false;  // without paths: as the service has it
  bool tls_redirect = true;
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

// A second set of targets beside the deployed one, at first without traffic. Which client gets it
// the value of the cookie "kamal-rollout" decides, which the app sets; without it, nobody does.
struct RolloutOptions {
  std::string name;
  std::vector<std::string> targets;
  Millis deploy_timeout{30'000};
  Millis drain_timeout{30'000};
  Millis health_check_interval{1'000};
  std::function<void(const std::string&)> say;
};
Result<void> rollout_deploy(const RolloutOptions& options, const std::string& socket);
// This share of the cookie's values, and those on the list, go to the rollout.
Result<void> rollout_set(const std::string& name, double percent,
                         const std::vector<std::string>& list, const std::string& socket);
// Everything goes to the deployed targets again; the rollout's are forgotten.
Result<void> rollout_stop(const std::string& name, const std::string& socket);

struct ReleaseShare {
  std::string release;
  double percent = 0;
};
// The releases of a service get these shares, which sum to 100; one that is not named gets none.
Result<void> split_releases(const std::string& name, const std::vector<ReleaseShare>& shares,
                            const std::string& socket);

// {edge, services: [{name, release, requests, …, in_flight, p50_us, p95_us}]}
Result<Json> status(const std::string& socket);
Result<std::string> status_text(const std::string& socket);
// Reads the certificate files anew: {changed, unchanged}. Malformed: one of them is broken, and the
// one before it is still served.
Result<Json> reload(const std::string& socket);
// The service shows this certificate from now on. NotFound: the edge has no such service.
Result<void> use_certificate(const std::string& name, const std::string& certificate,
                             const std::string& key, const std::string& socket);
// [{name, hosts, paths, state, tls, releases, targets}], those of the daemon too (name
// "app/environment/service").
Result<Json> list(const std::string& socket);
// The same as text, one line each, columns aligned.
Result<std::string> list_text(const std::string& socket);

}  // namespace slipway::edge::verbs

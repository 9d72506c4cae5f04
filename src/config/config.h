#pragma once
// Config: slipway.yaml after every default, inheritance and check. Values only; nothing here reads
// a file or an environment variable. Secrets stay references until a driver needs their value.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "config/alert.h"
#include "config/channel.h"
#include "config/database.h"
#include "config/gates.h"
#include "config/hook.h"
#include "config/incidents.h"
#include "config/metric.h"

namespace slipway::config {

enum class Strategy { BlueGreen, Canary, Rolling, Recreate };
std::string_view name_of(Strategy strategy);  // "blue-green"

// HTTP probe of an instance. A probe succeeds on 2xx (or `expect`) within `timeout`; a JSON health
// document whose own "status" says down, fail or unhealthy fails it too.
struct Health {
  std::string path;  // empty: no HTTP probe; running is enough
  Millis interval{2000};
  Millis timeout{2000};
  int healthy = 2;              // successes in a row before an instance counts as ready
  int unhealthy = 3;            // failures in a row before a ready instance counts as failed
  Millis start_period{30'000};  // how long a new instance may take to become ready
  std::string host;             // Host header; empty: the address
  std::string ready_path;       // separate readiness; empty: `path` tells
  friend bool operator==(const Health&, const Health&) = default;
};

struct Stop {
  std::string signal = "TERM";
  Millis timeout{10'000};  // then KILL
  friend bool operator==(const Stop&, const Stop&) = default;
};

struct Limits {
  std::uint64_t memory_bytes = 0;  // 0: none
  double cpus = 0;                 // 0: none
  int pids = 0;                    // 0: none
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Route {
  std::vector<std::string> hosts;  // empty: every host nobody else claims
  std::vector<std::string> paths;  // empty: "/"
  bool strip_path = true;
  friend bool operator==(const Route&, const Route&) = default;
};

struct Service {
  std::string name;
  std::string run;      // shell command line; "${version}" is replaced
  std::string image;    // for platforms that run images; "${version}" is replaced
  std::string dir;      // working folder, relative to slipway.yaml; "${version}" is replaced
  bool listens = true;  // false: a worker, gets no port and no traffic
  int instances = 1;
  int pool = -1;  // connections to the database of each instance; -1: the database's own setting
  std::map<std::string, std::string> env;  // "${version}" is replaced
  std::vector<std::string> secrets;        // names out of Environment::secrets
  std::vector<std::string> needs;          // services that must be ready before this one starts
  std::optional<Health> health;
  Stop stop;
  Limits limits;
  std::string user;
  Millis drain{30'000};  // how long running requests may finish after the switch
  Route route;
  Json edge;  // what the router does beyond the route (config/edge_settings.h); null: nothing
};

// One smoke check. Exactly one of get and run is set.
struct Smoke {
  std::string get;      // path on a new instance
  std::string run;      // shell command; SLIPWAY_TARGET=http://host:port, SLIPWAY_VERSION, …
  std::string service;  // empty: the first service that listens
  int expect = 200;
  std::string contains;  // text the body must hold; empty: any
  Millis timeout{10'000};
};

// Must bad requests come in several blocks of time? Auto: unless history shows that they come
// singly.
enum class BurstGuard { Auto, On, Off };
std::string_view name_of(BurstGuard guard);  // "auto"

// What is done when there is still not enough data at the deadline.
enum class LowTraffic { Hold, Promote, RollBack };
std::string_view name_of(LowTraffic outcome);  // "roll_back"

// What a canary is judged beside: the old release as it runs, or instances of it that are as young
// as the canary's.
enum class Baseline { Old, Fresh };
std::string_view name_of(Baseline baseline);

inline constexpr std::size_t kMostJudgedRoutes = 9;

struct Judge {
  Millis period{0};          // how long each step is judged; 0: not judged
  Millis deadline{0};        // not enough data after this: low_traffic says. 0: 3 x period
  int least_requests = 50;   // fewer new-release requests than this are not enough data
  double false_alarm = 0.1;  // percent of healthy releases that are taken back, at most
  double missed = 100;       // percent of releases at a limit that pass a step, at most; 100: any
  BurstGuard guard = BurstGuard::Auto;
  Millis warmup{60'000};  // latency is not judged while the new release is younger
  bool quarantine = true;
  LowTraffic low_traffic = LowTraffic::Hold;
  Baseline baseline = Baseline::Old;
  std::vector<std::string> routes{};  // judged by themselves too; empty: the busiest
};

// roll_back_when: what takes a release back by itself, while it shifts and while it is watched.
struct Trigger {
  enum class Kind { ErrorRate, LatencyQuantile, HealthFailing, Alert };
  Kind kind = Kind::ErrorRate;
  double quantile = 0.95;  // LatencyQuantile only
  double limit = 0;  // ErrorRate: percent; LatencyQuantile: milliseconds, or times the baseline
  bool relative_to_baseline = false;
  std::string text;   // as written: "error_rate > 5%"
  std::string alert;  // Alert: the name under which Alertmanager sends it
};

struct Rollout {
  Strategy strategy = Strategy::BlueGreen;
  std::vector<double> steps;  // percents, rising, ending in 100; canary only
  int batch = 1;              // instances at a time; rolling only
  Judge judge;
  Millis keep_old{600'000};  // how long the old colour stays warm after the release
};

enum class OnConflict { Refuse, Supersede };

struct Maintenance {
  std::string page;  // file with the page; empty: the built-in one
  Millis retry_after{60'000};
  std::vector<std::string> allow;  // CIDRs that pass
};

// The proxy behind `router: nginx`, as its machine has it.
struct Nginx {
  std::vector<std::string> listen{"80"};
  std::string snippet;
  std::string access_log = "/var/log/nginx/access.log";
  std::string folder = "/etc/nginx/conf.d";
  std::string config = "/etc/nginx/nginx.conf";
  std::string pid = "/run/nginx.pid";
  std::string log = "/var/log/nginx";
  std::string program = "nginx";
  friend bool operator==(const Nginx&, const Nginx&) = default;
};

// The proxy behind `router: haproxy`.
struct Haproxy {
  std::vector<std::string> bind{":80"};
  std::string folder = "/etc/haproxy/slipway";
  std::string config = "/etc/haproxy/haproxy.cfg";
  std::string master = "/run/haproxy-master.sock";
  std::string program = "haproxy";
  friend bool operator==(const Haproxy&, const Haproxy&) = default;
};

struct Environment {
  std::string name;
  std::string url;
  std::string branch;
  std::string platform = "process";            // process | command
  std::string router = "edge";                 // edge | nginx | haproxy | command
  Nginx nginx;                                 // for the router nginx
  Haproxy haproxy;                             // for the router haproxy
  std::map<std::string, std::string> drivers;  // driver name -> command line, for `command`
  std::string folder;  // of slipway.yaml, where the commands run; known from the request on
  std::vector<Service> services;  // in dependency order (needs first), ties as written
  std::map<std::string, SecretRef> secrets;
  std::vector<Smoke> smoke;
  Rollout rollout;
  std::vector<Trigger> roll_back_when;
  std::vector<std::string> roll_back_on_alerts;  // `alert NAME` of roll_back_when: the names
  Millis watch{0};
  OnConflict on_conflict = OnConflict::Refuse;
  Maintenance maintenance;
  Gates gates;
  std::map<std::string, Channel> channels;
  std::vector<NotifyRule> notify;
  std::vector<AlertRule> alerts;
  Incidents incidents;
  std::vector<Metric> metrics;
  std::vector<Hook> hooks;
  DatabaseSettings database;
  const Service* service(std::string_view service_name) const;
};

struct Config {
  std::string app;
  std::string file;    // as given on the command line
  std::string folder;  // folder of the file, absolute
  std::map<std::string, Environment> environments;
};

// sha256 over everything of an environment that changes how its release runs (no secret values).
std::string fingerprint(const Environment& environment);
Json to_json(const Environment& environment);
Json to_json(const Nginx& nginx);
Json to_json(const Haproxy& haproxy);
// The reverse of to_json(Environment); used where a stored release is started again.
Result<Environment> environment_from_json(const Json& json);

}  // namespace slipway::config

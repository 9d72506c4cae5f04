#pragma once
// Router: who gets the traffic. One split covers all listening services of an app in an
// environment, so that a switch is one atomic write.
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/config.h"
#include "plan/plan.h"
#include "ports/outcome.h"

namespace slipway::ports {

struct AppRef {
  std::string app;
  std::string environment;
  friend auto operator<=>(const AppRef&, const AppRef&) = default;
};

struct Share {
  std::string service;
  std::string release;
  double percent = 0;                  // 0..100; the shares of one service sum to 100
  std::vector<std::string> addresses;  // "127.0.0.1:20001"
  friend bool operator==(const Share&, const Share&) = default;
};

enum class Mode { Serve, Maintenance, Paused, Stopped };
std::string_view name_of(Mode mode);

// How a service is reached; comes from the configuration of the release that is (becoming) live.
struct Front {
  std::string service;
  config::Route route;
  std::string health_path;
  Millis drain{30'000};
  Json edge{};  // config::Service::edge: what the router does beyond the route; null: nothing
  friend bool operator==(const Front&, const Front&) = default;
};

struct Split {
  std::vector<Share> shares;  // of one service: what was there before first, the newest last
  std::vector<Front> fronts;
  Mode mode = Mode::Serve;
  std::string message;             // Maintenance, Stopped
  Millis retry_after{60'000};      // Maintenance
  std::vector<std::string> allow;  // Maintenance: CIDRs that pass
  std::string page;  // Maintenance: file with the HTML page, absolute; empty: built in
};

struct SplitView {
  Split split;              // what the router really does now
  std::string version;      // for compare-and-swap; empty: nothing is routed yet
  std::uint64_t epoch = 0;  // of the last accepted write
  std::string op;           // of the last accepted write
  bool settled = true;      // every part of the router serves it
};

// Requests still running at addresses that no longer get new ones.
struct DrainView {
  struct Draining {
    std::string service;
    std::string release;
    std::string address;
    std::int64_t in_flight = 0;
  };
  std::vector<Draining> draining;
};

class Router {
 public:
  virtual ~Router() = default;
  virtual plan::Capabilities capabilities() const = 0;  // the router's half
  virtual std::vector<Finding> preflight(const plan::Plan& plan) = 0;
  virtual Result<SplitView> observe_split(const AppRef& app) = 0;
  // expected: the version last observed. A stale one is NotApplied(Conflict); an epoch lower than
  // the last accepted one is NotApplied(Fenced).
  virtual Outcome set_split(const AppRef& app, const Split& want, const std::string& expected,
                            std::uint64_t epoch, const OpId& op) = 0;
  virtual Result<DrainView> observe_drain(const AppRef& app) = 0;
};

// What the router counted, cumulative since the release was first seen.
using LatencyCounts =
    std::vector<std::pair<std::uint32_t, std::uint64_t>>;  // (bucket's upper bound, count), rising

struct RouteCounts {
  std::string route;  // "/checkout", "/"; "other": all that are not counted by name
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  LatencyCounts latency_us{};  // in wider buckets than the whole
};

struct Counts {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // 5xx and failed upstreams, also those another release answered
  LatencyCounts latency_us{};
  // By name; at most 64 and "other" for each service. Empty: the router does not tell them apart.
  // Both releases of a split are counted by the same names; a name may begin or end at any time,
  // and what is counted under it never falls while it is there.
  std::vector<RouteCounts> routes{};
};
class Counters {
 public:
  virtual ~Counters() = default;
  // Summed over the services of the app; NotFound-free: an unseen release counts zero.
  virtual Result<Counts> read(const AppRef& app, const std::string& release) = 0;
};

}  // namespace slipway::ports

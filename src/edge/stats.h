#pragma once
// Counters as values: summed over workers, sent over sockets, added to a predecessor's.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "edge/runtime.h"

namespace slipway::edge {

struct Counts {
  std::uint64_t requests = 0;
  std::array<std::uint64_t, 5> by_class{};  // 1xx … 5xx
  std::uint64_t errors = 0;                 // 5xx or a failure upstream, each request once
  std::uint64_t upstream_failures = 0;
  std::map<std::uint64_t, std::uint64_t> latency_us;  // bucket's upper bound to count

  void add(const Counts& other);
};

// Of the requests for one route.
struct RouteStats {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::map<std::uint64_t, std::uint64_t> latency_us;  // in wider buckets

  void add(const RouteStats& other);
};

struct ReleaseStats : Counts {
  std::string app;
  std::string environment;
  std::string service;
  std::string release;
  std::int64_t in_flight = 0;
  std::uint64_t bridged = 0;  // assets asked of it that another release was chosen for
  Counts previewed;           // asked for by name
  Counts mirrored;            // copies of what another release answered
  std::map<std::string, RouteStats> routes;

  bool same_release(const ReleaseStats& other) const;
  void add(const ReleaseStats& other);
};
using Stats = std::vector<ReleaseStats>;

// The sum over all workers; in_flight is left 0.
ReleaseStats sum_of(const ReleaseRuntime& release, unsigned workers);
void add_to(Stats& stats, const Stats& more);
Json to_json(const Stats& stats);  // a list
Result<Stats> stats_from_json(const Json& list);
// Prometheus text exposition, version 0.0.4.
std::string prometheus_text(const Stats& stats);

}  // namespace slipway::edge

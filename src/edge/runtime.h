#pragma once
// What outlives one table: counters and turns of services, releases and targets. Shared by every
// table generation that names them, freed when the last table and the last request let go.
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/address.h"
#include "edge/balance.h"
#include "edge/error_pages.h"
#include "edge/histogram.h"
#include "edge/route_tally.h"
#include "edge/table.h"

namespace slipway::edge {

// Written by one worker, read by whoever sums. A request is counted once per release that got it.
struct alignas(64) ReleaseCounters {
  std::atomic<std::uint64_t> requests{0};
  std::array<std::atomic<std::uint64_t>, 5> by_class{};  // [0]: 1xx … [4]: 5xx
  // Refused, reset, timed out or garbled: held against the release even when another one answered.
  std::atomic<std::uint64_t> upstream_failures{0};
  std::atomic<std::uint64_t> errors{0};   // requests with a 5xx or such a failure, each once
  std::atomic<std::uint64_t> bridged{0};  // assets asked of it that it was not chosen for
  Histogram latency_us;                   // from the request's head to the response's head
};

struct ServiceRuntime {
  std::string app;
  std::string environment;
  std::string name;
  std::atomic<std::uint64_t> split_turn{0};
  std::atomic<std::uint64_t> mirror_turn{0};
  std::atomic<int> held{0};  // requests waiting in a pause
  struct alignas(64) Budget : RetryBudget {};
  std::unique_ptr<Budget[]> budgets;  // one per worker
  RouteSet routes;                    // which are counted by name
};

struct ReleaseRuntime {
  std::shared_ptr<ServiceRuntime> service;
  std::string release;
  std::unique_ptr<ReleaseCounters[]> counters;  // one per worker
  std::unique_ptr<RouteTally[]> routes;         // one per worker
  // What users did not ask for counts apart; nullptr until the table has such requests.
  std::unique_ptr<ReleaseCounters[]> previewed;
  std::unique_ptr<ReleaseCounters[]> mirrored;
  std::atomic<std::uint64_t> turn{0};       // round robin over the pool
  std::atomic<std::uint64_t> read_turn{0};  // over its readers
};

struct TargetRuntime {
  struct alignas(64) Gauge {
    std::atomic<std::int64_t> in_flight{0};
  };
  std::shared_ptr<ReleaseRuntime> release;
  std::string text;
  Address address;
  std::unique_ptr<Gauge[]> gauges;  // one per worker
  unsigned workers = 0;
  // What is known of its health (edge/ejection.h). All zero while it only answers well.
  std::atomic<std::uint64_t> ejected_until_ms{0};  // in the past: a trial is due
  std::atomic<std::uint32_t> connect_failures{0};  // in a row
  std::atomic<std::uint32_t> bad_answers{0};       // in a row
  std::atomic<std::uint32_t> ejections{0};         // in a row
  std::atomic<bool> on_trial{false};
  std::atomic<bool> sick{false};  // the edge's own checks say so

  // Exact once every worker has left the tables that give requests to this target.
  std::int64_t in_flight() const;
};

// Names to runtimes. Used by one thread at a time (the engine's lock).
class Registry {
 public:
  explicit Registry(unsigned workers) : workers_(workers) {}
  std::shared_ptr<ServiceRuntime> service(const Service& service);
  std::shared_ptr<ReleaseRuntime> release(const Service& service, const std::string& release);
  std::shared_ptr<TargetRuntime> target(const Service& service, const std::string& release,
                                        const std::string& target);
  // Begins to count what the service's previews and mirror bring this release.
  void count_apart(const Service& service, ReleaseRuntime& release) const;
  // The names by which an older process counts; a service that is not known here is left out.
  void learn_route(const std::string& app, const std::string& environment,
                   const std::string& service, const std::string& route, std::uint32_t now_s) const;
  // Every release ever counted, oldest first; the oldest unused are forgotten beyond a limit.
  const std::vector<std::shared_ptr<ReleaseRuntime>>& releases() const { return releases_; }
  unsigned workers() const { return workers_; }
  ErrorPageShelf& error_pages() { return error_pages_; }

 private:
  void forget_old_releases();
  unsigned workers_;
  std::map<std::string, std::weak_ptr<ServiceRuntime>> services_;
  std::vector<std::shared_ptr<ReleaseRuntime>> releases_;
  std::map<std::string, std::weak_ptr<TargetRuntime>> targets_;
  ErrorPageShelf error_pages_;
};

}  // namespace slipway::edge

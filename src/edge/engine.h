#pragma once
// The data plane as one thing: workers, the table they route by, drains, counters. Used by one
// thread (the control loop); the workers' threads are inside.
#include <memory>
#include <vector>

#include "edge/access_log.h"
#include "edge/stats.h"
#include "edge/worker.h"

namespace slipway::edge {

struct EngineOptions {
  unsigned workers = 1;
  WorkerLimits limits;
  AccessLog* access_log = nullptr;  // outlives the engine
};

// A target that gets no new requests.
struct DrainEntry {
  std::string app;
  std::string environment;
  std::string service;
  std::string release;
  std::string address;
  std::int64_t in_flight = 0;
  std::int64_t deadline_in_ms = -1;  // -1: none, it is still in the table with weight 0
};

// What the edge knows of one target of the table.
struct TargetState {
  DrainEntry place;
  bool reads_only = false;
  bool sick = false;                // its own checks say so
  std::int64_t ejected_for_ms = 0;  // left alone so long
  std::uint32_t ejections = 0;      // in a row
};

class Engine {
 public:
  // The descriptors stay the caller's; each worker has its own copy.
  Engine(const EngineOptions& options, const std::vector<ListenSocket>& listen);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Returns when every worker routes by `table`, which must be valid: no request begun afterwards
  // goes anywhere else. Targets that left it drain from now on.
  void install(const Table& table);
  // Ends drains that are over, cuts those past their deadline. True while some go on.
  bool tick();
  std::vector<DrainEntry> drains() const;
  // Cuts what drains and matches; empty: everything. How many requests were ended.
  std::size_t cut(const std::string& app, const std::string& environment,
                  const std::string& release);

  Stats stats() const;
  // Counts by the names by which an older process counted, from the first request on.
  void learn_routes(const Stats& stats);
  bool routes_to(const ReleaseStats& entry) const;  // the table names this release
  // Every target with requests in flight, draining or not.
  std::vector<DrainEntry> in_flight() const;

  void use_tls(const std::shared_ptr<const TlsTerms>& terms);  // every worker has them on return
  TlsCounts tls_counts() const;
  std::vector<TargetState> targets() const;
  const std::shared_ptr<const Routes>& routes() const { return routes_; }

  void accept();  // not before the first table is installed: it would answer 404
  void stop_accepting();
  void say_goodbye();
  void close_idle_clients();
  const Gate& gate() const { return gate_; }
  std::size_t clients() const;
  std::size_t busy_clients() const;

 private:
  struct Draining {
    std::shared_ptr<TargetRuntime> target;
    std::uint64_t deadline_ms;
  };
  void on_all(const std::function<void(Worker&)>& task);  // and waits for the last
  std::size_t cut_targets(const std::vector<const TargetRuntime*>& targets);
  void start_drains(const Routes& old);
  DrainEntry entry_of(const TargetRuntime& target) const;
  template <class Use>
  void each_target(Use use) const;  // use(target, gets_requests, deadline_ms)

  Gate gate_;
  Registry registry_;
  std::shared_ptr<const Routes> routes_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Draining> draining_;
};

}  // namespace slipway::edge

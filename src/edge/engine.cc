#include "edge/engine.h"

#include <algorithm>
#include <condition_variable>

namespace slipway::edge {
namespace {
std::uint64_t now_ms() { return static_cast<std::uint64_t>(io::monotonic_us()) / 1000; }
}  // namespace

Engine::Engine(const EngineOptions& options, const std::vector<ListenSocket>& listen)
    : registry_(options.workers) {
  for (unsigned i = 0; i < options.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, options.limits, listen, gate_));
    if (AccessLog* log = options.access_log)
      workers_.back()->log_to(&log->ring(i), log->with_query());
  }
  routes_ = std::make_shared<const Routes>(Table(), registry_);
  for (const auto& worker : workers_) worker->start();
}

Engine::~Engine() {
  for (const auto& worker : workers_) worker->post([&worker] { worker->stop(); });
  for (const auto& worker : workers_) worker->join();
}

void Engine::on_all(const std::function<void(Worker&)>& task) {
  std::mutex lock;
  std::condition_variable all_done;
  std::size_t left = workers_.size();
  for (const auto& worker : workers_) {
    worker->post([&, own = worker.get()] {
      task(*own);
      const std::lock_guard<std::mutex> guard(lock);
      if (--left == 0) all_done.notify_one();
    });
  }
  std::unique_lock<std::mutex> guard(lock);
  all_done.wait(guard, [&] { return left == 0; });
}

void Engine::install(const Table& table) {
  const auto fresh = std::make_shared<const Routes>(table, registry_);
  const auto old = std::move(routes_);
  routes_ = fresh;
  if (fresh->limits_rates()) gate_.make_buckets();
  on_all([&fresh](Worker& worker) { worker.install(fresh); });
  std::erase_if(draining_, [&](const Draining& d) { return fresh->has_target(d.target.get()); });
  start_drains(*old);
  registry_.error_pages().forget_unused();
}

// The drain time is the service's own in the new table, or what it was when the service itself is
// gone.
void Engine::start_drains(const Routes& old) {
  for (const RouteService& service : old.services()) {
    const RouteService* now = routes_->service_of(service.runtime.get());
    const Millis drain = now != nullptr ? now->config.drain : service.config.drain;
    for (const RoutePool& pool : service.pools) {
      for (const auto& target : pool.targets) {
        if (routes_->has_target(target.get())) continue;
        draining_.push_back({target, now_ms() + static_cast<std::uint64_t>(drain.count())});
      }
    }
  }
}

bool Engine::tick() {
  std::vector<const TargetRuntime*> late;
  const std::uint64_t now = now_ms();
  for (const Draining& draining : draining_) {
    if (draining.deadline_ms <= now && draining.target->in_flight() > 0)
      late.push_back(draining.target.get());
  }
  if (!late.empty()) cut_targets(late);
  std::erase_if(draining_, [](const Draining& d) { return d.target->in_flight() == 0; });
  return !draining_.empty();
}

std::size_t Engine::cut_targets(const std::vector<const TargetRuntime*>& targets) {
  std::atomic<std::size_t> count{0};
  on_all([&](Worker& worker) { count += worker.cut(targets); });
  return count;
}

std::size_t Engine::cut(const std::string& app, const std::string& environment,
                        const std::string& release) {
  std::vector<const TargetRuntime*> targets;
  each_target([&](const TargetRuntime& target, bool gets_requests, std::uint64_t) {
    const ReleaseRuntime& owner = *target.release;
    const bool match = (app.empty() || owner.service->app == app) &&
                       (release.empty() || owner.release == release) &&
                       (environment.empty() || owner.service->environment == environment);
    if (match && !gets_requests) targets.push_back(&target);
  });
  return cut_targets(targets);
}

template <class Use>
void Engine::each_target(Use use) const {
  for (const RouteService& service : routes_->services()) {
    const ServiceState state = service.config.state;
    const bool open = state == ServiceState::Live || state == ServiceState::Maintenance;
    for (std::size_t i = 0; i < service.pools.size(); ++i) {
      const bool given = open && gets_requests(service.config, service.config.pools[i]);
      for (const auto& target : service.pools[i].targets) use(*target, given, std::uint64_t{0});
    }
  }
  for (const Draining& draining : draining_) use(*draining.target, false, draining.deadline_ms);
}

DrainEntry Engine::entry_of(const TargetRuntime& target) const {
  const ReleaseRuntime& release = *target.release;
  return {release.service->app,
          release.service->environment,
          release.service->name,
          release.release,
          target.text,
          target.in_flight(),
          -1};
}

std::vector<DrainEntry> Engine::drains() const {
  std::vector<DrainEntry> entries;
  const auto now = static_cast<std::int64_t>(now_ms());
  each_target([&](const TargetRuntime& target, bool gets_requests, std::uint64_t deadline_ms) {
    DrainEntry entry = entry_of(target);
    if (gets_requests || entry.in_flight == 0) return;
    if (deadline_ms > 0)
      entry.deadline_in_ms =
          std::max<std::int64_t>(static_cast<std::int64_t>(deadline_ms) - now, 0);
    entries.push_back(std::move(entry));
  });
  return entries;
}

std::vector<DrainEntry> Engine::in_flight() const {
  std::vector<DrainEntry> entries;
  each_target([&](const TargetRuntime& target, bool, std::uint64_t) {
    DrainEntry entry = entry_of(target);
    if (entry.in_flight > 0) entries.push_back(std::move(entry));
  });
  return entries;
}

std::vector<TargetState> Engine::targets() const {
  std::vector<TargetState> states;
  const auto now = static_cast<std::int64_t>(now_ms());
  for (const RouteService& service : routes_->services()) {
    for (const RoutePool& pool : service.pools) {
      for (std::size_t i = 0; i < pool.targets.size(); ++i) {
        const TargetRuntime& target = *pool.targets[i];
        TargetState state;
        state.place = entry_of(target);
        state.reads_only = i >= pool.writers;
        state.sick = target.sick.load(std::memory_order_relaxed);
        const auto until = static_cast<std::int64_t>(target.ejected_until_ms.load());
        state.ejected_for_ms = std::max<std::int64_t>(until - now, 0);
        state.ejections = target.ejections.load(std::memory_order_relaxed);
        states.push_back(std::move(state));
      }
    }
  }
  return states;
}

Stats Engine::stats() const {
  Stats stats;
  for (const auto& release : registry_.releases()) {
    ReleaseStats sum = sum_of(*release, registry_.workers());
    each_target([&](const TargetRuntime& target, bool, std::uint64_t) {
      if (target.release == release) sum.in_flight += target.in_flight();
    });
    stats.push_back(std::move(sum));
  }
  return stats;
}

void Engine::learn_routes(const Stats& stats) {
  const auto now_s = static_cast<std::uint32_t>(now_ms() / 1000);
  for (const ReleaseStats& entry : stats) {
    for (const auto& [route, counts] : entry.routes)
      registry_.learn_route(entry.app, entry.environment, entry.service, route, now_s);
  }
}

bool Engine::routes_to(const ReleaseStats& entry) const {
  bool found = false;
  each_target([&](const TargetRuntime& target, bool, std::uint64_t) {
    const ReleaseRuntime& release = *target.release;
    found = found || (release.release == entry.release && release.service->name == entry.service &&
                      release.service->app == entry.app &&
                      release.service->environment == entry.environment);
  });
  return found;
}

void Engine::use_tls(const std::shared_ptr<const TlsTerms>& terms) {
  on_all([&terms](Worker& worker) { worker.use_tls(terms); });
}

TlsCounts Engine::tls_counts() const {
  TlsCounts sum;
  for (const auto& worker : workers_) {
    const TlsCounts own = worker->tls_counts();
    sum.handshakes += own.handshakes;
    sum.resumed += own.resumed;
    sum.failed += own.failed;
  }
  return sum;
}

void Engine::accept() {
  on_all([](Worker& worker) { worker.accept(); });
}

void Engine::stop_accepting() {
  on_all([](Worker& worker) { worker.stop_accepting(); });
}

void Engine::say_goodbye() {
  on_all([](Worker& worker) { worker.say_goodbye(); });
}

void Engine::close_idle_clients() {
  on_all([](Worker& worker) { worker.close_idle_clients(); });
}

std::size_t Engine::clients() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->clients();
  return sum;
}

std::size_t Engine::busy_clients() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->busy_clients();
  return sum;
}

}  // namespace slipway::edge

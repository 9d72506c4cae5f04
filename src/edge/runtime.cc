#include "edge/runtime.h"

namespace slipway::edge {
namespace {
constexpr std::size_t kMostReleases = 512;

std::string key_of(const std::string& app, const std::string& environment,
                   const std::string& service) {
  return app + '\n' + environment + '\n' + service;
}
std::string key_of(const Service& service) {
  return key_of(service.app, service.environment, service.name);
}

template <class Map>
void drop_dead(Map& map) {
  std::erase_if(map, [](const auto& entry) { return entry.second.expired(); });
}
}  // namespace

std::int64_t TargetRuntime::in_flight() const {
  std::int64_t sum = 0;
  for (unsigned i = 0; i < workers; ++i) sum += gauges[i].in_flight.load(std::memory_order_relaxed);
  return sum;
}

std::shared_ptr<ServiceRuntime> Registry::service(const Service& service) {
  std::weak_ptr<ServiceRuntime>& slot = services_[key_of(service)];
  if (auto known = slot.lock()) return known;
  auto fresh = std::make_shared<ServiceRuntime>();
  fresh->app = service.app;
  fresh->environment = service.environment;
  fresh->name = service.name;
  fresh->budgets = std::make_unique<ServiceRuntime::Budget[]>(workers_);
  slot = fresh;
  return fresh;
}

std::shared_ptr<ReleaseRuntime> Registry::release(const Service& service,
                                                  const std::string& release) {
  const auto owner = this->service(service);
  for (const auto& known : releases_) {
    if (known->service == owner && known->release == release) return known;
  }
  forget_old_releases();
  auto fresh = std::make_shared<ReleaseRuntime>();
  fresh->service = owner;
  fresh->release = release;
  fresh->counters = std::make_unique<ReleaseCounters[]>(workers_);
  fresh->routes = std::make_unique<RouteTally[]>(workers_);
  releases_.push_back(fresh);
  return fresh;
}

void Registry::count_apart(const Service& service, ReleaseRuntime& release) const {
  const Traffic& traffic = service.traffic;
  if (!traffic.preview.token_sha256.empty() && release.previewed == nullptr)
    release.previewed = std::make_unique<ReleaseCounters[]>(workers_);
  const bool mirrors = mirror_release(service) == release.release;
  if (mirrors && release.mirrored == nullptr)
    release.mirrored = std::make_unique<ReleaseCounters[]>(workers_);
}

void Registry::learn_route(const std::string& app, const std::string& environment,
                           const std::string& service, const std::string& route,
                           std::uint32_t now_s) const {
  const auto known = services_.find(key_of(app, environment, service));
  if (known == services_.end()) return;
  if (const auto runtime = known->second.lock()) runtime->routes.learn(route, now_s);
}

void Registry::forget_old_releases() {
  if (releases_.size() < kMostReleases) return;
  for (auto it = releases_.begin(); it != releases_.end(); ++it) {
    if (it->use_count() > 1) continue;
    releases_.erase(it);
    break;
  }
  drop_dead(services_);
}

std::shared_ptr<TargetRuntime> Registry::target(const Service& service, const std::string& release,
                                                const std::string& target) {
  drop_dead(targets_);
  std::weak_ptr<TargetRuntime>& slot = targets_[key_of(service) + '\n' + release + '\n' + target];
  if (auto known = slot.lock()) return known;
  auto fresh = std::make_shared<TargetRuntime>();
  fresh->release = this->release(service, release);
  fresh->text = target;
  fresh->address = parse_address(target).value_or(Address());
  fresh->gauges = std::make_unique<TargetRuntime::Gauge[]>(workers_);
  fresh->workers = workers_;
  slot = fresh;
  return fresh;
}

}  // namespace slipway::edge

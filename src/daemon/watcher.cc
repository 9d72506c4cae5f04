#include "daemon/watcher.h"

#include <algorithm>
#include <set>

namespace slipway::daemon {
namespace {
constexpr Millis kEvery{1'000};
constexpr Millis kProbeAtMostEvery{2'000};
constexpr int kAliveEvery = 10;  // looks
}  // namespace

void Watcher::start() {
  thread_ = std::thread([this] { work(); });
}

void Watcher::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Watcher::is_closing() const {
  const std::lock_guard lock(mutex_);
  return closing_;
}

std::optional<Watcher::Seen> Watcher::seen(const ports::AppRef& app,
                                           const std::string& release) const {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(app);
  if (place == places_.end()) return std::nullopt;
  const auto window = place->second.windows.find(release);
  if (window == place->second.windows.end() || window->second.empty()) return std::nullopt;
  return Seen{window->second.newest(), window->second.rates()};
}

std::optional<ports::ProbeView> Watcher::health(const ports::AppRef& app,
                                                const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(app);
  if (place == places_.end()) return std::nullopt;
  const auto found = place->second.health.find(address);
  return found == place->second.health.end() ? std::nullopt
                                             : std::optional<ports::ProbeView>(found->second.view);
}

void Watcher::work() {
  for (int looks = 1;; ++looks) {
    const auto apps = lookout_.apps();
    if (apps) {
      for (const auto& app : *apps) {
        if (!is_closing()) look(app);
      }
    }
    if (looks % kAliveEvery == 0) hub_.alive();
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kEvery, [this] { return closing_; })) return;
  }
}

// What cannot be seen now is seen later; status itself says when the platform does not answer.
void Watcher::look(const ports::AppRef& app) {
  const auto settings = lookout_.settings(app);
  if (!settings) return;
  Drivers& mine = drivers_[app];
  const std::string key = config::fingerprint(*settings);
  if (!mine.set || mine.settings != key) {
    auto made = house_.drivers(*settings, app.app);
    if (!made) return;
    mine = {key, std::move(made).value()};
  }
  database_.look(app, *settings, *mine.set);
  const auto slots = mine.set->instances->slots(app.app, app.environment);
  if (!slots) return;
  if (!count(app, *mine.set, *slots)) return;
  probe(app, *mine.set, *settings, *slots);
  if (is_closing()) return;
  auto reading = reading_of(app, *settings);
  database_.fill(app, reading);
  const bool own = needs_own_rules(*settings);
  alarms_.consider(app, own ? with_own_rules(*settings) : *settings, reading);
}

// Errors over all releases that have traffic; latency of the slowest of them.
alerts::Reading Watcher::reading_of(const ports::AppRef& app,
                                    const config::Environment& settings) const {
  constexpr double kLeastRequests = 20;  // in the window: fewer are no rate
  alerts::Reading out;
  double requests = 0;
  double errors = 0;
  std::vector<RateWindow> busy;
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(app);
  if (found == places_.end()) return out;
  for (const auto& [release, window] : found->second.windows) {
    const Rates rates = window.rates();
    const double came = rates.requests_per_s * rates.window_s;
    requests += came;
    errors += came * rates.error_rate_percent / 100;
    if (came >= kLeastRequests) busy.push_back(window);
  }
  out.has_traffic = requests >= kLeastRequests;
  out.error_rate_percent = requests > 0 ? 100 * errors / requests : 0;
  out.latency_ms = [busy = std::move(busy)](double quantile) {
    double worst = 0;
    for (const auto& window : busy) worst = std::max(worst, window.latency_ms(quantile));
    return worst;
  };
  for (const auto& [address, health] : found->second.health)
    ++(health.view.healthy ? out.healthy : out.unhealthy);
  out.is_probed =
      std::any_of(settings.services.begin(), settings.services.end(),
                  [](const config::Service& service) { return service.health.has_value(); });
  return out;
}

Result<void> Watcher::count(const ports::AppRef& app, DriverSet& drivers,
                            const std::vector<ports::Slot>& slots) {
  std::set<std::string> releases;
  for (const auto& slot : slots) releases.insert(slot.release);
  for (const auto& release : releases) {
    auto counts = TRY(drivers.counters->read(app, release));
    const std::lock_guard lock(mutex_);
    auto& window = places_[app].windows[release];
    window.add(house_.clock.monotonic(), std::move(counts));
    tell_figures(app, release, window);
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(places_[app].windows, [&](const auto& one) {
    const bool gone = releases.count(one.first) == 0;
    if (gone) forget_figures(app, one.first);
    return gone;
  });
  return ok();
}

void Watcher::forget_figures(const ports::AppRef& app, const std::string& release) {
  const telemetry::Labels labels{
      {"app", app.app}, {"environment", app.environment}, {"release", release}};
  for (const auto name : {"slipway_requests", "slipway_request_errors",
                          "slipway_requests_per_second", "slipway_latency_p95_seconds"}) {
    house_.metrics.remove(name, labels);
  }
}

void Watcher::tell_figures(const ports::AppRef& app, const std::string& release,
                           const RateWindow& window) {
  const telemetry::Labels labels{
      {"app", app.app}, {"environment", app.environment}, {"release", release}};
  const Rates rates = window.rates();
  house_.metrics.set("slipway_requests", labels, static_cast<double>(window.newest().requests));
  house_.metrics.set("slipway_request_errors", labels, static_cast<double>(window.newest().errors));
  house_.metrics.set("slipway_requests_per_second", labels, rates.requests_per_s);
  house_.metrics.set("slipway_latency_p95_seconds", labels, rates.p95_ms / 1000);
}

void Watcher::probe(const ports::AppRef& app, DriverSet& drivers,
                    const config::Environment& settings, const std::vector<ports::Slot>& slots) {
  std::set<std::string> addresses;
  for (const auto& slot : slots) {
    const auto* service = settings.service(slot.service);
    if (service == nullptr || !service->health) continue;
    const auto view = drivers.instances->observe(slot);
    if (!view) continue;
    for (const auto& instance : view->instances) {
      if (instance.address.empty() || instance.state != ports::InstanceState::Running) continue;
      addresses.insert(instance.address);
      {
        const std::lock_guard lock(mutex_);
        if (closing_) return;
        const auto known = places_[app].health.find(instance.address);
        // One that was seen unhealthy is looked at each time: it may just have started.
        const bool was_healthy = known != places_[app].health.end() && known->second.view.healthy;
        const Millis every =
            was_healthy ? std::max(service->health->interval, kProbeAtMostEvery) : Millis(0);
        if (known != places_[app].health.end() &&
            house_.clock.monotonic() - known->second.at < every)
          continue;
      }
      auto seen = drivers.probe->look(instance.address, *service->health);
      const std::lock_guard lock(mutex_);
      places_[app].health[instance.address] = {std::move(seen), house_.clock.monotonic()};
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(places_[app].health,
                [&](const auto& one) { return addresses.count(one.first) == 0; });
}

}  // namespace slipway::daemon

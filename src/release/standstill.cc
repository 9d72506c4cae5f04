#include "release/standstill.h"

#include <algorithm>

#include "base/text.h"
#include "release/facts.h"

namespace slipway::release {
namespace {
using ports::InstanceState;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool uses(const config::Service& service, const config::DatabaseSettings& database) {
  if (!database.secret.name.empty() && holds(service.secrets, database.secret.name)) return true;
  return !database.url.empty() &&
         std::any_of(service.env.begin(), service.env.end(), [&](const auto& variable) {
           return variable.second.find(database.url) != std::string::npos;
         });
}

Millis longest_drain(const config::Environment& settings,
                     const std::vector<std::string>& services) {
  Millis out{0};
  for (const auto& service : settings.services) {
    if (service.listens && holds(services, service.name)) out = std::max(out, service.drain);
  }
  return out;
}

Result<std::int64_t> requests_under_way(World& world, const ports::AppRef& app,
                                        const std::vector<std::string>& services) {
  std::int64_t out = 0;
  const auto view = TRY(world.router.observe_drain(app));
  for (const auto& one : view.draining)
    if (holds(services, one.service)) out += one.in_flight;
  return out;
}

// The promise of a warm colour ends: its instances hold connections as well.
Result<void> forget_warmth(World& world, const ports::Lease& lease) {
  auto row = TRY(world.store.live(lease.app));
  if (row.previous_warm_until_ms == 0) return ok();
  row.previous_warm_until_ms = 0;
  return world.store.set_live(lease, row);
}

Result<std::int64_t> stop_slot(World& world, const ports::Slot& slot) {
  const auto view = TRY(world.instances.observe(slot));
  bool has_running = false;
  std::int64_t left = 0;
  for (const auto& instance : view.instances) {
    const bool is_up =
        instance.state == InstanceState::Starting || instance.state == InstanceState::Running;
    has_running = has_running || is_up;
    if (is_up || instance.state == InstanceState::Draining) ++left;
  }
  if (!has_running) return left;
  const int attempt = static_cast<int>(to_unix_ms(world.clock.now()) / 1000);
  const auto outcome =
      world.instances.retire(slot, {slot.release, "rest-" + slot.service, attempt});
  if (outcome.kind == ports::Outcome::Kind::NotApplied)
    return outcome.why.in("while stopping " + slot.service);
  return left;
}

std::vector<std::string> addresses_in(const ports::SplitView& now, const std::string& service,
                                      const std::string& release) {
  for (const auto& share : now.split.shares) {
    if (share.service != service || share.release != release) continue;
    auto out = share.addresses;
    std::sort(out.begin(), out.end());
    return out;
  }
  return {};
}

// "" when it is whole and healthy.
Result<std::string> what_is_missing(World& world, const ports::AppRef& app,
                                    const config::Service& service, const std::string& release) {
  const auto view = TRY(world.instances.observe({app.app, app.environment, service.name, release}));
  std::vector<std::string> addresses;
  int running = 0;
  for (const auto& instance : view.instances) {
    if (instance.index >= service.instances || instance.state != InstanceState::Running) continue;
    ++running;
    addresses.push_back(instance.address);
  }
  if (running < service.instances)
    return std::to_string(running) + " of " + std::to_string(service.instances) + " of " +
           service.name + " run";
  if (!service.listens) return std::string();
  for (const auto& address : addresses) {
    if (!service.health) continue;
    const auto seen = world.probe.look(address, *service.health);
    if (!seen.healthy) return service.name + " is not healthy yet";
  }
  std::sort(addresses.begin(), addresses.end());
  const auto now = TRY(world.router.observe_split(app));
  if (addresses_in(now, service.name, release) != addresses)
    return "the router does not have the addresses of " + service.name + " yet";
  return std::string();
}
}  // namespace

std::vector<std::string> users_of_database(const config::Environment& settings) {
  std::vector<std::string> all;
  std::vector<std::string> known;
  for (const auto& service : settings.services) {
    all.push_back(service.name);
    if (uses(service, settings.database)) known.push_back(service.name);
  }
  return known.empty() ? all : known;
}

Result<Rest> bring_to_rest(World& world, const ports::Lease& lease,
                           const std::vector<std::string>& services, std::int64_t since_ms) {
  const auto row = TRY(world.store.live(lease.app));
  if (!row.release.empty()) {
    const auto live = TRY(stored_release(world, row.release));
    const auto settings = TRY(config::environment_from_json(live.environment));
    const auto waited = Millis(to_unix_ms(world.clock.now()) - since_ms);
    const auto busy = TRY(requests_under_way(world, lease.app, services));
    if (busy > 0 && waited < longest_drain(settings, services))
      return Rest{false, count_of(busy, "request") + " still running"};
  }
  TRY(forget_warmth(world, lease));
  std::int64_t left = 0;
  for (const auto& slot : TRY(world.instances.slots(lease.app.app, lease.app.environment)))
    if (holds(services, slot.service)) left += TRY(stop_slot(world, slot));
  if (left > 0) return Rest{false, count_of(left, "instance") + " still stopping"};
  return Rest{true, ""};
}

Result<Rest> is_awake(World& world, const ports::AppRef& app) {
  const auto row = TRY(world.store.live(app));
  if (row.release.empty()) return Rest{true, ""};
  const auto live = TRY(stored_release(world, row.release));
  const auto settings = TRY(config::environment_from_json(live.environment));
  for (const auto& service : settings.services) {
    auto missing = TRY(what_is_missing(world, app, service, row.release));
    if (!missing.empty()) return Rest{false, std::move(missing)};
  }
  return Rest{true, ""};
}

}  // namespace slipway::release

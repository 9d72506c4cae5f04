#include "release/reaper.h"

#include <algorithm>

#include "ports/workload.h"
#include "release/facts.h"

namespace slipway::release {
namespace {

using ports::InstanceState;

constexpr Millis kLookAgain{1000};

// A slot with traffic, or with requests still running, is never stopped here.
Result<bool> is_in_use(World& world, const ports::Slot& slot) {
  const ports::AppRef app{slot.app, slot.environment};
  const auto view = TRY(world.router.observe_split(app));
  for (const auto& share : view.split.shares) {
    if (share.release == slot.release && share.service == slot.service && share.percent > 0)
      return true;
  }
  const auto draining = TRY(world.router.observe_drain(app));
  for (const auto& one : draining.draining) {
    if (one.release == slot.release && one.service == slot.service && one.in_flight > 0)
      return true;
  }
  return false;
}

bool all_running(const ports::SlotView& view, int count) {
  int running = 0;
  for (const auto& instance : view.instances) {
    if (instance.index < count && instance.state == InstanceState::Running) ++running;
  }
  return running == count;
}

bool has_missing(const ports::SlotView& view, int count) {
  int there = 0;
  for (const auto& instance : view.instances) {
    if (instance.index < count && instance.state != InstanceState::Gone) ++there;
  }
  return there < count;
}

bool has_starting(const ports::SlotView& view) {
  return std::any_of(view.instances.begin(), view.instances.end(), [](const auto& instance) {
    return instance.state == InstanceState::Starting;
  });
}

bool has_draining(const ports::SlotView& view) {
  return std::any_of(view.instances.begin(), view.instances.end(), [](const auto& instance) {
    return instance.state == InstanceState::Draining;
  });
}

// The live release's instances, started again where they are gone (a reboot, a killed shim).
Result<void> revive(World& world, const ports::AppRef& app, const plan::LiveRelease& live,
                    const config::Environment& settings, const std::vector<std::string>& resting,
                    Reaped& out) {
  const int attempt = static_cast<int>(to_unix_ms(world.clock.now()) / 1000);
  for (const auto& service : settings.services) {
    if (std::find(resting.begin(), resting.end(), service.name) != resting.end()) continue;
    const ports::Slot slot{app.app, app.environment, service.name, live.id};
    const auto view = TRY(world.instances.observe(slot));
    // One that is still stopping leaves its place first; the next look starts it again.
    out.busy = out.busy || has_draining(view);
    if (!has_missing(view, service.instances)) continue;
    const auto digest = live.digests.find(service.name);
    const auto spec = ports::workload_of(settings, service, live.version,
                                         digest == live.digests.end() ? "" : digest->second);
    const auto outcome =
        world.instances.ensure(slot, spec, service.instances, {live.id, "revive", attempt});
    if (outcome.kind == ports::Outcome::Kind::NotApplied)
      return outcome.why.in("while starting " + service.name + " again");
    out.revived.push_back(slot);
  }
  return ok();
}

// Instances that came back may have other addresses: the router learns them once all are ready.
Result<void> refresh_addresses(World& world, const ports::Lease& lease,
                               const plan::LiveRelease& live, const config::Environment& settings,
                               Reaped& out) {
  auto now = TRY(world.router.observe_split(lease.app));
  ports::Split want = now.split;
  bool changed = false;
  for (auto& share : want.shares) {
    const auto* service = settings.service(share.service);
    if (share.release != live.id || share.percent < 100 || service == nullptr) continue;
    const auto view = TRY(
        world.instances.observe({lease.app.app, lease.app.environment, share.service, live.id}));
    // What is still starting may have another address: it is looked at again.
    out.busy = out.busy || has_starting(view);
    if (!all_running(view, service->instances)) continue;
    std::vector<std::string> addresses;
    bool healthy = true;
    for (const auto& instance : view.instances) {
      if (instance.index < service->instances) addresses.push_back(instance.address);
    }
    std::sort(addresses.begin(), addresses.end());
    if (addresses == share.addresses) continue;
    for (const auto& address : addresses) {
      if (service->health) healthy = healthy && world.probe.look(address, *service->health).healthy;
    }
    if (!healthy) {
      out.busy = true;
      continue;
    }
    share.addresses = addresses;
    changed = true;
  }
  if (!changed) return ok();
  const int attempt = static_cast<int>(to_unix_ms(world.clock.now()) / 1000);
  const auto outcome = world.router.set_split(lease.app, want, now.version, lease.epoch,
                                              {live.id, "refresh", attempt});
  if (outcome.kind == ports::Outcome::Kind::Applied) return ok();
  return outcome.why.in("while giving the router the new addresses");
}

Result<void> keep_alive(World& world, const ports::Lease& lease, const std::string& release,
                        const std::vector<std::string>& resting, Reaped& out) {
  const auto live = TRY(stored_release(world, release));
  const auto settings = TRY(config::environment_from_json(live.environment));
  TRY(revive(world, lease.app, live, settings, resting, out));
  out.busy = out.busy || !out.revived.empty();
  return refresh_addresses(world, lease, live, settings, out);
}
}  // namespace

Result<Reaped> reap(World& world, const ports::Lease& lease,
                    const std::vector<std::string>& resting) {
  Reaped out;
  const auto row = TRY(world.store.live(lease.app));
  const auto now_ms = to_unix_ms(world.clock.now());
  const bool keep_previous = !row.previous.empty() && row.previous_warm_until_ms > now_ms;
  if (keep_previous) out.next = Millis(row.previous_warm_until_ms - now_ms);
  for (const auto& slot : TRY(world.instances.slots(lease.app.app, lease.app.environment))) {
    if (slot.release == row.release || (keep_previous && slot.release == row.previous)) continue;
    if (TRY(is_in_use(world, slot))) {
      out.busy = true;
      continue;
    }
    const int attempt = static_cast<int>(now_ms / 1000);
    const auto outcome =
        world.instances.retire(slot, {slot.release, "reap-" + slot.service, attempt});
    out.busy = true;
    if (outcome.kind == ports::Outcome::Kind::Applied) out.retired.push_back(slot);
  }
  if (!row.release.empty()) TRY(keep_alive(world, lease, row.release, resting, out));
  if (out.busy) out.next = kLookAgain;
  return out;
}

}  // namespace slipway::release

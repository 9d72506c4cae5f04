// Shift, Maintenance, Drain: who gets the traffic.
#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "release/performer.h"

namespace slipway::release {

using plan::StepKind;
using ports::Mode;
using ports::Outcome;
using ports::Share;
using ports::Split;
using ports::SplitView;

namespace {
constexpr Millis kLookSoon{5};
constexpr Millis kLookLater{250};

Result<std::vector<std::string>> addresses_of(World& world, const ports::Slot& slot, int most) {
  auto view = TRY(world.instances.observe(slot));
  std::vector<std::string> out;
  for (const auto& instance : view.instances) {
    const bool wanted = most < 0 || instance.index < most;
    if (wanted && instance.state == ports::InstanceState::Running && !instance.address.empty()) {
      out.push_back(instance.address);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

ports::Front front_of(const config::Service& service) {
  return {service.name, service.route, service.health ? service.health->path : "", service.drain,
          service.edge};
}

std::vector<Share> in_order(std::vector<Share> shares) {
  std::erase_if(shares,
                [](const Share& share) { return share.percent <= 0 && share.addresses.empty(); });
  for (auto& share : shares) std::sort(share.addresses.begin(), share.addresses.end());
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
    return a.service != b.service ? a.service < b.service : a.release < b.release;
  });
  return shares;
}

bool same(const Split& a, const Split& b) {
  return a.mode == b.mode && in_order(a.shares) == in_order(b.shares);
}

void use_maintenance_of(const config::Environment& settings, Split& split) {
  split.mode = Mode::Maintenance;
  split.page = settings.maintenance.page;
  split.retry_after = settings.maintenance.retry_after;
  split.allow = settings.maintenance.allow;
}
}  // namespace

// The shares of one service once `step` holds. Both colours' addresses are read anew: they are the
// truth.
Result<void> TrafficSteps::add_shares(const plan::Step& step, const config::Service& service,
                                      const Split& now, Split& want) {
  if (!step.service.empty() && step.service != service.name) {
    for (const auto& share : now.shares) {
      if (share.service == service.name) want.shares.push_back(share);
    }
    return ok();
  }
  const bool has_old = scene_.plan.old && scene_.service(service.name, true) != nullptr;
  const double percent = has_old ? step.percent : 100;
  auto fresh = TRY(addresses_of(scene_.world, scene_.slot(service.name, false), step.new_count));
  if (fresh.empty() && percent > 0) {
    return Error(Code::InstanceDied,
                 "no instance of " + service.name + " runs in " + scene_.new_slot);
  }
  // The new release is the last of its service: a router that sends certain clients to "the newest"
  // knows it by that.
  std::vector<std::string> young;
  if (has_old && step.baseline > 0)
    young = TRY(addresses_of(scene_.world, scene_.baseline_slot(service.name), -1));
  const double baseline = young.empty() ? 0 : step.baseline;
  if (percent < 100) {
    auto old = TRY(addresses_of(scene_.world, scene_.slot(service.name, true), step.old_count));
    want.shares.push_back(
        {service.name, scene_.plan.old->id, 100 - percent - baseline, std::move(old)});
  }
  if (baseline > 0) {
    const auto& release = scene_.baseline_slot(service.name).release;
    want.shares.push_back({service.name, release, baseline, std::move(young)});
  }
  want.shares.push_back({service.name, scene_.new_slot, percent, std::move(fresh)});
  return ok();
}

Result<Split> TrafficSteps::wanted(const plan::Step& step, const SplitView& now) {
  if (step.kind == StepKind::Maintenance) {
    Split want = now.split;
    use_maintenance_of(scene_.plan.settings, want);
    return want;
  }
  Split want = now.split;  // keeps a mode a person has set
  if (scene_.plan.strategy == config::Strategy::Recreate) want.mode = Mode::Serve;
  want.shares.clear();
  want.fronts.clear();
  for (const auto& service : scene_.plan.settings.services) {
    if (!service.listens) continue;
    want.fronts.push_back(front_of(service));
    TRY(add_shares(step, service, now.split, want));
  }
  return want;
}

// The split before this release: all to the old one, or nothing routed when there was none.
Result<Split> TrafficSteps::before(const plan::Step& step, const SplitView& now) {
  Split want = now.split;
  const bool old_is_down = step.undo_to_maintenance;
  if (scene_.plan.strategy == config::Strategy::Recreate) want.mode = Mode::Serve;
  // A shift of one service is undone alone: the others may not have their old instances back yet.
  const auto is_meant = [&](const std::string& name) {
    return step.service.empty() || step.service == name;
  };
  std::erase_if(want.shares, [&](const Share& share) { return is_meant(share.service); });
  if (!scene_.old) {
    want.fronts.clear();
    return want;
  }
  want.fronts.clear();
  for (const auto& service : scene_.old->services) {
    if (!service.listens) continue;
    want.fronts.push_back(front_of(service));
    if (!is_meant(service.name)) continue;
    auto addresses = TRY(addresses_of(scene_.world, scene_.slot(service.name, true), -1));
    if (addresses.empty() && !old_is_down) {
      return Error(Code::InstanceDied,
                   "no instance of " + service.name + " runs in " + scene_.plan.old->id);
    }
    if (!addresses.empty())
      want.shares.push_back({service.name, scene_.plan.old->id, 100, std::move(addresses)});
  }
  if (old_is_down) {
    want.shares.clear();
    use_maintenance_of(*scene_.old, want);
  }
  return want;
}

Outcome TrafficSteps::write(const Result<Split>& want, const SplitView& now, const OpId& op) {
  if (!want) return Outcome::not_applied(want.error());
  return scene_.world.router.set_split(scene_.app, *want, now.version, scene_.lease.epoch, op);
}

Outcome TrafficSteps::set(const plan::Step& step, const OpId& op) {
  const auto now = scene_.world.router.observe_split(scene_.app);
  if (!now) return Outcome::not_applied(now.error());
  return write(wanted(step, *now), *now, op);
}

Outcome TrafficSteps::act(const plan::Step& step, const State& state, const OpId& op) {
  return set(as_in(step, state), op);
}

Outcome TrafficSteps::undo(const plan::Step& step, const OpId& op) {
  const auto now = scene_.world.router.observe_split(scene_.app);
  if (!now) return Outcome::not_applied(now.error());
  return write(before(step, *now), *now, op);
}

Outcome TrafficSteps::turn(const State& state, const OpId& op) {
  ASSERT(shift_before(scene_.plan, state.step) != nullptr);
  return set(shift_in(scene_.plan, state), op);
}

Sight TrafficSteps::look_turned(const State& state) {
  ASSERT(shift_before(scene_.plan, state.step) != nullptr);
  return look_served(shift_in(scene_.plan, state));
}

Sight TrafficSteps::compare(const Result<Split>& want, const SplitView& now) {
  if (!want) return Sight::absent(want.error().what);
  if (!same(*want, now.split)) return Sight::absent("the router serves another split");
  if (!now.settled) return Sight::pending("the router is taking over the split", kLookSoon);
  return Sight::settled();
}

Sight TrafficSteps::look(const plan::Step& step, const State& state) {
  if (step.kind == StepKind::Drain) return drained(step, state);
  return look_served(as_in(step, state));
}

Sight TrafficSteps::look_served(const plan::Step& step) {
  const auto now = scene_.world.router.observe_split(scene_.app);
  if (!now) return Sight::pending(now.error().what, kLookLater);
  return compare(wanted(step, *now), *now);
}

Sight TrafficSteps::look_undone(const plan::Step& step) {
  const auto now = scene_.world.router.observe_split(scene_.app);
  if (!now) return Sight::pending(now.error().what, kLookLater);
  return compare(before(step, *now), *now);
}

Sight TrafficSteps::drained(const plan::Step& step, const State& state) {
  if (!scene_.plan.old) return Sight::settled();
  const auto view = scene_.world.router.observe_drain(scene_.app);
  if (!view) return Sight::pending(view.error().what, kLookLater);
  const auto leaving = step.of_baseline ? ports::baseline_of(scene_.release) : scene_.plan.old->id;
  std::int64_t in_flight = 0;
  for (const auto& one : view->draining) {
    const bool counts =
        one.release == leaving && (step.service.empty() || one.service == step.service);
    if (counts) in_flight += one.in_flight;
  }
  if (in_flight == 0) return Sight::settled();
  const auto waited = Millis(to_unix_ms(scene_.world.clock.now()) - state.since_ms);
  if (waited >= step.duration)
    return Sight::settled(count_of(in_flight, "request") + " outlived the drain time");
  return Sight::pending(count_of(in_flight, "request") + " still running on the " +
                            (step.of_baseline ? "fresh baseline" : "old release"),
                        std::min(Millis(100), std::max(kLookSoon, waited / 4)));
}

}  // namespace slipway::release

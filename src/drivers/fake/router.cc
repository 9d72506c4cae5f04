#include <algorithm>
#include <cmath>

#include "drivers/fake/drivers.h"
#include "drivers/fake/write.h"

namespace slipway::drivers::fake {
namespace {
FakeRoute& route_for(World& world, const ports::AppRef& app) {
  for (auto& route : world.routes) {
    if (route.app == app) return route;
  }
  world.routes.push_back({.app = app, .split = std::make_shared<ports::Split>()});
  return world.routes.back();
}

bool has_weight(const ports::Split& split, const std::string& address) {
  return std::any_of(split.shares.begin(), split.shares.end(), [&](const auto& share) {
    return share.percent > 0 && std::find(share.addresses.begin(), share.addresses.end(),
                                          address) != share.addresses.end();
  });
}

// Addresses that had traffic and get none any more: their requests run on for a while.
void note_leaving(const World& world, FakeRoute& route, const ports::Split& want, Millis now) {
  std::erase_if(route.leaving, [&](const auto& leaving) {
    return leaving.until <= now || has_weight(want, leaving.address);
  });
  for (const auto& share : route.split->shares) {
    if (share.percent <= 0) continue;
    for (const auto& address : share.addresses) {
      if (has_weight(want, address)) continue;
      const Place place = place_of(world, address, now);
      if (place.slot == nullptr) continue;
      const Millis takes = behaviour_of(world, *place.slot).request_takes;
      route.leaving.push_back({share.service, share.release, address, now + takes});
    }
  }
}

ports::Outcome refuse(const FakeRoute& route, const std::string& expected, std::uint64_t epoch) {
  if (epoch < route.epoch) {
    return ports::Outcome::not_applied({Code::Fenced, "the split was last written under epoch " +
                                                          std::to_string(route.epoch) + ", not " +
                                                          std::to_string(epoch)});
  }
  return ports::Outcome::not_applied(
      {Code::Conflict,
       "the split is at version " + std::to_string(route.version) + ", not " + expected});
}

std::string version_text(const FakeRoute& route) {
  return route.version == 0 ? std::string() : std::to_string(route.version);
}

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::floor(value + 1e-6)); }

ports::LatencyCounts latency_of(const Tally& tally, double requests, double slow_requests) {
  const std::uint64_t all = rounded(requests);
  const std::uint64_t slow = std::min(rounded(slow_requests), all);
  return {{tally.usual_us, all - slow}, {tally.slow_us, slow}};
}
}  // namespace

std::vector<ports::Finding> FakeRouter::preflight(const plan::Plan&) { return {}; }

Result<ports::SplitView> FakeRouter::observe_split(const ports::AppRef& app) {
  if (seam_.ask(Call::ObserveSplit, When::Before) != Fault::None) {
    return scripted_error(Call::ObserveSplit);
  }
  ports::SplitView view;
  const FakeRoute* route = find_route(seam_.world, app);
  if (route == nullptr) return view;
  view.split = *route->split;
  view.version = version_text(*route);
  view.epoch = route->epoch;
  view.op = route->op;
  view.settled = seam_.clock.monotonic() >= route->taken_over;
  return view;
}

ports::Outcome FakeRouter::set_split(const ports::AppRef& app, const ports::Split& want,
                                     const std::string& expected, std::uint64_t epoch,
                                     const OpId& op) {
  return write(seam_, Call::SetSplit, op.step, [&] {
    const Millis now = seam_.clock.monotonic();
    FakeRoute& route = route_for(seam_.world, app);
    if (epoch < route.epoch) return refuse(route, expected, epoch);
    std::string stamp = op.text();
    if (route.op == stamp) return ports::Outcome::applied();
    if (expected != version_text(route)) return refuse(route, expected, epoch);
    if (now < route.taken_over) {
      return ports::Outcome::not_applied(
          {Code::Conflict, "the router is still taking over the change by " + route.op});
    }
    count_until(seam_.world, now);
    note_leaving(seam_.world, route, want, now);
    route.split = std::make_shared<ports::Split>(want);
    ++route.version;
    route.epoch = epoch;
    route.op = std::move(stamp);
    route.taken_over = now + seam_.world.script->takes_over;
    return ports::Outcome::applied();
  });
}

Result<ports::DrainView> FakeRouter::observe_drain(const ports::AppRef& app) {
  if (seam_.ask(Call::ObserveDrain, When::Before) != Fault::None) {
    return scripted_error(Call::ObserveDrain);
  }
  ports::DrainView view;
  const FakeRoute* route = find_route(seam_.world, app);
  if (route == nullptr) return view;
  const Millis now = seam_.clock.monotonic();
  for (const auto& leaving : route->leaving) {
    if (leaving.until <= now) continue;
    view.draining.push_back({leaving.service, leaving.release, leaving.address, 1});
  }
  return view;
}

Result<ports::Counts> FakeCounters::read(const ports::AppRef& app, const std::string& release) {
  if (seam_.ask(Call::ReadCounts, When::Before) != Fault::None) {
    return scripted_error(Call::ReadCounts);
  }
  count_until(seam_.world, seam_.clock.monotonic());
  ports::Counts counts;
  for (const auto& tally : seam_.world.tallies) {
    if (tally.release != release || tally.app != app) continue;
    counts.requests = rounded(tally.requests);
    counts.errors = rounded(tally.errors);
    counts.latency_us = latency_of(tally, tally.requests, tally.slow);
    for (const auto& route : tally.routes)
      counts.routes.push_back({route.route, rounded(route.requests), rounded(route.errors),
                               latency_of(tally, route.requests, route.slow)});
  }
  return counts;
}

}  // namespace slipway::drivers::fake

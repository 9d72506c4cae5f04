#include "drivers/fake/world.h"

#include <algorithm>
#include <charconv>

namespace slipway::drivers::fake {
namespace {
const Behaviour kUsual;

// Every fake address is 127.0.0.1:port, and no port is given twice.
int port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  int port = 0;
  if (colon == std::string_view::npos) return 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

Tally& tally_of(World& world, const ports::AppRef& app, const std::string& release) {
  for (auto& tally : world.tallies) {
    if (tally.release == release && tally.app == app) return tally;
  }
  world.tallies.push_back({app, release});
  return world.tallies.back();
}

// The share of `addresses` that answer: requests to the others fail.
double alive_share(const World& world, const std::vector<std::string>& addresses, Millis now) {
  if (addresses.empty()) return 0;
  const auto alive = std::count_if(addresses.begin(), addresses.end(), [&](const auto& address) {
    const Place place = place_of(world, address, now);
    if (place.instance == nullptr) return false;
    const auto state = state_of(world, *place.slot, *place.instance, now);
    return state == ports::InstanceState::Running || state == ports::InstanceState::Draining;
  });
  return static_cast<double>(alive) / static_cast<double>(addresses.size());
}

RouteTally& route_of(Tally& tally, const std::string& name) {
  const auto at = std::lower_bound(
      tally.routes.begin(), tally.routes.end(), name,
      [](const RouteTally& route, const std::string& wanted) { return route.route < wanted; });
  if (at != tally.routes.end() && at->route == name) return *at;
  return *tally.routes.insert(at, {name});
}

// The whole is the sum of its routes.
void count_routes(Tally& tally, const Behaviour& behaviour, double requests, double alive) {
  for (const auto& part : behaviour.routes) {
    const double mine = requests * part.share;
    const double errors = mine * (1 - alive) + mine * alive * part.error_share;
    RouteTally& route = route_of(tally, part.route);
    route.requests += mine;
    route.errors += errors;
    route.slow += mine * part.slow_share;
    tally.errors += errors;
    tally.slow += mine * part.slow_share;
  }
}

void count_share(World& world, const FakeRoute& route, const ports::Share& share, double requests,
                 Millis now) {
  if (share.percent <= 0) return;
  const FakeSlot* slot =
      find_slot(world, {route.app.app, route.app.environment, share.service, share.release});
  const Behaviour& behaviour = slot == nullptr ? kUsual : behaviour_of(world, *slot);
  const double alive = alive_share(world, share.addresses, now);
  const double mine = requests * share.percent / 100;
  Tally& tally = tally_of(world, route.app, share.release);
  tally.requests += mine;
  if (!behaviour.routes.empty()) {
    count_routes(tally, behaviour, mine, alive);
  } else {
    tally.errors += mine * (1 - alive) + mine * alive * behaviour.error_share;
    tally.slow += mine * behaviour.slow_share;
  }
  tally.usual_us = behaviour.usual_us;
  tally.slow_us = behaviour.slow_us;
}
}  // namespace

const Behaviour& behaviour_of(const World& world, const FakeSlot& slot) {
  if (slot.behaviour < 0) return kUsual;
  return world.script->behaviours[static_cast<std::size_t>(slot.behaviour)];
}

ports::InstanceState state_of(const World& world, const FakeSlot& slot,
                              const FakeInstance& instance, Millis now) {
  const Behaviour& behaviour = behaviour_of(world, slot);
  if (instance.stopping.count() >= 0) {
    const bool gone = now >= instance.stopping + behaviour.stop_takes;
    return gone ? ports::InstanceState::Gone : ports::InstanceState::Draining;
  }
  if (behaviour.dies_after.count() >= 0 && now >= instance.started + behaviour.dies_after) {
    return ports::InstanceState::Failed;
  }
  const bool running = now >= instance.started + behaviour.running_after;
  return running ? ports::InstanceState::Running : ports::InstanceState::Starting;
}

bool is_ready(const World& world, const FakeSlot& slot, const FakeInstance& instance, Millis now) {
  const Behaviour& behaviour = behaviour_of(world, slot);
  if (behaviour.never_ready || now < instance.started + behaviour.ready_after) return false;
  return state_of(world, slot, instance, now) == ports::InstanceState::Running;
}

const FakeSlot* find_slot(const World& world, const ports::Slot& slot) {
  for (const auto& known : world.slots) {
    if (known.slot == slot) return &known;
  }
  return nullptr;
}

const FakeRoute* find_route(const World& world, const ports::AppRef& app) {
  for (const auto& route : world.routes) {
    if (route.app == app) return &route;
  }
  return nullptr;
}

std::string address_of(const FakeInstance& instance) {
  return instance.port == 0 ? std::string() : "127.0.0.1:" + std::to_string(instance.port);
}

Place place_of(const World& world, std::string_view address, Millis now) {
  const int port = port_of(address);
  for (const auto& slot : world.slots) {
    for (const auto& instance : slot.instances) {
      if (port == 0 || instance.port != port) continue;
      if (state_of(world, slot, instance, now) == ports::InstanceState::Gone)
        return {&slot, nullptr};
      return {&slot, &instance};
    }
  }
  return {};
}

void count_until(World& world, Millis now) {
  const double seconds = static_cast<double>((now - world.counted_until).count()) / 1000;
  if (seconds <= 0) return;
  for (const auto& route : world.routes) {
    if (route.split->mode != ports::Mode::Serve) continue;
    for (const auto& share : route.split->shares) {
      count_share(world, route, share, world.script->requests_per_second * seconds, now);
    }
  }
  world.counted_until = now;
}

std::string_view name_of(Call call) {
  switch (call) {
    case Call::Ensure:
      return "ensure";
    case Call::Retire:
      return "retire";
    case Call::RunOnce:
      return "run_once";
    case Call::SetSplit:
      return "set_split";
    case Call::Notify:
      return "notify";
    case Call::Observe:
      return "observe";
    case Call::Slots:
      return "slots";
    case Call::ObserveOnce:
      return "observe_once";
    case Call::ObserveSplit:
      return "observe_split";
    case Call::ObserveDrain:
      return "observe_drain";
    case Call::ReadCounts:
      return "read_counts";
  }
  ASSERT(false);
}

}  // namespace slipway::drivers::fake

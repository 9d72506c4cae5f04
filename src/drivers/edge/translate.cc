#include "drivers/edge/translate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drivers/edge/settings.h"

namespace slipway::drivers::edge {
namespace {
using slipway::edge::kWholeWeight;
using slipway::edge::Pool;
using slipway::edge::Service;
using slipway::edge::ServiceState;

constexpr double kBasisPointsPerPercent = 100.0;
const std::vector<std::string> kEveryPath{"/"};

ServiceState state_of(ports::Mode mode) {
  switch (mode) {
    case ports::Mode::Serve:
      return ServiceState::Live;
    case ports::Mode::Maintenance:
      return ServiceState::Maintenance;
    case ports::Mode::Paused:
      return ServiceState::Paused;
    case ports::Mode::Stopped:
      return ServiceState::Stopped;
  }
  ASSERT(false);
}

ports::Mode mode_of(ServiceState state) {
  switch (state) {
    case ServiceState::Live:
      return ports::Mode::Serve;
    case ServiceState::Maintenance:
      return ports::Mode::Maintenance;
    case ServiceState::Paused:
      return ports::Mode::Paused;
    case ServiceState::Stopped:
      return ports::Mode::Stopped;
  }
  ASSERT(false);
}

// Three thirds round to 9999: what is missing goes to the greatest, so that a release with no
// weight never gets any.
void make_whole(std::vector<Pool>& pools) {
  const int sum = std::accumulate(pools.begin(), pools.end(), 0,
                                  [](int total, const Pool& pool) { return total + pool.weight; });
  const auto greatest = std::max_element(
      pools.begin(), pools.end(), [](const Pool& a, const Pool& b) { return a.weight < b.weight; });
  if (sum > 0 && std::abs(sum - kWholeWeight) <= static_cast<int>(pools.size())) {
    greatest->weight += kWholeWeight - sum;
  }
}

// While nobody is served there may be nothing to serve from (recreate stops the old before it
// starts the new); the edge refuses weight without a target, so such a share is left out then.
bool has_place(const ports::Split& split, const ports::Share& share) {
  return split.mode == ports::Mode::Serve || !share.addresses.empty() || share.percent <= 0;
}

std::vector<Pool> pools_of(const ports::Split& split, const std::string& service) {
  std::vector<Pool> pools;
  for (const auto& share : split.shares) {
    if (share.service != service || !has_place(split, share)) continue;
    const int weight = static_cast<int>(std::lround(share.percent * kBasisPointsPerPercent));
    pools.push_back({share.release, weight, share.addresses});
  }
  make_whole(pools);
  const bool any_weight =
      std::any_of(pools.begin(), pools.end(), [](const Pool& p) { return p.weight > 0; });
  if (split.mode != ports::Mode::Serve && !any_weight) pools.clear();
  return pools;
}

Result<Service> service_of(const ports::AppRef& app, const ports::Split& split,
                           const ports::Front& front) {
  Service service = TRY(with_settings(front.edge, front.service));
  service.name = front.service;
  service.app = app.app;
  service.environment = app.environment;
  service.hosts = front.route.hosts;
  if (!front.route.paths.empty()) service.paths = front.route.paths;
  service.strip_prefix = front.route.strip_path;
  service.state = state_of(split.mode);
  service.message = split.message;
  service.page = split.page;
  // Rounded up: "Retry-After: 0" would bring everybody back at once.
  service.retry_after_s = static_cast<int>((split.retry_after.count() + 999) / 1000);
  service.health_path = front.health_path;
  service.allow = split.allow;
  service.drain = front.drain;
  service.pools = pools_of(split, front.service);
  return service;
}

// A share whose service has no front is still served, under every host nobody else names.
std::vector<ports::Front> all_fronts(const ports::Split& split) {
  std::vector<ports::Front> fronts = split.fronts;
  for (const auto& share : split.shares) {
    const bool known = std::any_of(fronts.begin(), fronts.end(), [&](const auto& front) {
      return front.service == share.service;
    });
    if (known) continue;
    fronts.emplace_back().service = share.service;
  }
  return fronts;
}

ports::Front front_of(const Service& entry) {
  ports::Front front;
  front.service = entry.name;
  front.route.hosts = entry.hosts;
  // The edge writes "every path" as "/", the configuration as an empty list.
  if (entry.paths != kEveryPath) front.route.paths = entry.paths;
  front.route.strip_path = entry.strip_prefix;
  front.health_path = entry.health_path;
  front.drain = entry.drain;
  front.edge = settings_of(entry);
  return front;
}
}  // namespace

Result<std::vector<Service>> services_of(const ports::AppRef& app, const ports::Split& split) {
  std::vector<Service> services;
  for (const auto& front : all_fronts(split))
    services.push_back(TRY(service_of(app, split, front)));
  return services;
}

ports::Split split_of(const ports::AppRef& app, const std::vector<Service>& services) {
  ports::Split split;
  for (const auto& entry : services) {
    if (entry.app != app.app || entry.environment != app.environment) continue;
    split.fronts.push_back(front_of(entry));
    for (const auto& pool : entry.pools) {
      split.shares.push_back(
          {entry.name, pool.release, pool.weight / kBasisPointsPerPercent, pool.targets});
    }
    split.mode = mode_of(entry.state);
    split.message = entry.message;
    split.page = entry.page;
    split.retry_after = Millis(std::int64_t{entry.retry_after_s} * 1000);
    split.allow = entry.allow;
  }
  return split;
}

}  // namespace slipway::drivers::edge

#include "drivers/haproxy/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace slipway::drivers::haproxy {
namespace {
struct Part {
  double percent = 0;
  double servers = 1;
  int weight = 0;  // of each server
};

// How far the greatest deviation of a share is, in percent points.
double error_of(const std::vector<Part>& parts) {
  double total = 0;
  double percents = 0;
  for (const auto& part : parts) {
    total += part.weight * part.servers;
    percents += part.percent;
  }
  double worst = 0;
  for (const auto& part : parts) {
    const double got = 100 * part.weight * part.servers / total;
    worst = std::max(worst, std::abs(got - 100 * part.percent / percents));
  }
  return worst;
}

// Every scale is tried: the server that gets most has 1, 2, … 256.
void weigh(std::vector<Part>& parts) {
  if (parts.empty()) return;
  double most = 0;
  for (const auto& part : parts) most = std::max(most, part.percent / part.servers);
  std::vector<Part> best;
  double least = std::numeric_limits<double>::max();
  for (int scale = 1; scale <= kMostWeight; ++scale) {
    for (auto& part : parts) {
      const double exact = scale * part.percent / part.servers / most;
      part.weight = std::clamp(static_cast<int>(std::lround(exact)), 1, kMostWeight);
    }
    const double error = error_of(parts);
    if (error < least - 1e-9) {
      least = error;
      best = parts;
    }
  }
  parts = best;
}
}  // namespace

std::string server_name(const std::string& release, const std::string& address) {
  return release + "_" + replace_all(replace_all(address, "[", ""), "]", "");
}

std::string release_in(const std::string& server_name) {
  return server_name.substr(0, server_name.find('_'));
}

std::string backend_of(const ports::AppRef& app, const std::string& service) {
  return "slipway." + app.app + "." + app.environment + "." + service;
}

std::vector<Server> servers_of(const ports::Split& split, const std::string& service) {
  std::vector<Part> parts;
  std::vector<const ports::Share*> weighted;
  for (const auto& share : split.shares) {
    if (share.service != service || share.percent <= 0 || share.addresses.empty()) continue;
    parts.push_back({share.percent, static_cast<double>(share.addresses.size()), 0});
    weighted.push_back(&share);
  }
  weigh(parts);
  std::vector<Server> servers;
  for (const auto& share : split.shares) {
    if (share.service != service) continue;
    const auto at = std::find(weighted.begin(), weighted.end(), &share);
    const int weight =
        at == weighted.end() ? 0 : parts[static_cast<std::size_t>(at - weighted.begin())].weight;
    for (const auto& address : share.addresses)
      servers.push_back({server_name(share.release, address), address, weight});
  }
  return servers;
}

}  // namespace slipway::drivers::haproxy

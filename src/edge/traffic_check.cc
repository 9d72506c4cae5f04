// What the member "traffic" of a service must obey beyond its shape.
#include <fmt/format.h>

#include <algorithm>

#include "edge/address.h"
#include "edge/table.h"
#include "http/parser.h"

namespace slipway::edge {
namespace {

constexpr int kMostWeight = 1'000;
constexpr std::size_t kSha256Hex = 64;
constexpr Millis kFastestCheck{100};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_path(std::string_view text) {
  return !text.empty() && text[0] == '/' &&
         text.find_first_of("?# \r\n\t") == std::string_view::npos;
}

std::string wrong_with_pool(const Pool& pool) {
  if (!pool.weights.empty() && pool.weights.size() != pool.targets.size())
    return fmt::format("release {} has {} targets and {} weights of targets", pool.release,
                       pool.targets.size(), pool.weights.size());
  for (int weight : pool.weights) {
    if (weight < 1 || weight > kMostWeight)
      return fmt::format("release {}: a target's weight is 1 to {}", pool.release, kMostWeight);
  }
  for (const std::string& target : pool.read_targets) {
    auto address = parse_address(target);
    if (!address) return address.error().what;
    if (port_of(*address) == 0) return fmt::format("read target {} has port 0", target);
  }
  return "";
}

std::string wrong_with_names(const Traffic& traffic) {
  const SplitRule& split = traffic.split;
  if (!split.name.empty() && !http::is_token(split.name))
    return fmt::format("\"{}\" is no name of a cookie or header", split.name);
  if (!traffic.sticky.cookie.empty() && !http::is_token(traffic.sticky.cookie))
    return fmt::format("\"{}\" is no name of a cookie", traffic.sticky.cookie);
  if (split.by == SplitRule::By::Request && (!split.list.empty() || !split.name.empty()))
    return "\"split\" has a key or a list, which only a split by client uses";
  const std::string& token = traffic.preview.token_sha256;
  if (!token.empty() && (token.size() != kSha256Hex || !is_hex(token)))
    return "\"preview.token_sha256\" is not 64 digits of lower case hex";
  for (const std::string& path : traffic.assets) {
    if (!is_path(path)) return fmt::format("\"{}\" in \"assets\" is not a path prefix", path);
  }
  return "";
}

std::string wrong_with_health(const Traffic& traffic) {
  const HealthChecks& checks = traffic.checks;
  if (traffic.ejection.first.count() == 0 || traffic.ejection.most < traffic.ejection.first)
    return "\"ejection\" needs first_ms above 0 and most_ms not below it";
  if (checks.path.empty()) return "";
  if (checks.path[0] != '/' || checks.path.find_first_of("# \r\n\t") != std::string::npos)
    return fmt::format("\"{}\" in \"checks\" is not a path", checks.path);
  if (checks.interval < kFastestCheck || checks.timeout.count() == 0)
    return fmt::format("\"checks\" needs an interval of at least {} ms and a timeout above 0",
                       kFastestCheck.count());
  if (checks.healthy < 1 || checks.unhealthy < 1)
    return "\"checks\" needs healthy and unhealthy above 0";
  return "";
}

}  // namespace

bool gets_requests(const Service& service, const Pool& pool) {
  return pool.weight > 0 || (!service.traffic.split.list.empty() && &pool == &service.pools.back());
}

std::string mirror_release(const Service& service) {
  const MirrorRule& mirror = service.traffic.mirror;
  if (mirror.share == 0) return "";
  if (!mirror.release.empty()) return mirror.release;
  return service.pools.size() > 1 ? service.pools.back().release : "";
}

std::string wrong_with_traffic(const Service& service) {
  const Traffic& traffic = service.traffic;
  bool readers = false;
  for (const Pool& pool : service.pools) {
    if (std::string wrong = wrong_with_pool(pool); !wrong.empty()) return wrong;
    readers = readers || !pool.read_targets.empty();
  }
  if (readers && !traffic.sticky.cookie.empty())
    return "\"sticky\" and \"read_targets\" cannot both decide about the target";
  if (traffic.balance == Balance::OfService)
    return "\"traffic.balance\" must be round_robin, least_requests or two_choices";
  if (std::string wrong = wrong_with_names(traffic); !wrong.empty()) return wrong;
  if (std::string wrong = wrong_with_health(traffic); !wrong.empty()) return wrong;
  const auto mirrored =
      std::any_of(service.pools.begin(), service.pools.end(),
                  [&](const Pool& pool) { return pool.release == traffic.mirror.release; });
  if (traffic.mirror.share > 0 && !traffic.mirror.release.empty() && !mirrored)
    return fmt::format("\"mirror\" names release \"{}\", which the service does not have",
                       traffic.mirror.release);
  return "";
}

}  // namespace slipway::edge

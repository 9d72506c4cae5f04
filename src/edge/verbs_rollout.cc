// kamal-proxy's rollout: a second set of targets beside the deployed one, for a share of the
// clients and for those on a list, told apart by a cookie that the app sets. And split, which gives
// every release its share by hand.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "edge/verb_calls.h"
#include "edge/verbs.h"

namespace slipway::edge::verbs {
namespace {

constexpr const char* kRolloutCookie = "kamal-rollout";

Pool* rollout_of(Service& service) {
  for (Pool& pool : service.pools) {
    if (is_rollout(pool)) return &pool;
  }
  return nullptr;
}

// What the rollout does not take is the deployed release's.
void share_out(Service& service, int rollout_weight) {
  for (Pool& pool : service.pools)
    pool.weight = is_rollout(pool) ? rollout_weight : kWholeWeight - rollout_weight;
}

SplitRule rule_for(const std::vector<std::string>& list) {
  SplitRule rule;
  rule.by = SplitRule::By::Client;
  rule.key = SplitRule::Key::Cookie;
  rule.name = kRolloutCookie;
  rule.without = SplitRule::Without::First;
  rule.list = list;
  return rule;
}

Error no_rollout(const std::string& name) {
  return Error(Code::NotFound, name + " has no rollout",
               "deploy one first: slipway edge rollout deploy " + name + " --target HOST:PORT");
}

std::string names_of(const Service& service) {
  std::vector<std::string> names;
  for (const Pool& pool : service.pools) names.push_back(pool.release);
  return join(names, ", ");
}

Result<void> set_shares(Service& service, const std::vector<ReleaseShare>& shares) {
  for (Pool& pool : service.pools) pool.weight = 0;
  for (const ReleaseShare& share : shares) {
    const auto pool = std::find_if(service.pools.begin(), service.pools.end(),
                                   [&](const Pool& p) { return p.release == share.release; });
    if (pool == service.pools.end())
      return Error(Code::NotFound, "there is no release " + share.release + " at the edge",
                   "it has: " + names_of(service));
    pool->weight += static_cast<int>(std::lround(share.percent * 100));
  }
  const int sum = std::accumulate(service.pools.begin(), service.pools.end(), 0,
                                  [](int total, const Pool& pool) { return total + pool.weight; });
  if (sum == kWholeWeight) return ok();
  return Error(Code::Usage, fmt::format("the shares add up to {}%", sum / 100.0),
               "give every release its part of 100%; those not named get none");
}

}  // namespace

Result<void> rollout_deploy(const RolloutOptions& options, const std::string& socket) {
  if (options.targets.empty())
    return Error(Code::Usage, "a rollout needs at least one --target",
                 "slipway edge rollout deploy NAME --target HOST:PORT");
  const Known known = TRY(read_app(options.name, socket));
  HealthQuestion question;
  question.path = known.service.health_path;
  question.deploy_timeout = options.deploy_timeout;
  question.interval = options.health_check_interval;
  question.say = options.say;
  if (known.exists && !question.path.empty()) TRY(wait_until_healthy(question, options.targets));
  TRY(edit_app(options.name, socket, [&](Service& service) {
    Pool* before = rollout_of(service);
    if (before == nullptr) {
      service.traffic.split = rule_for({});
      before = &service.pools.emplace_back();
      before->weight = 0;
    }
    before->release = fresh_rollout();
    before->targets = options.targets;
    return ok();
  }));
  return wait_for_drain(options.name, options.drain_timeout + kDrainSlack, socket);
}

Result<void> rollout_set(const std::string& name, double percent,
                         const std::vector<std::string>& list, const std::string& socket) {
  return edit_app(name, socket, [&](Service& service) -> Result<void> {
    if (rollout_of(service) == nullptr) return no_rollout(name);
    service.traffic.split = rule_for(list);
    share_out(service, static_cast<int>(std::lround(percent * 100)));
    return ok();
  });
}

Result<void> rollout_stop(const std::string& name, const std::string& socket) {
  return edit_app(name, socket, [&](Service& service) -> Result<void> {
    if (rollout_of(service) == nullptr) return no_rollout(name);
    std::erase_if(service.pools, is_rollout);
    service.traffic.split = {};
    share_out(service, 0);
    return ok();
  });
}

Result<void> split_releases(const std::string& name, const std::vector<ReleaseShare>& shares,
                            const std::string& socket) {
  return edit_app(name, socket, [&](Service& service) { return set_shares(service, shares); });
}

}  // namespace slipway::edge::verbs

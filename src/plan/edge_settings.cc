// What a plan says about services.NAME.edge: what the router must be able to do, and what changes.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "config/edge_settings.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
// "tls" covers "tls.key", "*" everything.
bool covers(const std::string& able, const std::string& key) {
  return able == "*" || able == key || key.starts_with(able + ".");
}

bool can_do(const Capabilities& can, const std::string& key) {
  return std::any_of(can.edge_settings.begin(), can.edge_settings.end(),
                     [&](const std::string& able) { return covers(able, key); });
}

// What differs at a key that at least one of the two has.
std::vector<std::string> changed_keys(const Json& before, const Json& after) {
  std::vector<std::string> out;
  for (const auto& group : {after, before}) {
    for (const auto& [member, unused] : group.members()) {
      if (before.at(member) == after.at(member)) continue;
      const Json only = Json::object().set(member, group.at(member));
      for (const auto& key : config::edge_keys_of(only)) {
        const auto name = std::string(key.substr(0, key.find('.')));
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
      }
    }
  }
  return out;
}
}  // namespace

Result<void> check_edge_settings(const Capabilities& can, const config::Environment& settings) {
  for (const auto& service : settings.services) {
    if (!service.listens) continue;
    std::vector<std::string> beyond = config::edge_keys_of(service.edge);
    std::erase_if(beyond, [&](const std::string& key) { return can_do(can, key); });
    if (beyond.empty()) continue;
    const std::string router = can.router_name.empty() ? "the router" : can.router_name;
    return Error(Code::Unsupported,
                 fmt::format("service {} sets {} under edge, which {} cannot do", service.name,
                             join(beyond, ", "), router),
                 "take it out of slipway.yaml, or use a router that can, such as edge");
  }
  return ok();
}

void note_edge_changes(Draft& draft) {
  if (!draft.has_old()) return;
  for (const auto& service : draft.plan().settings.services) {
    const config::Service* old = draft.replaced(service.name);
    if (old == nullptr || !service.listens) continue;
    const auto changed = changed_keys(old->edge, service.edge);
    if (changed.empty()) continue;
    draft.note(fmt::format("how {} is reached changes with its first share of the traffic: edge.{}",
                           service.name, join(changed, ", edge.")));
  }
}

}  // namespace slipway::plan

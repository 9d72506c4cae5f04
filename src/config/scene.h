#pragma once
// Scene: one environment as the rules see it. They are split over rules.cc, service_rules.cc,
// gate_rules.cc, gate_check_rules.cc, channel_rules.cc, metric_rules.cc and database_rules.cc.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/node.h"
#include "config/problems.h"

namespace slipway::config {

inline const Node kNothing;

// What the rules look at: the tree for positions, the typed values for meaning.
struct Scene {
  const Node& tree;
  const Environment& environment;
  Problems& problems;

  const Node& at(std::string_view name) const { return below(tree, name); }
  static const Node& below(const Node& node, std::string_view name) {
    const Node* found = node.find(name);
    return found == nullptr ? kNothing : *found;
  }
  std::vector<std::string> service_names() const {
    std::vector<std::string> names;
    for (const auto& item : at("services").items) names.push_back(item.key);
    return names;
  }
  const Node& service(std::string_view name) const { return below(at("services"), name); }
  bool listens(std::string_view name) const {
    const auto* found = environment.service(name);
    return found != nullptr && found->listens;
  }
  bool anything_listens() const {
    return std::any_of(environment.services.begin(), environment.services.end(),
                       [](const Service& s) { return s.listens; });
  }
};

// What must hold for services alone and among each other.
void check_services(const Scene& scene);
// What must hold within windows, freezes and approvals.
void check_gates(const Scene& scene);
// The same of checklists, scans, flags and load tests.
void check_gate_checks(const Scene& scene);
// What each type of channel needs, and that `notify` names channels there are.
void check_channels(const Scene& scene);
// That each metric has one source and one bound.
void check_metrics(const Scene& scene);
// That each hook has a stage and a command.
void check_hooks(const Scene& scene);
// That the database's secret is described, and that a copy is not of itself.
void check_database(const Scene& scene);

}  // namespace slipway::config

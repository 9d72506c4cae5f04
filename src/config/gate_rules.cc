// What must hold between the keys of `freeze` and its neighbours.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/scene.h"
#include "config/when.h"

namespace slipway::config {
namespace {

const Node* text_at(const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  return node != nullptr && node->is_scalar() ? node : nullptr;
}

void check_ends(const Scene& scene, const Node& freeze) {
  const Node* from = text_at(freeze, "from");
  const Node* to = text_at(freeze, "to");
  if ((from == nullptr) != (to == nullptr)) {
    const Node& one = from == nullptr ? *to : *from;
    scene.problems.add(
        one.key_at,
        fmt::format("a freeze has '{}' without '{}'", from ? "from" : "to", from ? "to" : "from"),
        "give both; a single day is written 'date'");
    return;
  }
  if (from == nullptr || !parse_date(from->text) || !parse_date(to->text)) return;
  if (parse_day_rule(from->text + ".." + to->text)) return;
  scene.problems.add(to->at,
                     fmt::format("the freeze from {} to {} is no range", from->text, to->text),
                     "write both with a year, the earlier one first, or both without");
}

void check_freeze(const Scene& scene, const Node& freeze) {
  std::vector<const Node*> ways;
  for (const auto* name : {"date", "week_of", "holidays"}) {
    if (const Node* node = freeze.find(name)) ways.push_back(node);
  }
  const Node* range = freeze.find("from") != nullptr ? freeze.find("from") : freeze.find("to");
  if (range != nullptr) ways.push_back(range);
  if (ways.size() != 1) {
    const Node* later = ways.empty() ? nullptr : ways.front();
    for (const Node* way : ways) later = later->key_at < way->key_at ? way : later;
    scene.problems.add(
        later == nullptr ? freeze.at : later->key_at,
        ways.empty() ? "a freeze names no days" : "a freeze names its days in more than one way",
        "give exactly one of: date, from and to, week_of, holidays; two freezes are "
        "two items of the list");
    return;
  }
  check_ends(scene, freeze);
  const Node* week = text_at(freeze, "week_of");
  const auto day = week == nullptr ? std::nullopt : parse_day_rule(week->text);
  if (day && !is_single_day(*day)) {
    scene.problems.add(week->at, fmt::format("'{}' is not one day, so it has no week", week->text),
                       "for example week_of: black-friday");
  }
}

void check_approvals(const Scene& scene) {
  const Node* approvals = scene.tree.find("approvals");
  if (approvals == nullptr || !approvals->is_map()) return;
  const auto& asked = scene.environment.gates.approvals;
  if (asked.from.empty()) {
    scene.problems.add(approvals->key_at, "approvals name nobody who may give them",
                       "add from, with people or roles: from: [qa]");
    return;
  }
  std::set<std::string> people;
  for (const auto& name : asked.from) {
    const auto role = asked.roles.find(name);
    if (role == asked.roles.end()) people.insert(name);
    if (role != asked.roles.end()) people.insert(role->second.begin(), role->second.end());
  }
  if (asked.need <= static_cast<int>(people.size())) return;
  const Node* need = approvals->find("need");
  scene.problems.add(
      need == nullptr ? approvals->key_at : need->at,
      fmt::format("{} approvals are needed, and {} may give them: {}", asked.need, people.size(),
                  join(std::vector<std::string>(people.begin(), people.end()), ", ")),
      "name more people, or ask for fewer");
}

}  // namespace

void check_gates(const Scene& scene) {
  check_approvals(scene);
  check_gate_checks(scene);
  for (const auto& freeze : scene.at("freeze").items) {
    if (freeze.is_map()) check_freeze(scene, freeze);
  }
}

}  // namespace slipway::config

// What must hold within `checklist`, `scans`, `flags` and `load_tests`.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "config/scene.h"

namespace slipway::config {
namespace {

// The ways in which an item says what it looks at, of which it has one, and keys that go with some
// of them alone.
struct Terms {
  std::string_view list;
  std::vector<std::string> ways;
  std::map<std::string, std::vector<std::string>> goes_with;
};

const std::vector<Terms>& all_terms() {
  static const std::vector<Terms> terms = {
      {"checklist",
       {"ask", "run", "file", "tests", "variables", "verify"},
       {{"from", {"ask"}},
        {"contains", {"file"}},
        {"max_age", {"file", "tests"}},
        {"timeout", {"run", "verify"}}}},
      {"scans", {"report", "run"}, {{"timeout", {"run"}}}},
      {"flags", {"file", "run", "url"}, {{"secret", {"url"}}, {"timeout", {"run", "url"}}}},
      {"load_tests", {"report", "run"}, {{"timeout", {"run"}}}}};
  return terms;
}

std::string called(const Terms& terms, const Node& item) {
  const Node* name = item.find("name");
  return name == nullptr || !name->is_scalar() ? fmt::format("an item of '{}'", terms.list)
                                               : fmt::format("'{}' of {}", name->text, terms.list);
}

void check_name(const Scene& scene, const Terms& terms, const Node& item,
                std::map<std::string, int>& lines) {
  const Node* name = item.find("name");
  if (name == nullptr || !name->is_scalar()) {
    scene.problems.add(item.at, fmt::format("an item of '{}' has no name", terms.list),
                       "add one: the journal, `slipway plan` and --override call it by it");
    return;
  }
  const auto [first, is_new] = lines.emplace(name->text, name->at.line);
  if (is_new) return;
  scene.problems.add(name->at,
                     fmt::format("'{}' has two items named '{}', the first on line {}", terms.list,
                                 name->text, first->second),
                     "give one of them another name");
}

// The one way of the item; empty when it has none or several, which is told.
std::string way_of(const Scene& scene, const Terms& terms, const Node& item) {
  std::vector<const Node*> found;
  for (const auto& way : terms.ways) {
    if (const Node* node = item.find(way)) found.push_back(node);
  }
  if (found.size() == 1) return found.front()->key;
  const auto later = std::max_element(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return a->key_at < b->key_at;
  });
  scene.problems.add(
      found.empty() ? item.at : (*later)->key_at,
      fmt::format("{} {}", called(terms, item),
                  found.empty() ? "says nothing to look at" : "looks at more than one thing"),
      fmt::format("give exactly one of: {}", join(terms.ways, ", ")));
  return {};
}

void check_companions(const Scene& scene, const Terms& terms, const Node& item,
                      const std::string& way) {
  for (const auto& [key, ways] : terms.goes_with) {
    const Node* node = item.find(key);
    if (node == nullptr || way.empty()) continue;
    if (std::find(ways.begin(), ways.end(), way) != ways.end()) continue;
    scene.problems.add(node->key_at,
                       fmt::format("{} has '{}', which goes with {} alone", called(terms, item),
                                   key, join(ways, " or ")),
                       "take it away");
  }
}

void check_secret(const Scene& scene, const Terms& terms, const Node& item) {
  const Node* secret = item.find("secret");
  if (secret == nullptr || !secret->is_scalar()) return;
  if (scene.environment.secrets.contains(secret->text)) return;
  std::vector<std::string> names;
  for (const auto& [name, ref] : scene.environment.secrets) names.push_back(name);
  scene.problems.add(secret->at,
                     fmt::format("{} names the secret '{}', which does not exist",
                                 called(terms, item), secret->text),
                     known_names(secret->text, names, "secrets"));
}

void check_flags(const Scene& scene, const Terms& terms, const Node& item) {
  const Node* need = item.find("need");
  if (need == nullptr || need->items.empty()) {
    scene.problems.add(need == nullptr ? item.at : need->key_at,
                       fmt::format("{} needs no flag", called(terms, item)),
                       "name them: need: { new-checkout: on }");
  }
  const Node* url = item.find("url");
  if (url == nullptr || !url->is_scalar()) return;
  if (url->text.starts_with("https://") || url->text.starts_with("http://")) return;
  scene.problems.add(url->at,
                     fmt::format("{} has the address '{}'", called(terms, item), url->text),
                     "it begins with https:// or http://");
}

void check_budget(const Scene& scene, const Terms& terms, const Node& item) {
  for (const auto* limit : {"p95", "p99", "error_rate", "rps"}) {
    if (item.find(limit) != nullptr) return;
  }
  scene.problems.add(item.at, fmt::format("{} has no budget", called(terms, item)),
                     "give at least one of: p95, p99, error_rate, rps");
}

void check_people(const Scene& scene, const Terms& terms, const Node& item) {
  const Node* from = item.find("from");
  if (from == nullptr || !from->is_list() || !from->items.empty()) return;
  scene.problems.add(from->key_at, fmt::format("{} may be answered by nobody", called(terms, item)),
                     "name people or roles, or take 'from' away");
}

}  // namespace

void check_gate_checks(const Scene& scene) {
  for (const auto& terms : all_terms()) {
    std::map<std::string, int> lines;
    for (const auto& item : scene.at(terms.list).items) {
      if (!item.is_map()) continue;
      check_name(scene, terms, item, lines);
      check_companions(scene, terms, item, way_of(scene, terms, item));
      check_secret(scene, terms, item);
      check_people(scene, terms, item);
      if (terms.list == "flags") check_flags(scene, terms, item);
      if (terms.list == "load_tests") check_budget(scene, terms, item);
    }
  }
}

}  // namespace slipway::config

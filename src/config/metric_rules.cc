#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

std::string title(const Node& metric) {
  const Node* name = metric.find("name");
  return name != nullptr && name->is_scalar() ? "metric '" + name->text + "'" : "a metric";
}

// Exactly one of `names`; nullptr when not.
const Node* only_one(const Scene& scene, const Node& metric,
                     const std::vector<std::string_view>& names, std::string_view next) {
  std::vector<const Node*> found;
  for (const auto name : names) {
    if (const Node* node = metric.find(name)) found.push_back(node);
  }
  if (found.size() == 1) return found.front();
  std::vector<std::string> texts(names.begin(), names.end());
  if (found.empty()) {
    scene.problems.add(metric.at,
                       fmt::format("{} has none of {}", title(metric), join(texts, ", ")),
                       std::string(next));
  } else {
    scene.problems.add(
        found[1]->key_at,
        fmt::format("{} has both '{}' and '{}'", title(metric), found[0]->key, found[1]->key),
        "give exactly one; two metrics are two items of the list");
  }
  return nullptr;
}

void refuse(const Scene& scene, const Node& metric, std::string_view name, std::string_view with) {
  const Node* node = metric.find(name);
  if (node == nullptr) return;
  scene.problems.add(node->key_at, fmt::format("'{}' works with {} alone", name, with),
                     "take it away");
}

void check_source(const Scene& scene, const Node& metric) {
  const Node* source = only_one(scene, metric, {"prometheus", "get", "run"},
                                "say where the number comes from, for example run: ./orders.sh");
  if (source == nullptr) return;
  const bool prometheus = source->key == "prometheus";
  if (prometheus && metric.find("query") == nullptr) {
    scene.problems.add(
        source->key_at, fmt::format("{} has no 'query'", title(metric)),
        "add what Prometheus is asked, for example query: sum(rate(orders_total[1m]))");
  }
  if (!prometheus) refuse(scene, metric, "query", "'prometheus'");
  if (prometheus) refuse(scene, metric, "field", "'get' and 'run'");
  if (source->key == "run") refuse(scene, metric, "secret", "'prometheus' and 'get'");
  if (source->key == "get" && source->is_scalar() && !source->text.starts_with("http://") &&
      !source->text.starts_with("https://")) {
    scene.problems.add(source->at, fmt::format("{} asks '{}'", title(metric), source->text),
                       "it begins with https:// or http://");
  }
}

// Compared with the old release, the question must be able to tell the two apart.
void check_comparison(const Scene& scene, const Node& metric, const Node& bound) {
  const auto parsed = bound.is_scalar() ? parse_metric_bound(bound.text) : std::nullopt;
  if (!parsed || !parsed->relative) return;
  for (const auto* name : {"query", "get", "run"}) {
    const Node* asked = metric.find(name);
    if (asked == nullptr) continue;
    const bool tells = asked->text.find("{release}") != std::string::npos ||
                       asked->text.find("{version}") != std::string::npos;
    if (!tells) {
      scene.problems.add(
          asked->at, fmt::format("{} asks the same of both releases", title(metric)),
          fmt::format("put {{release}} or {{version}} into '{}', or write a fixed bound", name));
    }
  }
}

void check_metric_secret(const Scene& scene, const Node& metric) {
  const Node* secret = metric.find("secret");
  if (secret == nullptr || !secret->is_scalar() || !is_variable(secret->text)) return;
  std::vector<std::string> known;
  for (const auto& item : scene.at("secrets").items) known.push_back(item.key);
  if (std::find(known.begin(), known.end(), secret->text) != known.end()) return;
  scene.problems.add(
      secret->at, fmt::format("unknown secret '{}'", secret->text),
      known.empty() ? "describe it under 'secrets'" : known_names(secret->text, known, "secrets"));
}

}  // namespace

void check_metrics(const Scene& scene) {
  std::set<std::string> names;
  for (const auto& metric : scene.at("metrics").items) {
    if (!metric.is_map()) continue;
    const Node* name = metric.find("name");
    if (name == nullptr) {
      scene.problems.add(metric.at, "an item of 'metrics' has no 'name'",
                         "add one, for example name: order-success");
    } else if (name->is_scalar() && !names.insert(name->text).second) {
      scene.problems.add(name->at, fmt::format("two metrics are called '{}'", name->text),
                         "give one of them another name");
    }
    check_source(scene, metric);
    const Node* bound =
        only_one(scene, metric, {"below", "above"}, "say where it fails, for example below: 95");
    if (bound != nullptr) check_comparison(scene, metric, *bound);
    check_metric_secret(scene, metric);
  }
}

}  // namespace slipway::config

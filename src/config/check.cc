#include "config/check.h"

#include <fmt/core.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/values.h"

namespace slipway::config {
namespace {

// Where the pass is: the path as the writer sees it, and the level that decides which keys may
// stand.
struct Place {
  std::string path;  // "environments.production.services"; empty at the top
  Where level = Where::Top;

  Place below(std::string_view name) const {
    return {path.empty() ? std::string(name) : fmt::format("{}.{}", path, name), level};
  }
};

void check_value(const Key& key, const Node& node, const Place& place, Problems& problems);

std::string in_place(const Place& place) {
  return place.path.empty() ? std::string("at the top level") : "in " + place.path;
}

std::vector<std::string> names_of(const std::vector<const Key*>& keys) {
  std::vector<std::string> out;
  for (const auto* key : keys) out.emplace_back(key->name());
  return out;
}

// Where else a key of this name stands: "services.*.health".
std::string home_of(std::string_view name) {
  for (const auto& key : all_keys()) {
    if (key.name() == name && key.shape != Shape::Reserved && key.name() != "*") {
      if (!key.parent().empty()) return fmt::format("'{}'", key.parent());
      if (key.where == Where::Top) return "the top level";
      return key.where == Where::Environment ? "an environment" : "the top level or an environment";
    }
  }
  return {};
}

void report_unknown(std::string_view parent, const Node& node, const Place& place,
                    Problems& problems) {
  const auto known = names_of(children_of(parent, place.level));
  auto suggestion = did_you_mean(node.key, known);
  const auto home = home_of(node.key);
  if (!home.empty()) {
    suggestion +=
        fmt::format("{}'{}' belongs in {}", suggestion.empty() ? "" : " ", node.key, home);
  }
  if (suggestion.empty()) {
    suggestion =
        fmt::format("known here: {}; a key of your own begins with 'x-'", join(known, ", "));
  }
  problems.add(node.key_at, fmt::format("unknown key '{}' {}", node.key, in_place(place)),
               suggestion);
}

void check_map(std::string_view parent, const Node& map, const Place& place, Problems& problems) {
  for (const auto& item : map.items) {
    if (is_extension(item.key)) continue;
    const Key* key = find_key(parent, item.key, place.level);
    if (key == nullptr || key->name() == "*") {
      report_unknown(parent, item, place, problems);
    } else if (key->shape == Shape::Reserved) {
      problems.add(
          item.key_at,
          fmt::format(
              "'{}' is not carried out by this version of slipway, which refuses to pretend",
              item.key),
          fmt::format("keep it under 'x-{}' until a version that does", item.key));
    } else {
      check_value(*key, item, place.below(item.key), problems);
    }
  }
}

// At the top level an empty name is an unfinished line; in an environment it takes the name away.
void check_named(const Key& key, const Key& each, const Node& item, const Place& place,
                 Problems& problems) {
  if (const auto bad = complaint_about(key, item.key)) {
    problems.add(item.key_at, fmt::format("'{}' {}", place.below(item.key).path, bad->what),
                 bad->suggestion);
  }
  auto inside = place.below(item.key);
  if (each.path == "environments.*") inside.level = Where::Environment;
  if (item.is_null() && place.level == Where::Top && each.path != "environments.*") {
    problems.add(item.key_at, fmt::format("'{}' is empty", inside.path),
                 each.shape == Shape::Map ? "give it its keys, or leave it out"
                                          : "write \"\" for an empty text");
    return;
  }
  check_value(each, item, inside, problems);
}

// True when there are not too many; what is beyond is not looked at.
bool is_bounded(const Node& node, std::size_t most, const Place& place, Problems& problems) {
  if (node.items.size() <= most) return true;
  problems.add(node.items[most].key_at,
               fmt::format("'{}' has {} entries, at most {} are allowed", place.path,
                           node.items.size(), most),
               "move some of them to another file, as an app of their own");
  return false;
}

void check_names(const Key& key, const Node& map, const Place& place, Problems& problems) {
  const Key* each = find_key(key.path, "*", place.level);
  if (!is_bounded(map, kMostNames, place, problems)) return;
  for (const auto& item : map.items) {
    if (!is_extension(item.key)) check_named(key, *each, item, place, problems);
  }
}

void report_kind(const Key& key, const Node& node, const Place& place, Problems& problems) {
  static constexpr std::string_view kKinds[] = {"empty", "a single value", "a list", "a map"};
  std::string suggestion;
  if (key.shape == Shape::List && node.is_scalar())
    suggestion = fmt::format("write [{}]", node.text);
  if (key.path == "services.*.health" && node.is_scalar())
    suggestion = fmt::format("write {{ path: {} }}", node.text);
  if (key.path == "secrets.*" && node.is_scalar())
    suggestion = "write { env: NAME }, { file: PATH } or { command: LINE }";
  problems.add(node.at,
               fmt::format("'{}' must be {}, not {}", place.path, words_for(key),
                           kKinds[static_cast<int>(node.kind)]),
               suggestion);
}

void check_scalar(const Key& key, const Node& node, const Place& place, Problems& problems) {
  if (!node.is_scalar()) return report_kind(key, node, place, problems);
  if (const auto bad = complaint_about(key, node.text)) {
    problems.add(node.at, fmt::format("'{}' {}", place.path, bad->what), bad->suggestion);
  }
}

void check_items(const Key& key, const Node& list, const Place& place, Problems& problems) {
  if (!is_bounded(list, kMostItems, place, problems)) return;
  for (const auto& item : list.items) {
    if (key.shape == Shape::List || key.shape == Shape::OneOrList) {
      check_scalar(key, item, place, problems);
    } else if (item.is_map()) {
      check_map(inside_of(key), item, place, problems);
    } else {
      problems.add(item.at, fmt::format("an item of '{}' must be a map", place.path),
                   "for example { get: /health }");
    }
  }
}

void check_value(const Key& key, const Node& node, const Place& place, Problems& problems) {
  if (node.is_null()) return;  // back to the default
  const bool list = key.shape == Shape::List || key.shape == Shape::MapList ||
                    (key.shape == Shape::OneOrList && node.is_list());
  const bool map = key.shape == Shape::Map || (key.shape == Shape::OneOrMap && node.is_map());
  if (list) {
    if (!node.is_list()) return report_kind(key, node, place, problems);
    check_items(key, node, place, problems);
  } else if (map) {
    if (!node.is_map()) return report_kind(key, node, place, problems);
    check_map(inside_of(key), node, place, problems);
  } else if (key.shape == Shape::MapOf) {
    if (!node.is_map()) return report_kind(key, node, place, problems);
    check_names(key, node, place, problems);
  } else {
    check_scalar(key, node, place, problems);
  }
}

}  // namespace

bool is_extension(std::string_view key) { return key.starts_with("x-"); }

void check_keys(const Node& root, Problems& problems) {
  if (root.is_null()) {
    problems.add({}, "the file is empty", "'slipway init' writes one to begin with");
    return;
  }
  if (!root.is_map()) {
    problems.add(root.at, "the file must be a map of keys", "begin with 'app: name'");
    return;
  }
  check_map({}, root, {}, problems);
  const Node* app = root.find("app");
  if (app == nullptr || app->is_null())
    problems.add({}, "'app' is missing", "add 'app: name', for example app: shopflow");
  const Node* services = root.find("services");
  if (services == nullptr || services->is_null()) {
    problems.add({}, "'services' is missing",
                 "add 'services:' with at least one service and what it runs");
  } else if (services->is_map() && services->items.empty()) {
    problems.add(services->at, "'services' is empty", "add at least one service and what it runs");
  }
}

}  // namespace slipway::config

#include "config/layers.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "config/check.h"
#include "config/keys.h"

namespace slipway::config {
namespace {

// Marks a tree with the environment that wrote it, and leaves out what is null or the writer's own.
Node stamped(const Node& node, const std::string& from) {
  Node out = node;
  out.from = from;
  out.items.clear();
  for (const auto& item : node.items) {
    if (node.is_map() && (item.is_null() || is_extension(item.key))) continue;
    out.items.push_back(stamped(item, from));
  }
  return out;
}

// A secret is one thing: half of one and half of another would be neither.
bool is_whole(std::string_view path) { return path.starts_with("secrets."); }

void overlay(Node& base, const Node& top, const std::string& from, const std::string& path) {
  for (const auto& item : top.items) {
    if (is_extension(item.key)) continue;
    if (item.is_null()) {
      std::erase_if(base.items, [&](const Node& old) { return old.key == item.key; });
      continue;
    }
    const auto below = path.empty() ? item.key : path + "." + item.key;
    Node* old = base.find(item.key);
    if (old == nullptr) {
      base.items.push_back(stamped(item, from));
    } else if (old->is_map() && item.is_map() && !is_whole(below)) {
      overlay(*old, item, from, below);
    } else {
      *old = stamped(item, from);
    }
  }
}

const Node* block_of(const Node& root, std::string_view name) {
  const Node* environments = root.find("environments");
  return environments == nullptr ? nullptr : environments->find(name);
}

const Node* parent_of(const Node& root, std::string_view name) {
  const Node* block = block_of(root, name);
  const Node* inherits = block == nullptr ? nullptr : block->find("inherits");
  return inherits != nullptr && inherits->is_scalar() ? inherits : nullptr;
}

// The environment and all it inherits from, nearest first; ends where it would go round.
std::vector<std::string> lineage(const Node& root, std::string_view name) {
  std::vector<std::string> names{std::string(name)};
  while (const Node* parent = parent_of(root, names.back())) {
    if (std::find(names.begin(), names.end(), parent->text) != names.end()) break;
    names.push_back(parent->text);
  }
  return names;
}

void check_parent(const Node& root, const std::string& name, Problems& problems) {
  const Node* parent = parent_of(root, name);
  if (parent == nullptr) return;
  const auto known = environment_names(root);
  if (std::find(known.begin(), known.end(), parent->text) == known.end()) {
    auto suggestion = did_you_mean(parent->text, known);
    if (suggestion.empty()) suggestion = "environments here: " + join(known, ", ");
    problems.add(parent->at,
                 fmt::format("environment '{}' inherits from '{}', which does not exist", name,
                             parent->text),
                 suggestion);
    return;
  }
  auto names = lineage(root, name);
  const Node* next = parent_of(root, names.back());
  // Each ring is told once, at its first member in the file.
  if (next == nullptr || next->text != name) return;
  for (const auto& member : names) {
    if (block_of(root, member)->key_at < block_of(root, name)->key_at) return;
  }
  names.push_back(name);
  problems.add(parent->at, "environments inherit in a circle: " + join(names, " → "),
               "take one of these 'inherits' away");
}

}  // namespace

std::vector<std::string> environment_names(const Node& root) {
  std::vector<std::string> names;
  if (const Node* environments = root.find("environments")) {
    for (const auto& item : environments->items) {
      if (!environments->is_map() || is_extension(item.key)) continue;
      if (names.size() < kMostNames) names.push_back(item.key);
    }
  }
  if (names.empty()) names.emplace_back("production");
  return names;
}

void check_inherits(const Node& root, Problems& problems) {
  for (const auto& name : environment_names(root)) check_parent(root, name, problems);
}

Node merged_environment(const Node& root, std::string_view name) {
  Node out;
  out.kind = Node::Kind::Map;
  out.key = std::string(name);
  if (const Node* block = block_of(root, name)) {
    out.at = block->at;
    out.key_at = block->key_at;
  }
  for (const auto& item : root.items) {
    const Key* key = find_key({}, item.key, Where::Environment);
    if (root.is_map() && key != nullptr && !item.is_null()) out.items.push_back(stamped(item, {}));
  }
  auto names = lineage(root, name);
  std::reverse(names.begin(), names.end());
  for (const auto& layer : names) {
    const Node* block = block_of(root, layer);
    if (block != nullptr && block->is_map()) overlay(out, *block, layer, {});
  }
  std::erase_if(out.items, [](const Node& item) { return item.key == "inherits"; });
  return out;
}

}  // namespace slipway::config

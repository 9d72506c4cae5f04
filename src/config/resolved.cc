#include "config/resolved.h"

#include <fmt/core.h>

#include "base/text.h"
#include "config/keys.h"

namespace slipway::config {
namespace {

class Walk {
 public:
  Walk(std::string environment, std::string_view file, std::vector<Resolved>& out)
      : environment_(std::move(environment)), file_(file), out_(out) {}

  void keys_below(std::string_view parent, const Node* map, const std::string& path) {
    for (const auto* key : children_of(parent, Where::Environment)) {
      if (key->name() == "*" || key->where == Where::Environment) continue;
      const auto below = fmt::format("{}.{}", path, key->name());
      one_key(*key, map == nullptr ? nullptr : map->find(key->name()), below);
    }
  }

 private:
  void add(const std::string& path, std::string value, std::string origin) {
    out_.push_back({path, std::move(value), std::move(origin)});
  }

  std::string origin_of(const Node& node) const {
    const auto place = fmt::format("{}:{}:{}", file_, node.at.line, node.at.column);
    if (node.from.empty() || node.from == environment_) return place;
    return fmt::format("inherited from {} ({})", node.from, place);
  }

  void one_key(const Key& key, const Node* node, const std::string& path) {
    switch (key.shape) {
      case Shape::MapOf:
        return names(key, node, path);
      case Shape::MapList:
        return items(key, node, path);
      case Shape::Map:
        return map(key, node, path);
      case Shape::OneOrMap:
        return value_or_map(key, node, path);
      case Shape::One:
      case Shape::List:
      case Shape::OneOrList:
        return value(key, node, path);
      case Shape::Reserved:
        return;
    }
  }

  void value(const Key& key, const Node* node, const std::string& path) {
    // Without a canary there are no steps to show.
    if (key.path == "rollout.steps" && node == nullptr && !canary_) return;
    // Each type of channel has keys of its own; those of the others would only be noise.
    if (key.path.starts_with("channels.*.") && node == nullptr && key.otherwise.empty()) return;
    if (key.path == "channels.*.tls" && node == nullptr) return;
    if (key.path == "router") router_ = node == nullptr ? std::string() : node->text;
    if (node != nullptr) return add(path, value_text(*node), origin_of(*node));
    add(path, std::string(key.otherwise), "default");
  }

  void map(const Key& key, const Node* node, const std::string& path) {
    // A service without a health block is not probed: its defaults would say otherwise.
    // The same for what the edge is not asked to do; its time-outs hold in any case.
    const bool silent = key.path == "services.*.health" || key.path == "services.*.edge" ||
                        (key.path.starts_with("services.*.edge.") && key.name() != "timeouts");
    if (node == nullptr && silent) return add(path, "", "default");
    // A proxy that is not the router is not driven.
    const bool is_proxy = key.path == "nginx" || key.path == "haproxy";
    if (node == nullptr && is_proxy && router_ != key.path) return;
    const Node* strategy =
        key.path == "rollout" && node != nullptr ? node->find("strategy") : nullptr;
    if (key.path == "rollout") canary_ = strategy != nullptr && strategy->text == "canary";
    keys_below(inside_of(key), node, path);
  }

  void value_or_map(const Key& key, const Node* node, const std::string& path) {
    if (node == nullptr || node->is_map()) return keys_below(inside_of(key), node, path);
    keys_below(inside_of(key), nullptr, path);
    // The short form sets the first key of the map.
    const auto first =
        fmt::format("{}.{}", path, children_of(inside_of(key), Where::Environment).front()->name());
    for (auto& row : out_) {
      if (row.path == first) row = {first, node->text, origin_of(*node)};
    }
  }

  void names(const Key& key, const Node* node, const std::string& path) {
    if (node == nullptr || node->items.empty())
      return add(path, "", node == nullptr ? "default" : origin_of(*node));
    const Key* each = find_key(key.path, "*", Where::Environment);
    for (const auto& item : node->items) {
      const auto below = fmt::format("{}.{}", path, item.key);
      if (key.path == "secrets") {
        secret(item, below);
      } else {
        one_key(*each, &item, below);
      }
    }
  }

  void secret(const Node& item, const std::string& path) {
    for (const auto& source : item.items)
      add(fmt::format("{}.{}", path, source.key), source.text, origin_of(source));
  }

  void items(const Key& key, const Node* node, const std::string& path) {
    if (node == nullptr || node->items.empty())
      return add(path, "[]", node == nullptr ? "default" : origin_of(*node));
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const auto below = fmt::format("{}[{}]", path, i);
      for (const auto* child : children_of(inside_of(key), Where::Environment)) {
        const Node* written = node->items[i].find(child->name());
        // A command has no status that an answer must have.
        const bool asks = node->items[i].find("get") != nullptr;
        if (child->path == "smoke[].expect" && !asks) continue;
        if (written != nullptr || !child->otherwise.empty())
          one_key(*child, written, fmt::format("{}.{}", below, child->name()));
      }
    }
  }

  std::string environment_;
  std::string_view file_;
  std::vector<Resolved>& out_;
  bool canary_ = false;
  std::string router_;  // as written
};

}  // namespace

std::string value_text(const Node& node) {
  if (!node.is_list()) return node.text;
  std::vector<std::string> parts;
  for (const auto& item : node.items) parts.push_back(value_text(item));
  return "[" + join(parts, ", ") + "]";
}

void add_resolved(const Node& merged, std::string_view file, std::vector<Resolved>& out) {
  Walk(merged.key, file, out).keys_below({}, &merged, "environments." + merged.key);
}

}  // namespace slipway::config

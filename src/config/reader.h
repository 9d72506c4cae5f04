#pragma once
// Reader: the keys of one map of a merged tree, as values.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/values.h"

namespace slipway::config {

// Reads the keys of one map; what is absent or wrong has the default of the table.
class Reader {
 public:
  Reader(const Node* map, std::string path) : map_(map), path_(std::move(path)) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  Reader map(std::string_view name) const { return {find(name), path_of(name)}; }

  std::string text(std::string_view name) const {
    const Key& key = key_named(path_of(name));
    const Node* node = find(name);
    if (node != nullptr && node->is_scalar() && !complaint_about(key, node->text))
      return node->text;
    return std::string(key.otherwise);
  }
  Millis duration(std::string_view name) const {
    return parse_duration(text(name)).value_or(Millis(0));
  }
  int integer(std::string_view name) const { return parse_int(text(name)).value_or(0); }
  double number(std::string_view name) const { return parse_number(text(name)).value_or(0); }
  double percent(std::string_view name) const { return parse_percent(text(name)).value_or(0); }
  std::uint64_t size(std::string_view name) const { return parse_size(text(name)).value_or(0); }
  bool flag(std::string_view name) const { return text(name) == "true"; }

  std::vector<std::string> list(std::string_view name) const {
    const Key& key = key_named(path_of(name));
    const Node* node = find(name);
    std::vector<std::string> out;
    if (node == nullptr) return out;
    const bool alone = node->is_scalar() && key.shape == Shape::OneOrList;
    if (alone && !complaint_about(key, node->text)) out.push_back(node->text);
    if (!node->is_list()) return out;
    for (const auto& item : node->items) {
      if (item.is_scalar() && !complaint_about(key, item.text)) out.push_back(item.text);
    }
    return out;
  }

  // The named values of a map of names.
  std::map<std::string, std::string> texts(std::string_view name) const {
    std::map<std::string, std::string> out;
    const Node* node = find(name);
    if (node == nullptr || !node->is_map()) return out;
    for (const auto& item : node->items) out[item.key] = item.text;
    return out;
  }

 private:
  const Node* find(std::string_view name) const {
    return map_ == nullptr ? nullptr : map_->find(name);
  }
  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  const Node* map_;
  std::string path_;
};

// gate_build.cc
Gates build_gates(const Node& merged, const std::map<std::string, SecretRef>& secrets);

}  // namespace slipway::config

#include "config/edge_settings.h"

#include <cmath>
#include <cstdint>

#include "base/text.h"
#include "base/units.h"
#include "config/keys.h"
#include "config/values.h"

namespace slipway::config {
namespace {
constexpr std::string_view kBlock = "services.*.edge";

std::string member_of(const Key& key) {
  struct Row {
    std::string_view path;
    std::string_view member;
  };
  static constexpr Row kRows[] = {
#define EDGE(path, shape, type, range, otherwise, doc, example, member) {path, member},
#include "config/edge.def"
#undef EDGE
  };
  for (const auto& row : kRows) {
    if (row.path == key.path.substr(kBlock.size()) && !row.member.empty())
      return std::string(row.member);
  }
  return std::string(key.name());
}

std::vector<const Key*> keys_in(std::string_view parent) {
  return children_of(parent, Where::Environment);
}

Json duration_value(std::string_view text, std::string_view member) {
  const Millis duration = parse_duration(text).value_or(Millis(0));
  if (member.ends_with("_ms")) return std::int64_t{duration.count()};
  // Rounded up: half a second is not "never".
  return std::int64_t{(duration.count() + 999) / 1000};
}

Json value_of(const Key& key, std::string_view text, std::string_view member) {
  if (key.type == Type::Duration) return duration_value(text, member);
  if (key.type == Type::Int) return parse_int(text).value_or(0);
  if (key.type == Type::Bool) return text == "true";
  if (key.type == Type::Size) return parse_size(text).value_or(0);
  // Else in hundredths of a percent, as the table's weights are.
  const double scale = member.ends_with("_percent") ? 1 : 100;
  if (key.type == Type::Percent)
    return std::int64_t{std::llround(parse_percent(text).value_or(0) * scale)};
  // A file writes names with '-', the table with '_'.
  if (key.type == Type::Enum) return replace_all(std::string(text), "-", "_");
  return text;
}

Json map_value(std::string_view parent, const Node& map);

Json items_value(const Key& key, const Node& list) {
  Json out = Json::array();
  for (const auto& item : list.items) {
    if (key.shape == Shape::MapList) {
      if (item.is_map()) out.push_back(map_value(inside_of(key), item));
    } else if (item.is_scalar() && !complaint_about(key, item.text)) {
      out.push_back(value_of(key, item.text, member_of(key)));
    }
  }
  return out;
}

void set_value(const Key& key, const Node& node, Json& out) {
  const std::string member = member_of(key);
  const bool list = key.shape == Shape::List || key.shape == Shape::MapList;
  if (key.shape == Shape::Map && node.is_map()) {
    out.set(member, map_value(key.path, node));
  } else if (list && node.is_list()) {
    out.set(member, items_value(key, node));
  } else if (key.shape == Shape::One && node.is_scalar() && !complaint_about(key, node.text)) {
    out.set(member, value_of(key, node.text, member));
  }
}

Json map_value(std::string_view parent, const Node& map) {
  Json out = Json::object();
  for (const auto* key : keys_in(parent)) {
    if (const Node* node = map.find(key->name())) set_value(*key, *node, out);
  }
  return out;
}

void collect_keys(std::string_view parent, const Json& settings, std::vector<std::string>& out) {
  for (const auto* key : keys_in(parent)) {
    const Json* value = settings.find(member_of(*key));
    if (value == nullptr) continue;
    if (key->shape == Shape::Map) {
      collect_keys(key->path, *value, out);
    } else {
      out.emplace_back(key->path.substr(kBlock.size() + 1));
    }
  }
}

void anchor_below(std::string_view parent, Json& settings,
                  const std::function<std::string(const std::string&)>& absolute) {
  for (const auto* key : keys_in(parent)) {
    const std::string member = member_of(*key);
    const Json* value = settings.find(member);
    if (value == nullptr) continue;
    Json changed = *value;
    if (key->shape == Shape::Map) {
      anchor_below(key->path, changed, absolute);
    } else if (key->shape == Shape::MapList) {
      Json list = Json::array();
      for (Json item : value->items()) {
        anchor_below(inside_of(*key), item, absolute);
        list.push_back(std::move(item));
      }
      changed = std::move(list);
    } else if (key->type == Type::File && value->is_string()) {
      changed = absolute(value->as_string());
    }
    settings.set(member, std::move(changed));
  }
}

}  // namespace

Json build_edge_settings(const Node& service) {
  const Node* block = service.find("edge");
  if (block == nullptr || !block->is_map()) return {};
  return map_value(kBlock, *block);
}

std::vector<std::string> edge_keys_of(const Json& settings) {
  std::vector<std::string> out;
  collect_keys(kBlock, settings, out);
  return out;
}

void anchor_edge_files(Json& settings,
                       const std::function<std::string(const std::string&)>& absolute) {
  if (settings.is_object()) anchor_below(kBlock, settings, absolute);
}

}  // namespace slipway::config

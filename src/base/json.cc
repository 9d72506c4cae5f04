#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace slipway {
namespace {
using Tree = nlohmann::ordered_json;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr int kMostDepth = 64;

Json from_tree(const Tree& tree) {
  switch (tree.type()) {
    case Tree::value_t::boolean:
      return Json(tree.get<bool>());
    case Tree::value_t::number_integer:
    case Tree::value_t::number_unsigned:
      return Json(tree.get<std::int64_t>());
    case Tree::value_t::number_float:
      return Json(tree.get<double>());
    case Tree::value_t::string:
      return Json(tree.get_ref<const std::string&>());
    case Tree::value_t::array: {
      Json out = Json::array();
      for (const auto& item : tree) out.push_back(from_tree(item));
      return out;
    }
    case Tree::value_t::object: {
      Json out = Json::object();
      for (const auto& [key, value] : tree.items()) out.set(key, from_tree(value));
      return out;
    }
    case Tree::value_t::null:
    case Tree::value_t::binary:
    case Tree::value_t::discarded:
      break;
  }
  return Json();
}

void append_text(const std::string& text, std::string& out) {
  out += Tree(text).dump(-1, ' ', false, Tree::error_handler_t::replace);
}

void append_break(int indent, int depth, std::string& out) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

struct Style {
  int indent = -1;
  bool sorted = false;
};

void append_value(const Json& json, Style style, int depth, std::string& out);

void append_array(const Json::Array& items, Style style, int depth, std::string& out) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append_break(style.indent, depth + 1, out);
    append_value(item, style, depth + 1, out);
  }
  if (!items.empty()) append_break(style.indent, depth, out);
  out += ']';
}

void append_object(const Json::Object& members, Style style, int depth, std::string& out) {
  std::vector<const Json::Member*> order;
  for (const auto& member : members) order.push_back(&member);
  if (style.sorted) {
    std::sort(order.begin(), order.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  out += '{';
  bool first = true;
  for (const auto* member : order) {
    if (!first) out += ',';
    first = false;
    append_break(style.indent, depth + 1, out);
    append_text(member->first, out);
    out += style.indent < 0 ? ":" : ": ";
    append_value(member->second, style, depth + 1, out);
  }
  if (!members.empty()) append_break(style.indent, depth, out);
  out += '}';
}

void append_value(const Json& json, Style style, int depth, std::string& out) {
  if (json.is_array()) return append_array(json.items(), style, depth, out);
  if (json.is_object()) return append_object(json.members(), style, depth, out);
  if (json.is_string()) return append_text(json.as_string(), out);
  if (json.is_bool())
    out += json.as_bool() ? "true" : "false";
  else if (json.is_int())
    out += std::to_string(json.as_int());
  else if (json.is_number())
    out += Tree(json.as_number()).dump();
  else
    out += "null";
}

// nlohmann recurses while it parses: a hostile nesting is refused before it starts.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMostDepth) return true;
  }
  return false;
}
}  // namespace

namespace {
// The library says "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error
// while parsing value - unexpected end of input; expected …"; where and what is wrong is enough.
std::string place_and_cause(std::string_view said) {
  const auto place = said.find("at line");
  if (place != std::string_view::npos) said.remove_prefix(place);
  const auto colon = said.find(": ");
  const auto cause = said.find(" - ");
  if (colon == std::string_view::npos || cause == std::string_view::npos || cause < colon)
    return std::string(said);
  return std::string(said.substr(0, colon + 2)) + std::string(said.substr(cause + 3));
}
}  // namespace

Result<Json> Json::parse(std::string_view text) {
  if (text.size() > kMostBytes)
    return Error(Code::TooLarge, "the JSON document is larger than 64 MiB");
  if (too_deep(text))
    return Error(Code::Malformed, "the JSON document is nested more than 64 levels deep");
  Tree tree;
  try {
    tree = Tree::parse(text);
  } catch (const Tree::exception& e) {
    return Error(Code::Malformed, "not JSON: " + place_and_cause(e.what()));
  }
  return from_tree(tree);
}

std::string Json::dump(int indent) const {
  std::string out;
  append_value(*this, Style{indent, false}, 0, out);
  return out;
}

std::string Json::canonical() const {
  std::string out;
  append_value(*this, Style{-1, true}, 0, out);
  return out;
}

bool Json::as_bool() const {
  ASSERT(is_bool());
  return std::get<bool>(value_);
}
std::int64_t Json::as_int() const {
  if (is_int()) return std::get<std::int64_t>(value_);
  return static_cast<std::int64_t>(as_number());
}
double Json::as_number() const {
  ASSERT(is_number());
  if (is_int()) return static_cast<double>(std::get<std::int64_t>(value_));
  return std::get<double>(value_);
}
const std::string& Json::as_string() const {
  ASSERT(is_string());
  return std::get<std::string>(value_);
}

const Json::Array& Json::items() const {
  static const Array kNone;
  return is_array() ? std::get<Array>(value_) : kNone;
}
const Json::Object& Json::members() const {
  static const Object kNone;
  return is_object() ? std::get<Object>(value_) : kNone;
}

const Json* Json::find(std::string_view key) const {
  for (const auto& member : members()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}
const Json& Json::at(std::string_view key) const {
  static const Json kNull;
  const Json* found = find(key);
  return found != nullptr ? *found : kNull;
}
std::string Json::text(std::string_view key, std::string_view otherwise) const {
  const Json& found = at(key);
  return found.is_string() ? found.as_string() : std::string(otherwise);
}
std::int64_t Json::integer(std::string_view key, std::int64_t otherwise) const {
  const Json& found = at(key);
  return found.is_number() ? found.as_int() : otherwise;
}
double Json::number(std::string_view key, double otherwise) const {
  const Json& found = at(key);
  return found.is_number() ? found.as_number() : otherwise;
}
bool Json::flag(std::string_view key, bool otherwise) const {
  const Json& found = at(key);
  return found.is_bool() ? found.as_bool() : otherwise;
}
std::vector<std::string> Json::strings(std::string_view key) const {
  std::vector<std::string> out;
  for (const auto& item : at(key).items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

Json& Json::set(std::string key, Json value) {
  (*this)[key] = std::move(value);
  return *this;
}
Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  ASSERT(is_object());
  auto& object = std::get<Object>(value_);
  for (auto& member : object) {
    if (member.first == key) return member.second;
  }
  object.emplace_back(std::string(key), Json());
  return object.back().second;
}
void Json::push_back(Json item) {
  if (is_null()) value_ = Array();
  ASSERT(is_array());
  std::get<Array>(value_).push_back(std::move(item));
}
std::size_t Json::size() const { return is_array() ? items().size() : members().size(); }

}  // namespace slipway

#include "database/lint/type.h"

#include <algorithm>

#include "database/sql/parse.h"

namespace slipway::database::lint {
namespace {
bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// No limit is wider than any; the same or more is wide enough.
bool is_wider(const std::vector<int>& from, const std::vector<int>& to) {
  if (to.empty()) return true;
  if (from.empty() || from.size() != to.size()) return false;
  // numeric(precision, scale): another scale writes other bytes.
  for (std::size_t i = 1; i < to.size(); ++i) {
    if (from[i] != to[i]) return false;
  }
  return to[0] >= from[0];
}
}  // namespace

Type type_of(const Json& type_name) {
  Type out;
  for (const auto& part : sql::names_of(type_name.at("names"))) {
    if (part == "pg_catalog" || part == "public") continue;
    out.name += (out.name.empty() ? "" : ".") + part;
  }
  for (const Json& modifier : type_name.at("typmods").items())
    out.modifiers.push_back(static_cast<int>(modifier.at("A_Const").at("ival").integer("ival", 0)));
  // interval's fields and numeric's missing scale have a spelling of their own.
  if (out.name == "numeric" && out.modifiers.size() == 1) out.modifiers.push_back(0);
  out.is_array = type_name.at("arrayBounds").size() > 0;
  return out;
}

Type type_of_text(std::string_view text) {
  const auto parsed = sql::parse_type(text);
  return parsed ? type_of(*parsed) : Type{std::string(text), {}, false};
}

bool is_serial(const Type& type) {
  return is_one_of(type.name,
                   {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"});
}

TypeChange change_of(const std::optional<Type>& from, const Type& to) {
  const bool is_zone = is_one_of(to.name, {"timestamp", "timestamptz"});
  if (!from) return is_zone ? TypeChange::NothingInUtc : TypeChange::Rewrite;
  if (*from == to) return TypeChange::Nothing;
  if (from->is_array || to.is_array) return TypeChange::Rewrite;
  const bool is_text = is_one_of(from->name, {"text", "varchar"});
  if (is_text && to.name == "text") return TypeChange::Nothing;
  if (is_text && to.name == "varchar" && is_wider(from->modifiers, to.modifiers))
    return TypeChange::Nothing;
  const bool is_limited = is_one_of(
      to.name, {"numeric", "varbit", "timestamp", "timestamptz", "time", "timetz", "interval"});
  if (from->name == to.name && is_limited && is_wider(from->modifiers, to.modifiers))
    return TypeChange::Nothing;
  if (from->name == "cidr" && to.name == "inet") return TypeChange::Nothing;
  if (from->name == "xml" && to.name == "text") return TypeChange::Nothing;
  const bool both = is_zone && is_one_of(from->name, {"timestamp", "timestamptz"});
  if (both && is_wider(from->modifiers, to.modifiers)) return TypeChange::NothingInUtc;
  return TypeChange::Rewrite;
}

}  // namespace slipway::database::lint

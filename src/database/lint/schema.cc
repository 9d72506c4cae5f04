#include "database/lint/schema.h"

#include <algorithm>

namespace slipway::database::lint {
namespace {
template <class Items>
auto* find_named(Items& items, std::string_view wanted) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const auto& item) { return item.name == wanted; });
  return found == items.end() ? nullptr : &*found;
}

void add_once(std::vector<std::string>& out, std::string name) {
  if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
}
}  // namespace

Column* Table::column(std::string_view wanted) { return find_named(columns, wanted); }
const Column* Table::column(std::string_view wanted) const { return find_named(columns, wanted); }
Constraint* Table::constraint(std::string_view wanted) { return find_named(constraints, wanted); }

Table* Schema::table(std::string_view name) {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

const Table* Schema::table(std::string_view name) const {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

bool Schema::is_large(std::string_view name) const {
  const Table* one = table(name);
  if (one == nullptr) return true;
  return !one->is_new && one->rows.value_or(kManyRows) >= kManyRows;
}

bool Schema::is_new(std::string_view name) const {
  const Table* one = table(name);
  return one != nullptr && one->is_new;
}

bool Schema::is_missing(std::string_view name) const {
  return is_complete && table(name) == nullptr;
}

bool Schema::is_missing_column(std::string_view name, std::string_view column) const {
  const Table* one = table(name);
  return one != nullptr && one->is_whole && one->column(column) == nullptr;
}

std::optional<Type> Schema::type_of(std::string_view name, std::string_view column) const {
  const Table* one = table(name);
  const Column* found = one == nullptr ? nullptr : one->column(column);
  if (found == nullptr || !found->type) return std::nullopt;
  return base_of(*found->type);
}

Type Schema::base_of(const Type& type) const {
  const auto found = domains.find(type.name);
  return found == domains.end() || type.is_array ? type : found->second.base;
}

const Domain* Schema::constrained_domain(const Type& type) const {
  const auto found = domains.find(type.name);
  const bool is_one = found != domains.end() && found->second.is_constrained;
  return is_one ? &found->second : nullptr;
}

bool Schema::is_domain_used(std::string_view domain) const {
  if (!is_complete) return true;
  return std::any_of(tables.begin(), tables.end(), [&](const auto& entry) {
    const Table& one = entry.second;
    return !one.is_new && std::any_of(one.columns.begin(), one.columns.end(), [&](const auto& c) {
      return c.type && c.type->name == domain;
    });
  });
}

void Schema::settle() {
  for (auto& [name, one] : tables) {
    one.is_new = false;
    for (auto& column : one.columns) column.is_new = false;
    for (auto& constraint : one.constraints) constraint.is_new = false;
  }
  for (auto& [name, index] : indexes) index.is_new = false;
  for (auto& [name, domain] : domains) domain.is_new = false;
  for (auto& [name, function] : functions) function.is_new = false;
  new_objects.clear();
  new_enum_values.clear();
  vacant.clear();
  granted.clear();
  locked.clear();
}

bool may_refuse(std::string_view body) {
  std::string upper(body);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  constexpr std::string_view kRemarks[] = {"NOTICE", "WARNING", "INFO", "LOG", "DEBUG"};
  for (auto at = upper.find("RAISE"); at != upper.npos; at = upper.find("RAISE", at + 5)) {
    const auto word = upper.find_first_not_of(" \t\r\n", at + 5);
    const bool is_remark = word != upper.npos &&
                           std::any_of(std::begin(kRemarks), std::end(kRemarks), [&](auto remark) {
                             return std::string_view(upper).substr(word).starts_with(remark);
                           });
    if (!is_remark) return true;
  }
  return false;
}

std::string name_of(const Json& range_var) {
  const std::string schema = range_var.text("schemaname");
  const std::string name = range_var.text("relname");
  return schema.empty() || schema == "public" ? name : schema + "." + name;
}

std::string name_of_list(const Json& list) {
  std::string out;
  for (const auto& part : sql::names_of(list)) {
    if (part == "public" && out.empty()) continue;
    out += (out.empty() ? "" : ".") + part;
  }
  return out;
}

std::vector<std::string> columns_in(const Json& expression) {
  std::vector<std::string> out;
  walk(expression, [&](std::string_view name, const Json& node) {
    if (name != "ColumnRef") return;
    const auto parts = sql::names_of(node.at("fields"));
    if (!parts.empty() && !parts.back().empty()) add_once(out, parts.back());
  });
  return out;
}

std::vector<std::string> given_in(const Json& expression) {
  std::vector<std::string> out;
  const auto [kind, node] = sql::only_member(expression);
  if (kind == "NullTest" && node->text("nulltesttype") == "IS_NOT_NULL") {
    const auto parts = sql::names_of(node->at("arg").at("ColumnRef").at("fields"));
    if (!parts.empty()) out.push_back(parts.back());
  }
  if (kind == "BoolExpr" && node->text("boolop") == "AND_EXPR") {
    for (const Json& part : node->at("args").items()) {
      for (auto& name : given_in(part)) add_once(out, std::move(name));
    }
  }
  return out;
}

Constraint constraint_of(const Json& constraint) {
  Constraint out;
  out.name = constraint.text("conname");
  const std::string kind = constraint.text("contype");
  out.columns = sql::names_of(constraint.at("keys"));
  if (kind == "CONSTR_CHECK") {
    out.kind = ConstraintKind::Check;
    out.columns = columns_in(constraint.at("raw_expr"));
    out.given = given_in(constraint.at("raw_expr"));
  } else if (kind == "CONSTR_FOREIGN") {
    out.kind = ConstraintKind::ForeignKey;
    out.columns = sql::names_of(constraint.at("fk_attrs"));
  } else if (kind == "CONSTR_UNIQUE") {
    out.kind = ConstraintKind::Unique;
  } else if (kind == "CONSTR_PRIMARY") {
    out.kind = ConstraintKind::Primary;
  } else if (kind == "CONSTR_EXCLUSION") {
    out.kind = ConstraintKind::Exclude;
  }
  out.is_valid = !constraint.flag("skip_validation");
  return out;
}

}  // namespace slipway::database::lint

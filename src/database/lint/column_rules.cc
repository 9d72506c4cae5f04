// ALTER TABLE … ADD COLUMN and … TYPE.
#include <fmt/core.h>

#include <algorithm>

#include "database/lint/look.h"
#include "database/lint/volatility.h"

namespace slipway::database::lint {
namespace {
struct NewColumn {
  std::string subject;  // "t.x"
  Type type;
  const Json* default_value = nullptr;  // nullptr: none, or NULL
  bool is_required = false;
  bool fills_itself = false;  // serial, identity, generated
  bool is_referencing = false;
  bool needs_scan = false;  // CHECK, UNIQUE, PRIMARY KEY
};

bool is_null_constant(const Json& expression) { return expression.at("A_Const").flag("isnull"); }

NewColumn read_column(const std::string& table, const Json& definition) {
  NewColumn out;
  out.subject = fmt::format("{}.{}", table, definition.text("colname"));
  out.type = type_of(definition.at("typeName"));
  out.fills_itself = is_serial(out.type);
  for (const Json& item : definition.at("constraints").items()) {
    const Json& one = item.at("Constraint");
    const std::string kind = one.text("contype");
    const Json& value = one.at("raw_expr");
    if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_PRIMARY") out.is_required = true;
    if (kind == "CONSTR_DEFAULT" && !is_null_constant(value)) out.default_value = &value;
    if (kind == "CONSTR_IDENTITY" || kind == "CONSTR_GENERATED") out.fills_itself = true;
    if (kind == "CONSTR_FOREIGN") out.is_referencing = true;
    if (kind == "CONSTR_CHECK" || kind == "CONSTR_UNIQUE" || kind == "CONSTR_PRIMARY")
      out.needs_scan = true;
  }
  return out;
}

bool rewrites(const NewColumn& column, const Schema& schema) {
  if (column.fills_itself) return true;
  if (column.default_value != nullptr && is_volatile(*column.default_value, schema)) return true;
  return schema.constrained_domain(column.type) != nullptr;
}

// The same values under another collation: its indexes are built again.
bool is_indexed(const Schema& schema, std::string_view table, std::string_view column) {
  for (const auto& [name, index] : schema.indexes) {
    if (index.table != table) continue;
    for (const auto& one : index.columns) {
      if (one == column || one.empty()) return true;
    }
  }
  return false;
}

bool is_utc(std::string_view zone) {
  constexpr std::string_view kNames[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Universal"};
  return std::find(std::begin(kNames), std::end(kNames), zone) != std::end(kNames);
}

// USING x::type says no more than the change itself.
bool is_plain_cast(const Json& expression, const std::string& column, const Json& type_name) {
  const Json& cast = expression.at("TypeCast");
  const auto names = columns_in(cast.at("arg"));
  return type_of(cast.at("typeName")) == type_of(type_name) && names.size() == 1 &&
         names[0] == column && sql::only_member(cast.at("arg")).first == "ColumnRef";
}

bool is_type_change_long(const Look& look, const std::string& table, const std::string& column,
                         const Json& definition) {
  const Json& using_value = definition.at("raw_default");
  const Json& type_name = definition.at("typeName");
  if (!using_value.is_null() && !is_plain_cast(using_value, column, type_name)) return true;
  const Type to = type_of(type_name);
  if (look.schema.constrained_domain(to) != nullptr) return true;
  const bool has_index = is_indexed(look.schema, table, column);
  if (definition.find("collClause") != nullptr && has_index) return true;
  switch (change_of(look.schema.type_of(table, column), look.schema.base_of(to))) {
    case TypeChange::Nothing:
      return false;
    case TypeChange::NothingInUtc:
      return !is_utc(look.schema.time_zone) || has_index;
    case TypeChange::Rewrite:
      return true;
  }
  return true;
}
}  // namespace

void look_at_new_column(const Look& look, const std::string& table, const Json& command) {
  const Json& definition = command.at("def").at("ColumnDef");
  const Table* known = look.schema.table(table);
  const bool is_there = known != nullptr && known->column(definition.text("colname")) != nullptr;
  if (look.schema.is_new(table) || (command.flag("missing_ok") && is_there)) return;
  const NewColumn column = read_column(table, definition);
  const bool is_large = look.schema.is_large(table);
  if (is_large && rewrites(column, look.schema))
    look.find_at(RuleId::AddColumnRewrite, column.subject, definition);
  const bool has_values = column.default_value != nullptr || column.fills_itself;
  if (is_large && (column.needs_scan || (column.is_referencing && has_values)))
    look.find_at(RuleId::AddColumnScan, column.subject, definition);
  if (column.is_required && !has_values)
    look.find_at(RuleId::RequiredColumn, column.subject, definition);
  if (is_serial(column.type)) look.find_at(RuleId::SequenceRights, column.subject, definition);
}

void look_at_type(const Look& look, const std::string& table, const Json& command) {
  if (look.schema.is_new(table)) return;
  const std::string name = command.text("name");
  const Json& definition = command.at("def").at("ColumnDef");
  const std::string subject = fmt::format("{}.{}", table, name);
  const Table* known = look.schema.table(table);
  const Column* column = known == nullptr ? nullptr : known->column(name);
  const Type to = type_of(definition.at("typeName"));
  const bool is_same = column != nullptr && column->type && *column->type == to &&
                       definition.find("collClause") == nullptr;
  if (column != nullptr && column->is_used && !is_same)
    return look.find_at(RuleId::ColumnInView, subject, definition);
  if (!is_same && is_type_change_long(look, table, name, definition))
    look.find_at(RuleId::ColumnTypeRewrite, subject, definition);
}

}  // namespace slipway::database::lint

// ALTER TABLE … ADD CONSTRAINT.
#include <fmt/core.h>

#include <algorithm>

#include "database/lint/look.h"

namespace slipway::database::lint {
namespace {
// Columns of this migration: the old release leaves them NULL, which no CHECK and no key refuses.
bool is_about_new_columns(const Look& look, const std::string& table,
                          const Constraint& constraint) {
  const Table* known = look.schema.table(table);
  if (known == nullptr || constraint.columns.empty() || !constraint.given.empty()) return false;
  return std::all_of(constraint.columns.begin(), constraint.columns.end(),
                     [&](const std::string& name) {
                       const Column* column = known->column(name);
                       return column != nullptr && column->is_new;
                     });
}

void look_at_check(const Look& look, const std::string& table, const Json& node) {
  const bool is_large = look.schema.is_large(table);
  const bool is_validated = !node.flag("skip_validation");
  if (is_validated && is_large) return look.find_at(RuleId::AddCheck, table, node);
  if (!is_about_new_columns(look, table, constraint_of(node)))
    look.find_at(RuleId::ConstraintOnOldWrites, table, node);
}

// A key over the same columns is there, or goes in this statement: old writers respect it already.
bool has_key_like(const Look& look, const std::string& table, const Constraint& wanted) {
  const Table* known = look.schema.table(table);
  return known != nullptr && std::any_of(known->constraints.begin(), known->constraints.end(),
                                         [&](const Constraint& one) {
                                           return one.kind == ConstraintKind::ForeignKey &&
                                                  one.columns == wanted.columns;
                                         });
}

void look_at_foreign_key(const Look& look, const std::string& table, const Json& node) {
  const std::string other = name_of(node.at("pktable"));
  const std::string subject = fmt::format("{} -> {}", table, other);
  const bool is_long = look.schema.is_large(table) || look.schema.is_large(other);
  if (!node.flag("skip_validation") && is_long)
    return look.find_at(RuleId::AddForeignKey, subject, node);
  const Constraint wanted = constraint_of(node);
  if (!has_key_like(look, table, wanted) && !is_about_new_columns(look, table, wanted))
    look.find_at(RuleId::ConstraintOnOldWrites, subject, node);
}

// The columns of the index a constraint takes over may be NULL: they are read.
bool is_primary_scan(const Look& look, const std::string& table, const Index& index) {
  const Table* known = look.schema.table(table);
  if (known == nullptr || !look.schema.is_large(table)) return false;
  return std::any_of(index.columns.begin(), index.columns.end(), [&](const std::string& name) {
    const Column* column = known->column(name);
    return column != nullptr && !column->is_required;
  });
}

void look_at_index_use(const Look& look, const std::string& table, const Json& node) {
  const auto found = look.schema.indexes.find(node.text("indexname"));
  if (found == look.schema.indexes.end()) return;
  const bool is_primary = node.text("contype") == "CONSTR_PRIMARY";
  if (found->second.is_new) return look.find_at(RuleId::UniqueOnOldWrites, table, node);
  if (is_primary && is_primary_scan(look, table, found->second))
    look.find_at(RuleId::SetNotNull, table, node);
}

void look_at_unique(const Look& look, const std::string& table, const Json& node) {
  if (!node.text("indexname").empty()) return look_at_index_use(look, table, node);
  look.find_at(look.schema.is_large(table) ? RuleId::AddUnique : RuleId::UniqueOnOldWrites, table,
               node);
}
}  // namespace

void look_at_new_constraint(const Look& look, const std::string& table, const Json& command) {
  if (look.schema.is_new(table)) return;
  const Json& node = command.at("def").at("Constraint");
  switch (constraint_of(node).kind) {
    case ConstraintKind::Check:
      return look_at_check(look, table, node);
    case ConstraintKind::ForeignKey:
      return look_at_foreign_key(look, table, node);
    case ConstraintKind::Unique:
    case ConstraintKind::Primary:
    case ConstraintKind::Exclude:
      return look_at_unique(look, table, node);
    case ConstraintKind::NotKnown:
      return;
  }
}

}  // namespace slipway::database::lint

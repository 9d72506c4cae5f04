// ALTER TABLE, CREATE TABLE, and what writes a whole table again.
#include <fmt/core.h>

#include <algorithm>

#include "database/lint/look.h"

namespace slipway::database::lint {
namespace {
using Command = void (*)(const Look&, const std::string& table, const Json& command);

std::string subject_of(const std::string& table, const Json& command) {
  return fmt::format("{}.{}", table, command.text("name"));
}

const Column* column_of(const Look& look, const std::string& table, const Json& command) {
  const Table* known = look.schema.table(table);
  return known == nullptr ? nullptr : known->column(command.text("name"));
}

void drop_column(const Look& look, const std::string& table, const Json& command) {
  const bool is_gone = look.schema.is_missing_column(table, command.text("name"));
  if (command.flag("missing_ok") && is_gone) return;
  look.find_at(RuleId::DropColumn, subject_of(table, command));
}

void set_default(const Look& look, const std::string& table, const Json& command) {
  const Column* column = column_of(look, table, command);
  const bool may_be_null = column != nullptr && !column->is_required;
  const bool had_none = column != nullptr && !column->has_default;
  if (command.find("def") == nullptr && !may_be_null && !had_none)
    look.find_at(RuleId::DropDefault, subject_of(table, command));
}

// A valid CHECK says already that no row has NULL there.
bool is_checked(const Look& look, const std::string& table, const std::string& column) {
  const Table* known = look.schema.table(table);
  if (known == nullptr) return false;
  return std::any_of(known->constraints.begin(), known->constraints.end(), [&](const auto& one) {
    if (!one.is_valid) return false;
    if (one.kind == ConstraintKind::NotKnown) return true;  // validated here, and said for this
    return std::find(one.given.begin(), one.given.end(), column) != one.given.end();
  });
}

void set_not_null(const Look& look, const std::string& table, const Json& command) {
  const Column* column = column_of(look, table, command);
  const bool is_already = column != nullptr && column->is_required;
  if (is_already || is_checked(look, table, command.text("name"))) return;
  look.find_at(RuleId::SetNotNull, subject_of(table, command));
}

void drop_identity(const Look& look, const std::string& table, const Json& command) {
  look.find_at(RuleId::DropDefault, subject_of(table, command));
}

void set_identity(const Look& look, const std::string& table, const Json& command) {
  bool is_always = command.at("def").at("Constraint").text("generated_when") == "a";
  for (const Json& item : command.at("def").at("List").at("items").items()) {
    const Json& option = item.at("DefElem");
    is_always = is_always || (option.text("defname") == "generated" &&
                              option.at("arg").at("Integer").integer("ival") == 'a');
  }
  if (is_always) look.find_at(RuleId::IdentityAlways, subject_of(table, command));
}

void validate(const Look& look, const std::string& table, const Json& command) {
  if (look.schema.locked.contains(table) && look.schema.is_large(table))
    look.find_at(RuleId::WorkUnderLock, subject_of(table, command));
}

// Without the catalogue only the name tells; these are PostgreSQL's own endings.
bool looks_unique(std::string_view name) {
  return name.ends_with("_key") || name.ends_with("_pkey") || name.find("uniq") != name.npos;
}

void drop_constraint(const Look& look, const std::string& table, const Json& command) {
  const std::string name = command.text("name");
  const Table* known = look.schema.table(table);
  const Constraint* found = nullptr;
  if (known != nullptr) {
    for (const auto& one : known->constraints) {
      if (one.name == name) found = &one;
    }
  }
  const bool is_known = found != nullptr && found->kind != ConstraintKind::NotKnown;
  const bool is_unique =
      is_known ? found->kind == ConstraintKind::Unique || found->kind == ConstraintKind::Primary
               : !look.schema.is_complete && looks_unique(name);
  if (is_unique) look.find_at(RuleId::DropUnique, fmt::format("{}.{}", table, name));
}

bool has_valid_check(const Table* table) {
  return table != nullptr &&
         std::any_of(table->constraints.begin(), table->constraints.end(), [](const auto& one) {
           const bool may_be =
               one.kind == ConstraintKind::Check || one.kind == ConstraintKind::NotKnown;
           return may_be && one.is_valid;
         });
}

bool is_default_scanned(const Look& look, const std::string& parent) {
  const Table* known = look.schema.table(parent);
  return known != nullptr && !known->default_partition.empty() &&
         look.schema.is_large(known->default_partition);
}

void attach(const Look& look, const std::string& table, const Json& command) {
  const std::string child = name_of(command.at("def").at("PartitionCmd").at("name"));
  const bool is_scanned = look.schema.is_large(child) && !has_valid_check(look.schema.table(child));
  if (is_scanned || is_default_scanned(look, table))
    look.find_at(RuleId::AttachScan, child, command.at("def").at("PartitionCmd").at("name"));
}

void detach(const Look& look, const std::string&, const Json& command) {
  const Json& child = command.at("def").at("PartitionCmd").at("name");
  look.find_at(RuleId::DetachPartition, name_of(child), child);
}

void enable_row_security(const Look& look, const std::string& table, const Json&) {
  const Table* known = look.schema.table(table);
  if (known != nullptr && (known->has_open_policy || known->has_row_security)) return;
  look.find_at(RuleId::EnableRowSecurity, table);
}

void rewrite(const Look& look, const std::string& table, const Json&) {
  if (look.schema.is_large(table)) look.find_at(RuleId::TableRewrite, table);
}

void set_tablespace(const Look& look, const std::string& table, const Json& command) {
  const Table* known = look.schema.table(table);
  const std::string there = known == nullptr ? "" : known->tablespace;
  const std::string wanted = command.text("name");
  const bool stays = wanted == there || (there.empty() && wanted == "pg_default");
  if (!stays) rewrite(look, table, command);
}

struct CommandRule {
  std::string_view subtype;
  Command look;
};
constexpr CommandRule kCommands[] = {
    {"AT_AddColumn", look_at_new_column},
    {"AT_AlterColumnType", look_at_type},
    {"AT_AddConstraint", look_at_new_constraint},
    {"AT_DropColumn", drop_column},
    {"AT_ColumnDefault", set_default},
    {"AT_SetNotNull", set_not_null},
    {"AT_DropIdentity", drop_identity},
    {"AT_AddIdentity", set_identity},
    {"AT_SetIdentity", set_identity},
    {"AT_ValidateConstraint", validate},
    {"AT_DropConstraint", drop_constraint},
    {"AT_AttachPartition", attach},
    {"AT_DetachPartition", detach},
    {"AT_EnableRowSecurity", enable_row_security},
    {"AT_SetLogged", rewrite},
    {"AT_SetUnLogged", rewrite},
    {"AT_SetAccessMethod", rewrite},
    {"AT_SetTableSpace", set_tablespace},
};

void look_at_index_command(const Look& look, const std::string& index, const Json& command) {
  if (command.text("subtype") != "AT_SetTableSpace" || command.text("name") == "pg_default") return;
  const auto found = look.schema.indexes.find(index);
  const bool is_small =
      found != look.schema.indexes.end() && !look.schema.is_large(found->second.table);
  if (!is_small) look.find_at(RuleId::TableRewrite, index);
}

void look_at_alter_table(const Look& look) {
  const std::string kind = look.node.text("objtype");
  const std::string table = name_of(look.node.at("relation"));
  const bool is_nowhere = look.node.flag("missing_ok") && look.schema.is_missing(table);
  if (look.schema.is_new(table) || is_nowhere) return;
  for (const Json& item : look.node.at("cmds").items()) {
    const Json& command = item.at("AlterTableCmd");
    if (kind == "OBJECT_INDEX") look_at_index_command(look, table, command);
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_MATVIEW") continue;
    for (const auto& rule : kCommands) {
      if (rule.subtype == command.text("subtype")) rule.look(look, table, command);
    }
  }
}

void look_at_new_table(const Look& look) {
  const Json& parents = look.node.at("inhRelations");
  if (look.node.find("partbound") == nullptr || parents.size() == 0) return;
  const std::string parent = name_of(parents.items()[0].at("RangeVar"));
  if (is_default_scanned(look, parent))
    look.find_at(RuleId::DefaultPartitionScan, parent, look.node.at("relation"));
}

void look_at_cluster(const Look& look) {
  const std::string table = name_of(look.node.at("relation"));
  if (look.schema.is_large(table)) look.find_at(RuleId::TableRewrite, table);
}

void look_at_vacuum(const Look& look) {
  bool is_full = false;
  for (const Json& option : look.node.at("options").items())
    is_full = is_full || option.at("DefElem").text("defname") == "full";
  if (!is_full) return;
  const auto& relations = look.node.at("rels").items();
  if (relations.empty()) look.find_at(RuleId::TableRewrite, "every table");
  for (const Json& relation : relations) {
    const std::string table = name_of(relation.at("VacuumRelation").at("relation"));
    if (look.schema.is_large(table)) look.find_at(RuleId::TableRewrite, table);
  }
}

void look_at_move_all(const Look& look) {
  look.find_at(RuleId::TableRewrite, look.node.text("orig_tablespacename"));
}

void look_at_refresh(const Look& look) {
  const std::string view = name_of(look.node.at("relation"));
  if (look.schema.is_large(view)) look.find_at(RuleId::RefreshBlocks, view);
}

constexpr RulesOfKind kRules[] = {
    {"AlterTableStmt", look_at_alter_table},
    {"CreateStmt", look_at_new_table},
    {"ClusterStmt", look_at_cluster},
    {"VacuumStmt", look_at_vacuum},
    {"AlterTableMoveAllStmt", look_at_move_all},
    {"RefreshMatViewStmt", look_at_refresh},
};
}  // namespace

std::span<const RulesOfKind> table_rules() { return kRules; }

}  // namespace slipway::database::lint

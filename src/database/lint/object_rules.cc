// DROP, RENAME, SET SCHEMA, views, functions, types, rights.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "database/lint/look.h"

namespace slipway::database::lint {
namespace {
template <class List>
bool has(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

constexpr std::array kTables = {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW",
                                "OBJECT_FOREIGN_TABLE"};
constexpr std::array kNamed = {"OBJECT_SEQUENCE",  "OBJECT_FUNCTION",  "OBJECT_PROCEDURE",
                               "OBJECT_ROUTINE",   "OBJECT_AGGREGATE", "OBJECT_TYPE",
                               "OBJECT_DOMAIN",    "OBJECT_SCHEMA",    "OBJECT_OPERATOR",
                               "OBJECT_EXTENSION", "OBJECT_ATTRIBUTE"};

// "a.b" of a name, a List of names, a TypeName or an ObjectWithArgs.
std::string object_name(const Json& object) {
  const auto [kind, node] = sql::only_member(object);
  if (kind == "List") return name_of_list(node->at("items"));
  if (kind == "TypeName") return type_of(*node).name;
  if (kind == "ObjectWithArgs") return name_of_list(node->at("objname"));
  if (kind == "RangeVar") return name_of(*node);
  return kind == "String" ? node->text("sval") : "";
}

bool is_new_function(const Schema& schema, std::string_view name) {
  const auto found = schema.functions.lower_bound(std::string(name) + "/");
  return found != schema.functions.end() && found->first.starts_with(std::string(name) + "/") &&
         found->second.is_new;
}

bool is_new_object(const Look& look, const std::string& name) {
  const auto domain = look.schema.domains.find(name);
  return look.schema.is_new(name) || look.schema.new_objects.contains(name) ||
         (domain != look.schema.domains.end() && domain->second.is_new) ||
         is_new_function(look.schema, name);
}

void drop_index(const Look& look, const std::string& name) {
  if (look.node.flag("concurrent") && !look.is_alone) look.find_at(RuleId::NotInTransaction, name);
  const auto found = look.schema.indexes.find(name);
  const bool is_known = found != look.schema.indexes.end();
  const bool is_unique = is_known ? found->second.is_unique && !found->second.is_new
                                  : !look.schema.is_complete &&
                                        (name.ends_with("_key") || name.find("uniq") != name.npos);
  if (is_unique) look.find_at(RuleId::DropUnique, name);
}

// Row security is known to be off: policies mean nothing.
bool is_idle(const Look& look, const std::string& table) {
  const Table* known = look.schema.table(table);
  return known != nullptr && look.schema.is_complete && !known->has_row_security;
}

void look_at_new_policy(const Look& look) {
  const std::string table = name_of(look.node.at("table"));
  if (look.node.flag("permissive") || look.schema.is_new(table) || is_idle(look, table)) return;
  look.find_at(RuleId::RestrictivePolicy,
               fmt::format("{}.{}", table, look.node.text("policy_name")));
}

// [table, policy]
void drop_policy(const Look& look, const Json& object) {
  auto parts = sql::names_of(object.at("List").at("items"));
  if (parts.size() < 2) return;
  const std::string policy = parts.back();
  parts.pop_back();
  if (parts.size() == 2 && parts[0] == "public") parts.erase(parts.begin());
  std::string table = parts[0];
  if (parts.size() == 2) table += "." + parts[1];
  if (!is_idle(look, table)) look.find_at(RuleId::DropPolicy, fmt::format("{}.{}", table, policy));
}

void look_at_drop(const Look& look) {
  const std::string kind = look.node.text("removeType");
  for (const Json& object : look.node.at("objects").items()) {
    const std::string name = object_name(object);
    if (kind == "OBJECT_INDEX") drop_index(look, name);
    if (kind == "OBJECT_POLICY") drop_policy(look, object);
    if (is_new_object(look, name)) continue;
    if (has(kTables, kind)) {
      const bool is_gone = look.node.flag("missing_ok") && look.schema.is_missing(name);
      if (!is_gone) look.find_at(RuleId::DropTable, name);
    } else if (has(kNamed, kind)) {
      look.find_at(RuleId::DropObject, name);
    }
  }
}

void look_at_drop_whole(const Look& look) {
  look.find_at(RuleId::DropObject, look.node.text("dbname"));
}

void look_at_rename(const Look& look) {
  const std::string kind = look.node.text("renameType");
  const std::string relation = name_of(look.node.at("relation"));
  const std::string name = relation.empty() ? object_name(look.node.at("object")) : relation;
  if (is_new_object(look, name)) return;
  if (kind == "OBJECT_COLUMN" || kind == "OBJECT_ATTRIBUTE")
    return look.find_at(RuleId::RenameColumn,
                        fmt::format("{}.{}", name, look.node.text("subname")));
  // ALTER TABLE … RENAME may name an index, too.
  const bool is_index = look.schema.indexes.contains(name);
  if (has(kTables, kind) && !is_index) look.find_at(RuleId::RenameTable, name);
  if (has(kNamed, kind))
    look.find_at(RuleId::RenameObject, name.empty() ? look.node.text("subname") : name);
}

void look_at_new_schema(const Look& look) {
  const std::string relation = name_of(look.node.at("relation"));
  const std::string name = relation.empty() ? object_name(look.node.at("object")) : relation;
  if (is_new_object(look, name)) return;
  const bool is_table = has(kTables, look.node.text("objectType"));
  look.find_at(is_table ? RuleId::RenameTable : RuleId::RenameObject, name);
}

void look_at_enum(const Look& look) {
  const std::string name = name_of_list(look.node.at("typeName"));
  if (!look.node.text("oldVal").empty() && !is_new_object(look, name))
    look.find_at(RuleId::EnumRenameValue, fmt::format("{}.{}", name, look.node.text("oldVal")));
}

// C: ADD CONSTRAINT, V: VALIDATE CONSTRAINT, O: SET NOT NULL (AlterDomainStmt.subtype).
void look_at_domain(const Look& look) {
  const std::string name = name_of_list(look.node.at("typeName"));
  const std::string kind = look.node.text("subtype");
  const bool adds = kind == "C" || kind == "V" || kind == "O";
  if (adds && !is_new_object(look, name) && look.schema.is_domain_used(name))
    look.find_at(RuleId::DomainConstraint, name);
}

// A prefix of what it had: the same names in the same order, more behind them.
bool keeps_columns(const Table& view, const Json& query) {
  const auto& targets = query.at("SelectStmt").at("targetList").items();
  if (!view.is_whole || query.at("SelectStmt").find("larg") != nullptr) return true;
  for (std::size_t i = 0; i < view.columns.size(); ++i) {
    if (i >= targets.size()) return false;
    const Json& target = targets[i].at("ResTarget");
    std::string name = target.text("name");
    const auto used = columns_in(target.at("val"));
    if (name.empty() && !used.empty()) name = used.back();
    if (!name.empty() && name != view.columns[i].name) return false;
    if (name.empty()) return true;  // a star or an expression: the names are not in the text
  }
  return true;
}

void look_at_view(const Look& look) {
  const std::string name = name_of(look.node.at("view"));
  const Table* known = look.schema.table(name);
  const bool is_replaced = look.node.flag("replace") && known != nullptr && !known->is_new;
  if (is_replaced && !keeps_columns(*known, look.node.at("query")))
    look.find_at(RuleId::ReplaceViewColumns, name);
}

void look_at_function(const Look& look) {
  const std::string name = name_of_list(look.node.at("funcname"));
  const auto key = fmt::format("{}/{}", name, look.node.at("parameters").size());
  const auto found = look.schema.functions.find(key);
  if (!look.node.flag("replace") || found == look.schema.functions.end()) return;
  if (found->second.is_new || !found->second.returns) return;
  if (*found->second.returns != type_of(look.node.at("returnType")))
    look.find_at(RuleId::ReplaceFunctionType, name);
}

void look_at_trigger(const Look& look) {
  if (look.schema.is_new(name_of(look.node.at("relation")))) return;
  const auto found = look.schema.functions.find(name_of_list(look.node.at("funcname")) + "/0");
  if (found != look.schema.functions.end() && found->second.may_refuse)
    look.find_at(RuleId::TriggerRefuses, look.node.text("trigname"));
}

// Rights on columns go, and it is known that nobody was ever given any on them: who may use them
// has that by the table's rights, which stay.
bool takes_nothing(const Look& look) {
  if (!look.schema.is_complete || look.node.at("privileges").items().empty()) return false;
  for (const Json& object : look.node.at("objects").items()) {
    const Table* table = look.schema.table(object_name(object));
    if (table == nullptr || !table->is_whole) return false;
    for (const Json& privilege : look.node.at("privileges").items()) {
      const auto columns = sql::names_of(privilege.at("AccessPriv").at("cols"));
      if (columns.empty()) return false;
      for (const auto& name : columns) {
        const Column* column = table->column(name);
        if (column == nullptr || column->has_rights) return false;
      }
    }
  }
  return true;
}

// PUBLIC has rights of its own on functions, types and schemas, none on tables.
void look_at_revoke(const Look& look) {
  if (look.node.flag("is_grant") || takes_nothing(look)) return;
  bool is_public = true;
  for (const Json& role : look.node.at("grantees").items())
    is_public = is_public && role.at("RoleSpec").text("roletype") == "ROLESPEC_PUBLIC";
  const std::string kind = look.node.text("objtype");
  const bool is_table = kind == "OBJECT_TABLE" || kind == "OBJECT_SEQUENCE";
  if (is_public && is_table) return;
  for (const Json& object : look.node.at("objects").items()) {
    const std::string name = object_name(object);
    if (!is_new_object(look, name)) look.find_at(RuleId::Revoke, name);
  }
}

void look_at_revoke_role(const Look& look) {
  if (!look.node.flag("is_grant")) look.find_at(RuleId::Revoke, "a role");
}

void look_at_role(const Look& look) {
  for (const Json& item : look.node.at("options").items()) {
    const Json& option = item.at("DefElem");
    const bool is_off = !option.at("arg").at("Boolean").flag("boolval");
    if (option.text("defname") == "canlogin" && is_off)
      look.find_at(RuleId::Revoke, look.node.at("role").text("rolename"));
  }
}

constexpr RulesOfKind kRules[] = {
    {"CreatePolicyStmt", look_at_new_policy},
    {"CreateTrigStmt", look_at_trigger},
    {"AlterRoleStmt", look_at_role},
    {"DropStmt", look_at_drop},
    {"DropOwnedStmt", look_at_drop_whole},
    {"DropdbStmt", look_at_drop_whole},
    {"DropRoleStmt", look_at_drop_whole},
    {"RenameStmt", look_at_rename},
    {"AlterObjectSchemaStmt", look_at_new_schema},
    {"AlterEnumStmt", look_at_enum},
    {"AlterDomainStmt", look_at_domain},
    {"ViewStmt", look_at_view},
    {"CreateFunctionStmt", look_at_function},
    {"GrantStmt", look_at_revoke},
    {"GrantRoleStmt", look_at_revoke_role},
};
}  // namespace

std::span<const RulesOfKind> object_rules() { return kRules; }

}  // namespace slipway::database::lint

// CREATE INDEX, REINDEX, and what refuses to run beside others in a transaction.
#include "database/lint/look.h"

namespace slipway::database::lint {
namespace {
bool is_option(const Json& options, std::string_view name) {
  for (const Json& item : options.items()) {
    if (item.at("DefElem").text("defname") == name) return true;
  }
  return false;
}

void look_at_index(const Look& look) {
  const std::string table = name_of(look.node.at("relation"));
  const std::string name = look.node.text("idxname");
  const bool is_there = look.schema.indexes.contains(name);
  if (look.node.flag("if_not_exists") && is_there) return;
  const bool is_concurrent = look.node.flag("concurrent");
  if (is_concurrent && !look.is_alone) look.find_at(RuleId::NotInTransaction, name);
  if (look.schema.is_new(table)) return;
  if (look.node.flag("unique")) look.find_at(RuleId::UniqueOnOldWrites, table);
  // ON ONLY: the parent's index alone, which holds nothing.
  const bool is_only_parent = !look.node.at("relation").flag("inh");
  if (!is_concurrent && !is_only_parent && look.schema.is_large(table))
    look.find_at(RuleId::IndexBlocksWrites, table);
}

void look_at_reindex(const Look& look) {
  if (is_option(look.node.at("params"), "concurrently")) {
    if (!look.is_alone) look.find_at(RuleId::NotInTransaction, "REINDEX");
    return;
  }
  std::string name = name_of(look.node.at("relation"));
  std::string table = name;
  const auto index = look.schema.indexes.find(name);
  if (index != look.schema.indexes.end()) table = index->second.table;
  if (name.empty()) name = look.node.text("name");
  if (look.schema.is_large(table)) look.find_at(RuleId::ReindexBlocksWrites, name);
}

void look_at_alone(const Look& look) {
  if (!look.is_alone) look.find_at(RuleId::NotInTransaction, "");
}

constexpr RulesOfKind kRules[] = {
    {"IndexStmt", look_at_index},          {"ReindexStmt", look_at_reindex},
    {"CreatedbStmt", look_at_alone},       {"DropdbStmt", look_at_alone},
    {"AlterSystemStmt", look_at_alone},    {"CreateTableSpaceStmt", look_at_alone},
    {"DropTableSpaceStmt", look_at_alone},
};
}  // namespace

std::span<const RulesOfKind> index_rules() { return kRules; }

}  // namespace slipway::database::lint

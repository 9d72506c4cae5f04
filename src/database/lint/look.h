#pragma once
// What a rule has before it: one statement, what is known, and where its findings go. Inside of
// this room only.
#include <functional>
#include <string>

#include "database/lint/check.h"

namespace slipway::database::lint {

struct Look {
  const Json& node;          // the statement's members
  const Schema& schema;      // before the statement
  bool is_alone = true;      // no other statement stands in the same transaction
  bool is_repeated = false;  // it stands in a loop
  std::function<void(RuleId, std::string subject, std::int64_t location)> find;

  // `at`: a node with a "location"; its place is the finding's.
  void find_at(RuleId rule, std::string subject, const Json& at = {}) const {
    find(rule, std::move(subject), at.integer("location", 0));
  }
};

// The rules of each kind of statement, in the file of its subject. A kind that is not in one of
// these lists does no harm that we know of.
struct RulesOfKind {
  std::string_view kind;  // "AlterTableStmt"
  void (*look)(const Look&);
};
std::span<const RulesOfKind> table_rules();
std::span<const RulesOfKind> index_rules();
std::span<const RulesOfKind> object_rules();
std::span<const RulesOfKind> row_rules();

// The parts of ALTER TABLE that need more room.
void look_at_new_column(const Look& look, const std::string& table, const Json& command);
void look_at_type(const Look& look, const std::string& table, const Json& command);
void look_at_new_constraint(const Look& look, const std::string& table, const Json& command);

}  // namespace slipway::database::lint

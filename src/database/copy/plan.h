#pragma once
// What a copy will do to every column, from the catalogue and the rules, or every reason why it
// may not begin: columns without a rule, rules without a column, uniqueness that would be lost.
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/copy/catalogue.h"
#include "database/copy/row.h"
#include "database/copy/rules.h"

namespace slipway::database::copy {

struct TablePlan {
  const Table* table = nullptr;        // of the catalogue, which outlives the plan
  bool empty = false;                  // no rows
  std::vector<const Column*> columns;  // those that are copied, in order
  std::vector<ColumnMask> masks;       // one for each
  std::vector<Rule> rules;             // what made it
  std::string where;                   // of the source's query; empty: every row
};

struct CopyPlan {
  std::vector<TablePlan> tables;  // the largest first
  std::vector<std::string> notes;
};

struct Planned {
  CopyPlan plan;
  std::vector<config::Diagnostic> problems;  // rules that do not fit the database
  std::vector<std::string> unclassified;     // "users.email (text)"
  std::string to_paste;                      // rules for those, as YAML
};
Planned make_plan(const Catalogue& catalogue, const Rules& rules, const Key128& key);

// Whether a column may be copied without a rule: numbers, times, enums; keys that are UUIDs.
bool needs_rule(const Column& column);
// The kind that a column's name and type suggest.
Kind kind_for(const Column& column);
// The same as the text of a rule: "{kind: name, part: first}".
std::string proposal_for(const Column& column);
Wire wire_of(const Column& column);
// The name a table has in the file of rules: without its schema when that is public.
std::string rule_name(const Table& table);

}  // namespace slipway::database::copy

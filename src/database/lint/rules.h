#pragma once
// The one table of rules (rules.def). It feeds the findings, --json and docs/database/lint.md.
#include <span>
#include <string_view>

namespace slipway::database::lint {

enum class Harm { Blocks, Breaks, Fails, Loses, Unseen };
std::string_view name_of(Harm harm);  // "blocks"

enum class RuleId {
#define X(id, name, harm, meaning, instead) id,
#include "database/lint/rules.def"
#undef X
};

struct Rule {
  RuleId id;
  std::string_view name;  // "add-column-rewrite"
  Harm harm;
  std::string_view meaning;
  std::string_view instead;  // the safe way
};
std::span<const Rule> rules();
const Rule& rule_of(RuleId id);
const Rule* rule_named(std::string_view name);  // nullptr: there is none

}  // namespace slipway::database::lint

#include "database/lint/rules.h"

#include <algorithm>

namespace slipway::database::lint {
namespace {
constexpr Rule kRules[] = {
#define X(id, name, harm, meaning, instead) {RuleId::id, name, Harm::harm, meaning, instead},
#include "database/lint/rules.def"
#undef X
};
}  // namespace

std::string_view name_of(Harm harm) {
  switch (harm) {
    case Harm::Blocks:
      return "blocks";
    case Harm::Breaks:
      return "breaks";
    case Harm::Fails:
      return "fails";
    case Harm::Loses:
      return "loses";
    case Harm::Unseen:
      return "unseen";
  }
  return "";
}

std::span<const Rule> rules() { return kRules; }

const Rule& rule_of(RuleId id) { return kRules[static_cast<std::size_t>(id)]; }

const Rule* rule_named(std::string_view name) {
  const auto* found = std::find_if(std::begin(kRules), std::end(kRules),
                                   [&](const Rule& rule) { return rule.name == name; });
  return found == std::end(kRules) ? nullptr : found;
}

}  // namespace slipway::database::lint

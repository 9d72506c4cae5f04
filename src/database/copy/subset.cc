#include "database/copy/subset.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "config/problems.h"
#include "database/copy/pump.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

class Limiter {
 public:
  Limiter(const Catalogue& catalogue, const Connection& source)
      : catalogue_(catalogue), source_(source) {}

  void seed(const SubsetRule& rule, config::Problems& problems) {
    std::vector<std::string> known;
    bool found = false;
    for (const auto& table : catalogue_.tables) {
      known.push_back(rule_name(table));
      if (rule_name(table) != rule.table && table.full_name() != rule.table) continue;
      found = true;
      if (key_of(table).empty())
        problems.add(rule.at, fmt::format("the table '{}' has no primary key", rule.table),
                     "a share of its rows is taken by the key");
      seeds_[table.id] = rule.percent;
    }
    if (!found)
      problems.add(rule.at, fmt::format("the database has no table '{}'", rule.table),
                   config::known_names(rule.table, known, "tables"));
  }

  // Tables whose limits go round in a circle: "users".
  std::set<std::string> circles() {
    std::set<std::string> out;
    for (const auto& table : catalogue_.tables) {
      for (const auto& key : catalogue_.foreign_keys) {
        const Table* to = key.from == table.id ? catalogue_.table(key.to) : nullptr;
        if (to != nullptr && is_limited(*to, {}) && reaches(*to, table.id, {}))
          out.insert(rule_name(table));
      }
    }
    return out;
  }

  std::string where(const Table& table) { return is_limited(table, {}) ? condition(table, 0) : ""; }

 private:
  using Seen = std::set<std::uint32_t>;

  // Whether `id` is met on the way along the references of a table.
  bool reaches(const Table& table, std::uint32_t id, Seen seen) const {
    if (table.id == id) return true;
    if (!seen.insert(table.id).second) return false;
    return std::any_of(catalogue_.foreign_keys.begin(), catalogue_.foreign_keys.end(),
                       [&](const ForeignKey& key) {
                         const Table* to = catalogue_.table(key.to);
                         return key.from == table.id && to != nullptr && reaches(*to, id, seen);
                       });
  }

  bool is_limited(const Table& table, Seen seen) const {
    if (seeds_.count(table.id) != 0) return true;
    if (!seen.insert(table.id).second) return false;
    return std::any_of(catalogue_.foreign_keys.begin(), catalogue_.foreign_keys.end(),
                       [&](const ForeignKey& key) {
                         const Table* to = catalogue_.table(key.to);
                         return key.from == table.id && to != nullptr && is_limited(*to, seen);
                       });
  }

  std::vector<std::string> key_of(const Table& table) const {
    std::vector<std::string> out;
    for (const auto& column : table.columns) {
      if (column.is_primary) out.push_back(column.name);
    }
    return out;
  }

  std::string condition(const Table& table, int depth) {
    std::vector<std::string> parts;
    const std::string own = fmt::format("t{}", depth);
    const auto seed = seeds_.find(table.id);
    if (seed != seeds_.end()) {
      std::vector<std::string> key;
      for (const auto& name : key_of(table))
        key.push_back(fmt::format("{}.{}::text", own, source_.quote_name(name)));
      parts.push_back(fmt::format("abs(hashtextextended(concat_ws('/', {}), 0) % 10000) < {:.0f}",
                                  join(key, ", "), seed->second * 100));
    }
    for (const auto& key : catalogue_.foreign_keys) {
      const Table* to = key.from == table.id ? catalogue_.table(key.to) : nullptr;
      if (to != nullptr && is_limited(*to, {})) parts.push_back(reference(key, *to, depth));
    }
    return join(parts, " and ");
  }

  std::string reference(const ForeignKey& key, const Table& to, int depth) {
    std::vector<std::string> pairs;
    std::vector<std::string> nulls;
    for (std::size_t i = 0; i < key.from_columns.size(); ++i) {
      const std::string own = fmt::format("t{}.{}", depth, source_.quote_name(key.from_columns[i]));
      pairs.push_back(
          fmt::format("t{}.{} = {}", depth + 1, source_.quote_name(key.to_columns[i]), own));
      nulls.push_back(own + " is null");
    }
    return fmt::format("({} or exists (select from {} t{} where {} and {}))", join(nulls, " or "),
                       quoted_name(source_, to), depth + 1, join(pairs, " and "),
                       condition(to, depth + 1));
  }

  const Catalogue& catalogue_;
  const Connection& source_;
  std::map<std::uint32_t, double> seeds_;
};

}  // namespace

std::vector<config::Diagnostic> limit_rows(const Catalogue& catalogue, const Rules& rules,
                                           const Connection& source, CopyPlan& plan) {
  if (rules.subset.empty()) return {};
  config::Problems problems;
  Limiter limiter(catalogue, source);
  for (const auto& rule : rules.subset) limiter.seed(rule, problems);
  for (const auto& name : limiter.circles())
    problems.add(rules.subset.front().at,
                 fmt::format("'{}' refers to itself, by one table or several: no share of it is "
                             "whole",
                             name),
                 "copy all of it, or leave its rows out with empty");
  if (problems.empty()) {
    for (auto& table : plan.tables) table.where = limiter.where(*table.table);
  }
  return problems.diagnostics(rules.file);
}

}  // namespace slipway::database::copy

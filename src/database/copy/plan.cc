#include "database/copy/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "config/problems.h"

namespace slipway::database::copy {
namespace {

// Types of the server whose values say nothing about a person by themselves.
constexpr std::string_view kHarmless[] = {
    "bool",      "int2",        "int4",     "int8",    "float4",    "float8", "numeric", "money",
    "timestamp", "timestamptz", "time",     "timetz",  "interval",  "oid",    "bit",     "varbit",
    "int4range", "int8range",   "numrange", "tsrange", "tstzrange", "pg_lsn", "xid8",
};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_own_type(const Column& column) { return column.base_schema != "pg_catalog"; }

bool fits(Kind kind, const Column& column) {
  const Wire wire = wire_of(column);
  switch (kind) {
    case Kind::Keep:
    case Kind::Null:
      return true;
    case Kind::Json:
      return wire == Wire::Jsonb || (wire == Wire::Text && !column.is_array);
    case Kind::DateShift:
      return wire == Wire::Date || wire == Wire::Timestamp;
    case Kind::Ip:
      return wire == Wire::Inet || wire == Wire::Text || wire == Wire::TextList;
    case Kind::Token:
      return wire == Wire::Text || wire == Wire::TextList || wire == Wire::Uuid ||
             wire == Wire::Int2 || wire == Wire::Int4 || wire == Wire::Int8;
    case Kind::Constant:
      return wire == Wire::Text || wire == Wire::Jsonb || wire == Wire::TextList;
    case Kind::Email:
    case Kind::Name:
    case Kind::Phone:
    case Kind::Address:
    case Kind::PasswordHash:
    case Kind::FreeText:
    case Kind::Template:
      break;
  }
  return (wire == Wire::Text || wire == Wire::TextList) && column.base != "json";
}

// Letters that come in a name, as a word of it: "email" in user_email and emailAddress.
bool says(std::string_view name, std::string_view word) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower.find(word) != std::string::npos;
}

Kind text_kind_for(std::string_view name) {
  struct Row {
    std::string_view word;
    Kind kind;
  };
  static constexpr Row kRows[] = {
      {"email", Kind::Email},
      {"e_mail", Kind::Email},
      {"password", Kind::PasswordHash},
      {"passwd", Kind::PasswordHash},
      {"phone", Kind::Phone},
      {"mobile", Kind::Phone},
      {"telefon", Kind::Phone},
      {"fax", Kind::Phone},
      {"token", Kind::Token},
      {"secret", Kind::Token},
      {"api_key", Kind::Token},
      {"apikey", Kind::Token},
      {"session", Kind::Token},
      {"iban", Kind::Token},
      {"card", Kind::Token},
      {"ssn", Kind::Token},
      {"address", Kind::Address},
      {"street", Kind::Address},
      {"user_agent", Kind::FreeText},
      {"ip_", Kind::Ip},
      {"_ip", Kind::Ip},
      {"username", Kind::Token},
      {"login", Kind::Token},
      {"nickname", Kind::Name},
      {"firstname", Kind::Name},
      {"first_name", Kind::Name},
      {"lastname", Kind::Name},
      {"last_name", Kind::Name},
      {"surname", Kind::Name},
      {"full_name", Kind::Name},
      {"status", Kind::Keep},
      {"currency", Kind::Keep},
      {"country", Kind::Keep},
      {"locale", Kind::Keep},
      {"language", Kind::Keep},
      {"slug", Kind::Keep},
      {"sku", Kind::Keep},
      {"type", Kind::Keep},
      {"kind", Kind::Keep},
      {"role", Kind::Keep},
  };
  for (const auto& row : kRows) {
    if (says(name, row.word)) return row.kind;
  }
  return name == "name" ? Kind::Name : Kind::FreeText;
}

// A table's rules by the names it may be called.
const TableRules* rules_for(const Table& table, const Rules& rules) {
  const std::string own = table.full_name();
  const std::string root = table.root_schema + "." + table.root_name;
  for (const auto& wanted : {own, root}) {
    for (const auto& one : rules.tables) {
      const std::string full =
          one.name.find('.') == std::string::npos ? "public." + one.name : one.name;
      if (full == wanted) return &one;
    }
  }
  return nullptr;
}

class Planner {
 public:
  Planner(const Catalogue& catalogue, const Rules& rules, const Key128& key)
      : catalogue_(catalogue), rules_(rules), key_(key) {}

  Planned plan() {
    check_names();
    for (const auto& table : catalogue_.tables) add_table(table);
    check_references();
    learn_domains();
    for (auto& table : out_.plan.tables) make_masks(table);
    auto& tables = out_.plan.tables;
    std::stable_sort(tables.begin(), tables.end(), [](const TablePlan& a, const TablePlan& b) {
      return a.table->bytes > b.table->bytes;
    });
    out_.problems = problems_.diagnostics(rules_.file);
    if (!to_paste_.empty()) out_.to_paste = "tables:\n" + to_paste_;
    if (catalogue_.large_objects > 0)
      out_.plan.notes.push_back(
          fmt::format("{} are left out", count_of(catalogue_.large_objects, "large object")));
    return std::move(out_);
  }

 private:
  struct Domain {
    Unique unique = Unique::No;
    bool all_fold = true;
  };

  // Rules for what is not there are mistakes too: a renamed column has lost its rule.
  void check_names() {
    for (const auto& one : rules_.tables) {
      const Table* found = nullptr;
      std::vector<std::string> known;
      for (const auto& table : catalogue_.tables) {
        if (rules_for(table, rules_) == &one) found = &table;
        known.push_back(rule_name(table));
      }
      if (found == nullptr) {
        if (!is_partitioned_parent(one))
          problems_.add(one.at, fmt::format("the database has no table '{}'", one.name),
                        config::known_names(one.name, known, "tables"));
        continue;
      }
      check_columns(one, *found);
    }
  }

  bool is_partitioned_parent(const TableRules& one) const {
    return std::any_of(catalogue_.tables.begin(), catalogue_.tables.end(), [&](const Table& table) {
      return table.is_partition &&
             (one.name == table.root_name || one.name == table.root_schema + "." + table.root_name);
    });
  }

  void check_columns(const TableRules& one, const Table& table) {
    std::vector<std::string> known;
    for (const auto& column : table.columns) known.push_back(column.name);
    for (const auto& [name, rule] : one.columns) {
      const Column* column = table.column(name);
      if (column == nullptr) {
        problems_.add(one.places.at(name),
                      fmt::format("the table '{}' has no column '{}'", one.name, name),
                      config::known_names(name, known, "columns"));
      } else if (!fits(rule.kind, *column)) {
        problems_.add(rule.at,
                      fmt::format("'{}' cannot be the rule of {}.{}, which is {}",
                                  word_for(rule.kind), one.name, name, column->type),
                      "keep and null fit every column; docs/formats/anonymise.md has the others");
      } else {
        check_rule(rule, one, *column);
      }
    }
  }

  void check_rule(const Rule& rule, const TableRules& table, const Column& column) {
    const std::string place = table.name + "." + column.name;
    if (rule.kind == Kind::Null && column.is_not_null)
      problems_.add(rule.at, fmt::format("{} is NOT NULL", place), "constant puts a value there");
    if (column.is_unique && !keeps_apart(rule))
      problems_.add(rule.at,
                    fmt::format("{} is part of a unique key, and '{}' gives two values the same "
                                "pseudonym",
                                place, word_for(rule.kind)),
                    "token and email keep values apart, and so does a template with ${code}");
    const bool writes_json = column.base == "json" || column.base == "jsonb";
    if (rule.kind == Kind::Constant && writes_json && !Json::parse(rule.value))
      problems_.add(rule.at, fmt::format("{} takes JSON, and the constant is none", place),
                    "write '{}' for example");
  }

  void add_table(const Table& table) {
    TablePlan plan;
    plan.table = &table;
    const TableRules* rules = rules_for(table, rules_);
    plan.empty = rules != nullptr && rules->empty;
    std::string lines;
    // The parts of a partitioned table share its rules: they are asked for once.
    const bool is_new = asked_.insert(rule_name(table)).second;
    for (const auto& column : table.columns) {
      if (column.is_generated) continue;
      plan.columns.push_back(&column);
      plan.rules.push_back(rule_of(table, column));
      const bool has_rule = found_rule(table, column, 0) != nullptr;
      if (plan.empty || has_rule || !is_new || !needs_rule(column)) continue;
      out_.unclassified.push_back(
          fmt::format("{}.{} ({})", rule_name(table), column.name, column.type));
      lines += fmt::format("    {}: {}\n", column.name, proposal_for(column));
    }
    plan.empty = plan.empty || plan.columns.empty();
    if (!lines.empty()) to_paste_ += fmt::format("  {}:\n{}", rule_name(table), lines);
    out_.plan.tables.push_back(std::move(plan));
  }

  const Rule* written_rule(const Table& table, const Column& column) const {
    const TableRules* rules = rules_for(table, rules_);
    if (rules == nullptr) return nullptr;
    const auto found = rules->columns.find(column.name);
    return found == rules->columns.end() ? nullptr : &found->second;
  }

  // What the column refers to; nullptr: nothing.
  const Column* referred(const Table& table, const Column& column, const Table*& other) const {
    for (const auto& key : catalogue_.foreign_keys) {
      if (key.from != table.id) continue;
      for (std::size_t i = 0; i < key.from_columns.size(); ++i) {
        if (key.from_columns[i] != column.name) continue;
        other = catalogue_.table(key.to);
        return other == nullptr ? nullptr : other->column(key.to_columns[i]);
      }
    }
    return nullptr;
  }

  static constexpr int kMostSteps = 32;  // of references from table to table

  const Rule* found_rule(const Table& table, const Column& column, int step) const {
    if (const Rule* rule = written_rule(table, column)) return rule;
    const Table* other = nullptr;
    const Column* target = referred(table, column, other);
    if (target == nullptr || step > kMostSteps) return nullptr;
    return found_rule(*other, *target, step + 1);
  }
  Rule rule_of(const Table& table, const Column& column) const {
    const Rule* rule = found_rule(table, column, 0);
    return rule == nullptr ? Rule() : *rule;
  }

  // A key and what refers to it must become the same.
  void check_references() {
    for (const auto& key : catalogue_.foreign_keys) {
      const Table* from = catalogue_.table(key.from);
      const Table* to = catalogue_.table(key.to);
      if (from == nullptr || to == nullptr) continue;
      for (std::size_t i = 0; i < key.from_columns.size(); ++i)
        check_reference(*from, key.from_columns[i], *to, key.to_columns[i]);
    }
  }
  void check_reference(const Table& from, const std::string& name, const Table& to,
                       const std::string& other) {
    const Column* column = from.column(name);
    const Column* target = to.column(other);
    if (column == nullptr || target == nullptr) return;
    const Rule* own = written_rule(from, *column);
    if (own == nullptr || own->kind == Kind::Null) return;
    const Rule theirs = rule_of(to, *target);
    if (own->kind == theirs.kind && (own->kind == Kind::Keep || own->domain == theirs.domain))
      return;
    problems_.add(own->at,
                  fmt::format("{}.{} refers to {}.{}, whose rule is '{}'", rule_name(from), name,
                              rule_name(to), other, word_for(theirs.kind)),
                  "leave this rule out: the column takes the one of what it refers to");
  }

  void learn_domains() {
    for (const auto& table : out_.plan.tables) {
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        Domain& domain = domains_[table.rules[i].domain];
        if (table.columns[i]->is_unique) domain.unique = Unique::Yes;
        domain.all_fold = domain.all_fold && table.columns[i]->base == "citext";
      }
    }
  }

  void make_masks(TablePlan& plan) {
    for (std::size_t i = 0; i < plan.columns.size(); ++i)
      plan.masks.push_back(mask_of(*plan.table, *plan.columns[i], plan.rules[i]));
  }

  ColumnMask mask_of(const Table& table, const Column& column, const Rule& rule) const {
    ColumnMask out;
    out.name = rule_name(table) + "." + column.name;
    out.wire = wire_of(column);
    out.most_characters = column.most_characters;
    const bool is_text =
        out.wire == Wire::Text || out.wire == Wire::Jsonb || out.wire == Wire::TextList;
    out.is_searched = is_text && (rule.kind == Kind::Keep || rule.kind == Kind::Json);
    if (rule.kind == Kind::Keep) return out;
    out.act = rule.kind == Kind::Null ? ColumnMask::Act::Null : ColumnMask::Act::Change;
    if (out.act == ColumnMask::Act::Null || !fits(rule.kind, column)) return out;
    const Key128 key = derived_key(key_, rule.domain);
    const Domain& domain = domains_.at(rule.domain);
    if (is_text) {
      out.mask = make_mask(rule, key_, {domain.unique, column.most_characters, domain.all_fold});
    } else if (out.wire == Wire::Inet) {
      out.addresses = std::make_shared<AddressPermutation>(key);
    } else if (rule.kind == Kind::DateShift) {
      const auto draw = siphash128(key, "days").low % (2 * static_cast<unsigned>(rule.days));
      const int days = static_cast<int>(draw) - rule.days;
      out.shift_days = days >= 0 ? days + 1 : days;  // never by nothing
    } else {
      out.scramble = std::make_shared<Scramble>(key);
    }
    return out;
  }

  const Catalogue& catalogue_;
  const Rules& rules_;
  Key128 key_;
  Planned out_;
  config::Problems problems_;
  std::map<std::string, Domain> domains_;
  std::string to_paste_;
  std::set<std::string> asked_;
};

}  // namespace

Wire wire_of(const Column& column) {
  const bool is_text = column.base == "text" || column.base == "varchar" ||
                       column.base == "bpchar" || column.base == "citext";
  if (column.is_array) return is_text ? Wire::TextList : Wire::Opaque;
  if (is_text || column.base == "json" || column.base == "xml") return Wire::Text;
  struct Row {
    std::string_view base;
    Wire wire;
  };
  static constexpr Row kRows[] = {
      {"jsonb", Wire::Jsonb},         {"inet", Wire::Inet},
      {"cidr", Wire::Opaque},         {"uuid", Wire::Uuid},
      {"int2", Wire::Int2},           {"int4", Wire::Int4},
      {"int8", Wire::Int8},           {"date", Wire::Date},
      {"timestamp", Wire::Timestamp}, {"timestamptz", Wire::Timestamp},
  };
  for (const auto& row : kRows) {
    if (row.base == column.base) return row.wire;
  }
  return Wire::Opaque;
}

bool needs_rule(const Column& column) {
  if (column.base_kind == 'e') return false;
  if (column.base == "uuid" && column.is_key) return false;
  return is_own_type(column) || !is_one_of(column.base, kHarmless);
}

Kind kind_for(const Column& column) {
  switch (wire_of(column)) {
    case Wire::Text:
    case Wire::TextList: {
      const Kind kind = text_kind_for(column.name);
      if (!column.is_unique || kind != Kind::FreeText) return kind;
      return Kind::Token;
    }
    case Wire::Inet:
      return Kind::Ip;
    case Wire::Uuid:
      return Kind::Token;
    case Wire::Date:
    case Wire::Timestamp:
      return says(column.name, "born") || says(column.name, "birth") || says(column.name, "dob")
                 ? Kind::DateShift
                 : Kind::Keep;
    case Wire::Jsonb:
    case Wire::Int2:
    case Wire::Int4:
    case Wire::Int8:
    case Wire::Opaque:
      break;
  }
  return column.is_not_null ? Kind::Keep : Kind::Null;
}

std::string proposal_for(const Column& column) {
  if (!column.is_array && (column.base == "jsonb" || column.base == "json"))
    return "{kind: json, paths: {}}";
  const Kind kind = kind_for(column);
  if (kind != Kind::Name) return std::string(word_for(kind));
  if (says(column.name, "first")) return "{kind: name, part: first}";
  if (says(column.name, "last") || says(column.name, "surname")) return "{kind: name, part: last}";
  return "name";
}

std::string rule_name(const Table& table) {
  return table.root_schema == "public" ? table.root_name
                                       : table.root_schema + "." + table.root_name;
}

Planned make_plan(const Catalogue& catalogue, const Rules& rules, const Key128& key) {
  return Planner(catalogue, rules, key).plan();
}

}  // namespace slipway::database::copy

#include "database/copy/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "config/problems.h"
#include "config/values.h"
#include "config/yaml.h"

namespace slipway::database::copy {
namespace {

using config::Node;
using config::Problems;

// A hash of the password "staging" (bcrypt, cost 10): everybody can sign in to the copy, nobody's
// password is in it.
constexpr std::string_view kStagingHash =
    "$2b$10$slipwaystagingcopy000uTqlKBPDADfRN.yOELcfJo8DgavSYwAy";
constexpr std::string_view kHost = "mail.test";
constexpr int kDays = 30;
constexpr int kMostDays = 3650;
constexpr std::size_t kMostPathKeys = 16;

struct KindRow {
  Kind kind;
  std::string_view word;
  std::string_view keys;    // what may stand beside `kind`
  std::string_view needed;  // what must
};
constexpr KindRow kKinds[] = {
    {Kind::Email, "email", "domain host", ""},
    {Kind::Name, "name", "domain part", ""},
    {Kind::Phone, "phone", "domain", ""},
    {Kind::Address, "address", "domain", ""},
    {Kind::Token, "token", "domain", ""},
    {Kind::PasswordHash, "password_hash", "value", ""},
    {Kind::FreeText, "free_text", "domain", ""},
    {Kind::Ip, "ip", "domain", ""},
    {Kind::DateShift, "date_shift", "domain days", ""},
    {Kind::Json, "json", "paths rest", "paths"},
    {Kind::Keep, "keep", "", ""},
    {Kind::Null, "null", "", ""},
    {Kind::Constant, "constant", "value", "value"},
    {Kind::Template, "template", "domain value", "value"},
};

const KindRow& row_of(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> out;
  for (const auto word : split(text, ' ')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Reads one rule; what is wrong goes to `problems`.
class RuleReader {
 public:
  RuleReader(Problems& problems, std::string path) : problems_(problems), path_(std::move(path)) {}

  Rule read(const Node& node) {
    Rule rule;
    rule.at = node.at;
    rule.host = kHost;
    rule.days = kDays;
    if (node.is_null()) {
      rule.kind = Kind::Null;  // YAML reads the word null as nothing: that is the rule null
    } else if (node.is_scalar()) {
      read_kind(node, rule);
      need_keys(node, rule);
    } else if (node.is_map()) {
      read_map(node, rule);
    } else {
      problems_.add(node.at, fmt::format("'{}' must be a kind or a map, not a list", path_),
                    "for example email, or {kind: email, domain: people}");
    }
    if (rule.domain.empty()) rule.domain = word_for(rule.kind);
    if (rule.kind == Kind::PasswordHash && rule.value.empty()) rule.value = kStagingHash;
    return rule;
  }

 private:
  void read_kind(const Node& node, Rule& rule) {
    if (node.is_null()) {
      rule.kind = Kind::Null;
      return;
    }
    const auto kind = node.is_scalar() ? kind_named(node.text) : std::nullopt;
    if (kind) {
      rule.kind = *kind;
      return;
    }
    problems_.add(node.at, fmt::format("'{}' is '{}', which is no kind of rule", path_, node.text),
                  config::known_names(node.text, kind_words(), "kinds"));
    broken_ = true;
  }

  void need_keys(const Node& node, const Rule& rule) {
    if (broken_) return;
    for (const auto& key : words_in(row_of(rule.kind).needed)) {
      if (node.find(key) != nullptr) continue;
      problems_.add(node.at, fmt::format("'{}' has no '{}'", path_, key),
                    fmt::format("write {{kind: {}, {}: …}}", word_for(rule.kind), key));
    }
  }

  void read_map(const Node& map, Rule& rule) {
    const Node* kind = map.find("kind");
    if (kind == nullptr) {
      problems_.add(map.at, fmt::format("'{}' has no 'kind'", path_),
                    "write {kind: email}, for example; kinds: " + join(kind_words(), ", "));
      return;
    }
    read_kind(*kind, rule);
    if (broken_) return;
    need_keys(map, rule);
    const auto known = words_in(row_of(rule.kind).keys);
    for (const auto& item : map.items) {
      if (item.key == "kind") continue;
      if (contains(known, item.key)) {
        read_key(item, rule);
      } else {
        report_unknown(item, known, rule);
      }
    }
  }

  void report_unknown(const Node& item, const std::vector<std::string>& known, const Rule& rule) {
    std::string suggestion = config::known_names(item.key, known, "keys");
    if (known.empty()) suggestion = fmt::format("'{}' has no keys", word_for(rule.kind));
    problems_.add(
        item.key_at,
        fmt::format("unknown key '{}' in {}, a rule '{}'", item.key, path_, word_for(rule.kind)),
        suggestion);
  }

  void read_key(const Node& item, Rule& rule) {
    if (item.key == "paths") return read_paths(item, rule);
    if (!item.is_scalar()) {
      problems_.add(item.at, fmt::format("'{}.{}' must be a single value", path_, item.key),
                    "write text or a number");
    } else if (item.key == "domain") {
      rule.domain = item.text;
    } else if (item.key == "value") {
      rule.value = item.text;
    } else if (item.key == "host") {
      read_host(item, rule);
    } else if (item.key == "part") {
      read_part(item, rule);
    } else if (item.key == "rest") {
      read_rest(item, rule);
    } else {
      read_days(item, rule);
    }
  }

  void read_host(const Node& item, Rule& rule) {
    rule.host = item.text;
    const bool harmless = item.text.ends_with(".test") || item.text.ends_with(".example") ||
                          item.text.ends_with(".invalid");
    if (harmless) return;
    problems_.add(item.at,
                  fmt::format("'{}.host' is '{}', where mail could arrive", path_, item.text),
                  "end it with .test, .example or .invalid: these names belong to nobody");
  }

  void read_part(const Node& item, Rule& rule) {
    static constexpr std::string_view kParts[] = {"full", "first", "last"};
    const auto* at = std::find(std::begin(kParts), std::end(kParts), item.text);
    rule.part = static_cast<NamePart>(at - std::begin(kParts));
    if (at != std::end(kParts)) return;
    rule.part = NamePart::Full;
    problems_.add(item.at, fmt::format("'{}.part' is '{}'", path_, item.text),
                  config::known_names(item.text, {"full", "first", "last"}, "parts"));
  }

  void read_rest(const Node& item, Rule& rule) {
    static constexpr std::string_view kRests[] = {"mask", "keep", "remove"};
    const auto* at = std::find(std::begin(kRests), std::end(kRests), item.text);
    rule.rest = static_cast<JsonRest>(at - std::begin(kRests));
    if (at != std::end(kRests)) return;
    rule.rest = JsonRest::Mask;
    problems_.add(item.at, fmt::format("'{}.rest' is '{}'", path_, item.text),
                  config::known_names(item.text, {"mask", "keep", "remove"}, "words"));
  }

  void read_days(const Node& item, Rule& rule) {
    rule.days = config::parse_int(item.text).value_or(0);
    if (rule.days >= 1 && rule.days <= kMostDays) return;
    problems_.add(item.at,
                  fmt::format("'{}.days' is '{}', not a number of days from 1 to {}", path_,
                              item.text, kMostDays),
                  "write days: 30");
  }

  void read_paths(const Node& item, Rule& rule) {
    if (!item.is_map()) {
      problems_.add(item.at, fmt::format("'{}.paths' must be a map", path_),
                    "for example paths: {phone: phone, address.street: address}");
      return;
    }
    for (const auto& path : item.items) {
      JsonPath read;
      for (const auto key : split(path.key, '.')) read.keys.emplace_back(key);
      const bool whole = std::all_of(read.keys.begin(), read.keys.end(),
                                     [](const std::string& key) { return !key.empty(); });
      if (!whole || read.keys.size() > kMostPathKeys)
        problems_.add(path.key_at, fmt::format("'{}' is no path", path.key),
                      "write keys with dots between, address.street; lists are looked through");
      read.rule = RuleReader(problems_, path_ + ".paths." + path.key).read(path);
      const bool nested = read.rule.kind == Kind::Json || read.rule.kind == Kind::DateShift;
      if (nested)
        problems_.add(path.at,
                      fmt::format("'{}' cannot stand inside a document", word_for(read.rule.kind)),
                      "name the paths of texts; a date in JSON takes null or constant");
      rule.paths.push_back(std::move(read));
    }
  }

  Problems& problems_;
  std::string path_;
  bool broken_ = false;
};

void read_table(const Node& node, Rules& rules, Problems& problems) {
  TableRules table;
  table.name = node.key;
  table.at = node.key_at;
  if (node.is_scalar() && node.text == "empty") {
    table.empty = true;
  } else if (node.is_map()) {
    for (const auto& column : node.items) {
      table.places[column.key] = column.key_at;
      table.columns[column.key] =
          RuleReader(problems, fmt::format("tables.{}.{}", node.key, column.key)).read(column);
    }
  } else {
    problems.add(node.at, fmt::format("'tables.{}' must be a map of columns", node.key),
                 "name a kind for each column, or write empty for a table without rows");
  }
  rules.tables.push_back(std::move(table));
}

void read_subset(const Node& node, Rules& rules, Problems& problems) {
  const auto percent = node.is_scalar() ? parse_percent(node.text) : std::nullopt;
  if (!percent || *percent <= 0) {
    problems.add(node.at, fmt::format("'subset.{}' is no share of its rows", node.key),
                 "write 10%");
    return;
  }
  rules.subset.push_back({node.key, *percent, node.key_at});
}

// Two rules of one domain must do the same, or the same value would have two pseudonyms.
void check_domains(const Rules& rules, Problems& problems) {
  struct First {
    Kind kind;
    std::string place;
  };
  std::map<std::string, First> first;
  const auto look = [&](const Rule& rule, const std::string& place) {
    if (row_of(rule.kind).keys.find("domain") == std::string_view::npos) return;
    const auto [at, is_new] = first.try_emplace(rule.domain, First{rule.kind, place});
    if (is_new || at->second.kind == rule.kind) return;
    problems.add(rule.at,
                 fmt::format("the domain '{}' is '{}' at {} and '{}' here", rule.domain,
                             word_for(at->second.kind), at->second.place, word_for(rule.kind)),
                 "one domain has one kind: give this one a domain of its own");
  };
  for (const auto& table : rules.tables) {
    for (const auto& [column, rule] : table.columns) {
      look(rule, table.name + "." + column);
      for (const auto& path : rule.paths)
        look(path.rule, table.name + "." + column + ":" + join(path.keys, "."));
    }
  }
}

void read_top(const Node& root, Rules& rules, Problems& problems) {
  if (!root.is_map()) {
    problems.add(root.at, "the file must be a map", "begin with 'tables:'");
    return;
  }
  for (const auto& item : root.items) {
    const bool known = item.key == "tables" || item.key == "subset";
    if (!known) {
      problems.add(item.key_at, fmt::format("unknown key '{}' at the top level", item.key),
                   config::known_names(item.key, {"tables", "subset"}, "keys"));
    } else if (!item.is_map()) {
      problems.add(item.at, fmt::format("'{}' must be a map", item.key), "with the tables' names");
    } else {
      for (const auto& table : item.items)
        item.key == "tables" ? read_table(table, rules, problems)
                             : read_subset(table, rules, problems);
    }
  }
  if (root.find("tables") == nullptr)
    problems.add({}, "'tables' is missing", "'slipway db copy ENV --classify' proposes the file");
}

}  // namespace

std::string_view word_for(Kind kind) { return row_of(kind).word; }

std::optional<Kind> kind_named(std::string_view word) {
  for (const auto& row : kKinds) {
    if (row.word == word) return row.kind;
  }
  return std::nullopt;
}

std::vector<std::string> kind_words() {
  std::vector<std::string> out;
  for (const auto& row : kKinds) out.emplace_back(row.word);
  return out;
}

RulesResult read_rules(std::string_view text, std::string_view file) {
  RulesResult result;
  Problems problems;
  Rules rules;
  rules.file = file;
  if (const auto root = config::parse_yaml(text, problems)) {
    read_top(*root, rules, problems);
    check_domains(rules, problems);
  }
  result.diagnostics = problems.diagnostics(file);
  if (problems.empty()) result.rules = std::move(rules);
  return result;
}

}  // namespace slipway::database::copy

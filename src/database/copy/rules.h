#pragma once
// anonymise.yaml as values: what happens to each column of each table on its way into a copy. The
// format is docs/formats/anonymise.md.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/node.h"

namespace slipway::database::copy {

enum class Kind {
  Email,
  Name,
  Phone,
  Address,
  Token,
  PasswordHash,
  FreeText,
  Ip,
  DateShift,
  Json,
  Keep,
  Null,
  Constant,
  Template,
};
std::string_view word_for(Kind kind);
std::optional<Kind> kind_named(std::string_view word);
std::vector<std::string> kind_words();

enum class NamePart { Full, First, Last };
// What becomes of a text inside a JSON document that no path names.
enum class JsonRest { Mask, Keep, Remove };

struct JsonPath;

struct Rule {
  Kind kind = Kind::Keep;
  std::string domain;  // columns of one domain give the same value the same pseudonym
  std::string value;   // Constant, Template, PasswordHash
  std::string host;    // Email: what follows the @
  NamePart part = NamePart::Full;
  int days = 0;  // DateShift: the most a date is moved
  JsonRest rest = JsonRest::Mask;
  std::vector<JsonPath> paths;
  config::Mark at;
};

struct JsonPath {
  std::vector<std::string> keys;  // "*" is any key; lists are looked through
  Rule rule;
};

struct TableRules {
  std::string name;    // "users", "audit.entries"
  bool empty = false;  // the table without its rows
  std::map<std::string, Rule> columns;
  std::map<std::string, config::Mark> places;  // of the columns' names
  config::Mark at;
};

struct SubsetRule {
  std::string table;
  double percent = 100;
  config::Mark at;
};

struct Rules {
  std::string file;
  std::vector<TableRules> tables;
  std::vector<SubsetRule> subset;
};

struct RulesResult {
  std::optional<Rules> rules;  // set only when there is no diagnostic
  std::vector<config::Diagnostic> diagnostics;
};
RulesResult read_rules(std::string_view text, std::string_view file);

}  // namespace slipway::database::copy

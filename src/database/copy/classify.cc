// A proposal of anonymise.yaml: by the names and types of columns, and by a look at some values.
// Values are looked at here and go nowhere.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "database/copy/copy.h"
#include "database/copy/plan.h"
#include "database/copy/pump.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

constexpr int kSample = 200;
constexpr int kFewValues = 12;  // a column with so few different short words is no person's
constexpr std::size_t kShortWord = 24;
constexpr std::size_t kMostPaths = 50;

constexpr std::string_view kHead =
    "# Proposed by slipway db copy --classify: look at every line, then keep the file with your "
    "code.\n# What the rules do: docs/formats/anonymise.md\ntables:\n";

bool all_match(const std::vector<std::string>& values, bool (*matches)(std::string_view)) {
  return !values.empty() && std::all_of(values.begin(), values.end(),
                                        [&](const std::string& one) { return matches(one); });
}

bool looks_like_mail(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos &&
         text.find(' ') == std::string_view::npos;
}

bool looks_like_phone(std::string_view text) {
  const auto digits =
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 7 && text.find_first_not_of("+0123456789 ()-/.") == std::string_view::npos &&
         (text.front() == '+' || text.front() == '0' || text.front() == '(');
}

bool looks_like_token(std::string_view text) {
  return text.size() >= 16 && text.find_first_of("0123456789") != std::string_view::npos &&
         text.find_first_of(" @") == std::string_view::npos;
}

bool looks_like_address_of_a_host(std::string_view text) {
  return text.size() >= 7 && std::count(text.begin(), text.end(), '.') == 3 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// nullopt: the values do not tell.
std::optional<Kind> kind_by_values(const std::vector<std::string>& values) {
  if (all_match(values, looks_like_mail)) return Kind::Email;
  if (all_match(values, looks_like_address_of_a_host)) return Kind::Ip;
  if (all_match(values, looks_like_phone)) return Kind::Phone;
  if (all_match(values, looks_like_token)) return Kind::Token;
  const std::set<std::string> different(values.begin(), values.end());
  const bool short_words =
      std::all_of(different.begin(), different.end(),
                  [](const std::string& one) { return one.size() <= kShortWord; });
  // Few different values among many: "pro", "free".
  if (values.size() >= 50 && different.size() <= kFewValues && short_words) return Kind::Keep;
  return std::nullopt;
}

Result<std::vector<std::string>> some_values(Connection& source, const Table& table,
                                             const std::string& expression) {
  const auto rows = TRY(source.query(
      fmt::format("select v from (select {} as v from only {} limit {}) s where v <> ''",
                  expression, quoted_name(source, table), kSample)));
  std::vector<std::string> out;
  for (int i = 0; i < rows.count(); ++i) out.emplace_back(rows.text(i, 0));
  return out;
}

// The paths of the texts in a document, with one text each: home.street.
void add_paths(const Json& json, const std::string& path,
               std::map<std::string, std::vector<std::string>>& out) {
  if (json.is_string()) out[path].push_back(json.as_string());
  for (const auto& item : json.items()) add_paths(item, path, out);
  for (const auto& [key, value] : json.members()) {
    const bool can_be_named = !key.empty() && key.find_first_of(".\"'{}[]:#,") == std::string::npos;
    if (can_be_named) add_paths(value, path.empty() ? key : path + "." + key, out);
  }
}

Result<std::string> json_rule(Connection& source, const Table& table, const Column& column) {
  std::map<std::string, std::vector<std::string>> paths;
  const auto values = TRY(some_values(source, table, source.quote_name(column.name) + "::text"));
  for (const auto& value : values) {
    const auto json = Json::parse(value);
    if (json) add_paths(*json, "", paths);
  }
  std::vector<std::string> lines;
  for (const auto& [path, texts] : paths) {
    if (path.empty() || lines.size() == kMostPaths) continue;
    Column named;
    named.name = path.substr(path.rfind('.') + 1);
    named.base = "text";
    Kind kind = kind_for(named);
    if (kind == Kind::FreeText) kind = kind_by_values(texts).value_or(kind);
    lines.push_back(fmt::format("{}: {}", path, word_for(kind)));
  }
  return fmt::format("{{kind: json, paths: {{{}}}}}", join(lines, ", "));
}

Result<std::string> rule_for(Connection& source, const Table& table, const Column& column) {
  const bool is_json = column.base == "jsonb" || column.base == "json";
  if (is_json && !column.is_array) return json_rule(source, table, column);
  const bool undecided = wire_of(column) == Wire::Text && kind_for(column) == Kind::FreeText;
  if (!undecided) return proposal_for(column);
  const auto values = TRY(some_values(source, table, source.quote_name(column.name) + "::text"));
  const auto kind = kind_by_values(values);
  return kind ? std::string(word_for(*kind)) : proposal_for(column);
}

}  // namespace

Result<std::string> classify(const std::string& from) {
  const auto source = TRY(open_reader(from, ""));
  const auto catalogue = TRY(read_catalogue(*source));
  std::string out(kHead);
  std::set<std::string> done;
  for (const auto& table : catalogue.tables) {
    if (!done.insert(rule_name(table)).second) continue;
    std::string lines;
    for (const auto& column : table.columns) {
      if (column.is_generated || !needs_rule(column)) continue;
      lines += fmt::format("    {}: {}\n", column.name, TRY(rule_for(*source, table, column)));
    }
    if (!lines.empty()) out += fmt::format("  {}:\n{}", rule_name(table), lines);
  }
  return out;
}

}  // namespace slipway::database::copy

#include "database/rehearsal/old_release.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;

// "$1", "$12" at `at`: how long it is; 0: it is none.
std::size_t parameter_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '$') return 0;
  std::size_t end = at + 1;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  return end - at > 1 ? end - at : 0;
}

// The highest $n in the text.
std::size_t parameters_of(std::string_view text) {
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto length = parameter_at(text, at);
    std::size_t number = 0;
    if (length > 1) std::from_chars(text.data() + at + 1, text.data() + at + length, number);
    most = std::max(most, number);
  }
  return std::min(most, std::size_t{65'535});
}

// PREPARE looks at names and types; EXPLAIN plans it, which looks at rights and at what ON CONFLICT
// needs. Only a statement that changes or reads rows has a plan.
std::string prepared(const std::string& text) {
  std::string out = fmt::format("prepare slipway_old as {};", text);
  const std::size_t count = parameters_of(text);
  std::string values;
  for (std::size_t i = 0; i < count; ++i) values += i == 0 ? "(null" : ", null";
  return out + fmt::format("explain execute slipway_old{}{}", values, count > 0 ? ")" : "");
}

// The world's word alone: what was tried is the trial's own wrapping.
std::string without_statement(const std::string& what) {
  return what.substr(0, what.find(", in: "));
}

std::string attempt(Connection& connection, const OldRelease& old, const OldStatement& statement) {
  std::string out = "savepoint slipway_old;";
  if (!old.role.empty()) out += fmt::format("set local role {};", connection.quote_name(old.role));
  if (old.how == OldRelease::How::Prepare) return out + prepared(preparable(statement.text));
  // Constraints that look at the end of a transaction look now.
  return out + statement.text + "; set constraints all immediate";
}

bool same_word(std::string_view text, std::size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[at + i])) != word[i]) return false;
  }
  return true;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

// `interval $1` at `at`: what stands for it, and how much of the text it replaces.
struct Rewrite {
  std::string text;
  std::size_t length = 0;
};
Rewrite typed_parameter(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 6> kTypes = {"interval", "timestamptz", "timestamp",
                                                      "date",     "time",        "uuid"};
  for (const auto type : kTypes) {
    if (!same_word(text, at, type)) continue;
    const std::size_t space = text.find_first_not_of(" \t\n", at + type.size());
    if (space == text.npos || space == at + type.size()) continue;
    if (const auto length = parameter_at(text, space); length > 0)
      return {fmt::format("{}::{}", text.substr(space, length), type), space + length - at};
  }
  return {};
}

Rewrite extracted_field(std::string_view text, std::size_t at) {
  constexpr std::string_view kExtract = "extract";
  if (!same_word(text, at, kExtract)) return {};
  const std::size_t open = text.find_first_not_of(" \t\n", at + kExtract.size());
  if (open == text.npos || text[open] != '(') return {};
  const std::size_t field = text.find_first_not_of(" \t\n", open + 1);
  const auto length = field == text.npos ? 0 : parameter_at(text, field);
  if (length == 0) return {};
  const std::size_t from = text.find_first_not_of(" \t\n", field + length);
  if (from == text.npos || !same_word(text, from, "from ")) return {};
  return {fmt::format("date_part({},", text.substr(field, length)), from + 4 - at};
}
}  // namespace

std::string preparable(std::string_view normalised) {
  std::string out;
  char quote = 0;
  for (std::size_t at = 0; at < normalised.size();) {
    const char here = normalised[at];
    if (quote != 0 || here == '\'' || here == '"') {
      quote = quote == 0 ? here : (here == quote ? 0 : quote);
    } else if (at == 0 || !is_word(normalised[at - 1])) {
      Rewrite rewrite = typed_parameter(normalised, at);
      if (rewrite.length == 0) rewrite = extracted_field(normalised, at);
      if (rewrite.length > 0) {
        out += rewrite.text;
        at += rewrite.length;
        continue;
      }
    }
    out.push_back(here);
    ++at;
  }
  return out;
}

Result<std::vector<Broken>> find_broken(Connection& connection, const OldRelease& old) {
  std::vector<Broken> out;
  for (const auto& statement : old.statements) {
    const auto answer = connection.run(attempt(connection, old, statement));
    if (!answer && !connection.is_alive()) return answer.error();
    if (!answer)
      out.push_back(
          {statement.name, connection.sqlstate(), without_statement(answer.error().what)});
    TRY(connection.run("rollback to slipway_old; release slipway_old"));
    // What was prepared outlives the savepoint.
    if (old.how == OldRelease::How::Prepare) TRY(connection.run("deallocate all"));
  }
  return out;
}

std::vector<Broken> newly_broken(const std::vector<Broken>& before, std::vector<Broken> now) {
  std::erase_if(now, [&](const Broken& one) {
    return std::any_of(before.begin(), before.end(),
                       [&](const Broken& old) { return old.statement == one.statement; });
  });
  return now;
}

}  // namespace slipway::database::rehearsal

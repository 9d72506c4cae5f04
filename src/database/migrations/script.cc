#include "database/migrations/script.h"

#include <fmt/core.h>

#include <algorithm>

#include "database/migrations/words.h"
#include "database/sql/split.h"

namespace slipway::database::migrations {
namespace {
constexpr std::size_t kMostNames = 500;

using Words = std::vector<Word>;

bool has(const Words& words, std::size_t at, std::string_view upper) {
  return at < words.size() && words[at].is(upper);
}
bool any(const Words& words, std::string_view upper) {
  return std::any_of(words.begin(), words.end(), [&](const Word& word) { return word.is(upper); });
}
std::size_t skip(const Words& words, std::size_t at, std::initializer_list<std::string_view> some) {
  for (const auto one : some) {
    if (has(words, at, one)) ++at;
  }
  return at;
}

std::optional<Alone> create_index(const Words& words) {
  std::size_t at = skip(words, 1, {"UNIQUE"});
  if (!has(words, at, "INDEX") || !has(words, at + 1, "CONCURRENTLY")) return std::nullopt;
  at = skip(words, at + 2, {"IF", "NOT", "EXISTS"});
  Alone out;
  out.may_exist = has(words, at - 1, "EXISTS");
  out.kind = Alone::Kind::CreateIndex;
  if (!has(words, at, "ON")) out.index = name_at(words, at);
  at = skip(words, at, {"ON", "ONLY"});
  out.table = name_at(words, at);
  return out;
}

std::optional<Alone> drop_index(const Words& words) {
  if (!has(words, 1, "INDEX") || !has(words, 2, "CONCURRENTLY")) return std::nullopt;
  std::size_t at = skip(words, 3, {"IF", "EXISTS"});
  Alone out;
  out.kind = Alone::Kind::DropIndex;
  out.index = name_at(words, at);
  return out;
}

std::optional<Alone> reindex(const Words& words) {
  const bool is_whole = has(words, 1, "DATABASE") || has(words, 1, "SYSTEM");
  if (!any(words, "CONCURRENTLY") && !is_whole) return std::nullopt;
  Alone out;
  out.kind = Alone::Kind::Reindex;
  for (std::size_t at = 1; at < words.size(); ++at) {
    const bool is_index = words[at].is("INDEX");
    if (!is_index && !words[at].is("TABLE")) continue;
    at = skip(words, at + 1, {"CONCURRENTLY"});
    (is_index ? out.index : out.table) = name_at(words, at);
    break;
  }
  return out;
}

std::optional<Alone> detach(const Words& words) {
  if (!has(words, 1, "TABLE") || words.empty()) return std::nullopt;
  std::size_t at = skip(words, 2, {"IF", "EXISTS", "ONLY"});
  Alone out;
  out.kind = Alone::Kind::Detach;
  out.table = name_at(words, at);
  if (!has(words, at, "DETACH") || !has(words, at + 1, "PARTITION")) return std::nullopt;
  at += 2;
  out.partition = name_at(words, at);
  return has(words, at, "CONCURRENTLY") ? std::optional(out) : std::nullopt;
}

bool is_other(const Words& words) {
  if (has(words, 0, "VACUUM")) return true;
  if (has(words, 0, "ALTER") && has(words, 1, "SYSTEM")) return true;
  if (has(words, 0, "CREATE") || has(words, 0, "DROP"))
    return has(words, 1, "DATABASE") || has(words, 1, "TABLESPACE");
  if (has(words, 0, "CLUSTER")) return words.size() == 1;
  return has(words, 0, "DISCARD") && has(words, 1, "ALL");
}

bool is_setting_of_session(const Words& words) {
  return has(words, 0, "RESET") || (has(words, 0, "SET") && !has(words, 1, "LOCAL") &&
                                    !has(words, 1, "CONSTRAINTS") && !has(words, 1, "TRANSACTION"));
}

enum class Frame { None, Begin, End };
Frame frame_of(std::string_view statement) {
  const auto words = words_of(statement);
  if (has(words, 0, "BEGIN") || (has(words, 0, "START") && has(words, 1, "TRANSACTION")))
    return Frame::Begin;
  if (has(words, 0, "COMMIT") || has(words, 0, "END") || has(words, 0, "ROLLBACK") ||
      has(words, 0, "ABORT"))
    return has(words, 0, "ROLLBACK") && any(words, "TO") ? Frame::None : Frame::End;
  return Frame::None;
}

Error refused(const Migration& migration, int line, std::string what, std::string next) {
  return Error(Code::MigrationRefused, fmt::format("{}:{}: {}", migration.path, line, what),
               std::move(next));
}

// BEGIN first and COMMIT last say what slipway does anyway; anything else would commit the
// migration without its row in the book.
Result<void> take_off_frame(const Migration& migration, std::vector<Step>& steps) {
  if (steps.size() >= 2 && frame_of(steps.front().text) == Frame::Begin &&
      frame_of(steps.back().text) == Frame::End && words_of(steps.back().text)[0].text[0] != 'R' &&
      words_of(steps.back().text)[0].text[0] != 'r') {
    steps.pop_back();
    steps.erase(steps.begin());
  }
  for (const Step& step : steps) {
    if (frame_of(step.text) != Frame::None)
      return refused(migration, step.line, "the file begins or ends transactions of its own",
                     "leave BEGIN and COMMIT to slipway, and make a file of each part");
  }
  return ok();
}

Result<Steps::Way> way_of(const Migration& migration, const Script& script,
                          const std::vector<Step>& steps) {
  const auto first_alone = std::find_if(steps.begin(), steps.end(),
                                        [](const Step& step) { return step.alone.has_value(); });
  if (script.wrap == Wrap::None) return Steps::Way::OneByOne;
  if (first_alone == steps.end()) return Steps::Way::OneTransaction;
  if (script.wrap == Wrap::Transaction)
    return refused(migration, first_alone->line,
                   "this statement cannot be in a transaction, and the file asks for one",
                   "say transaction=none in its header");
  const auto others = std::count_if(
      steps.begin(), steps.end(), [](const Step& step) { return !step.alone && !step.is_setting; });
  const auto alone = std::count_if(steps.begin(), steps.end(),
                                   [](const Step& step) { return step.alone.has_value(); });
  if (others > 0 || alone > 1)
    return refused(migration, first_alone->line,
                   "this statement cannot be in a transaction, and the file has others beside it",
                   "put it into a migration of its own; or say -- slipway: transaction=none, and "
                   "the statements run one by one, each kept when a later one fails");
  return Steps::Way::OneByOne;
}
}  // namespace

std::optional<Alone> alone_of(std::string_view statement) {
  const auto words = words_of(statement);
  if (words.empty()) return std::nullopt;
  std::optional<Alone> out;
  if (words[0].is("CREATE")) out = create_index(words);
  if (words[0].is("DROP")) out = drop_index(words);
  if (words[0].is("REINDEX")) out = reindex(words);
  if (words[0].is("ALTER")) out = detach(words);
  if (!out && is_other(words)) out.emplace();
  return out;
}

Result<Steps> steps_of(const Migration& migration, const Script& script) {
  Steps out;
  const auto statements = sql::split(script.text);
  if (!statements) return statements.error().in(migration.path);
  for (const sql::Statement& statement : *statements) {
    if (statement.is_psql)
      return refused(migration, statement.line,
                     fmt::format("{} is a command of psql, not a statement",
                                 statement.text.substr(0, statement.text.find_first_of(" \n"))),
                     "write it as SQL");
    Step step{std::string(statement.text), statement.line, alone_of(statement.text),
              is_setting_of_session(words_of(statement.text))};
    if (step.alone && step.alone->kind == Alone::Kind::CreateIndex && step.alone->index.empty())
      return refused(migration, step.line,
                     "an index that is built CONCURRENTLY needs a name: one that was cut off could "
                     "not be found again",
                     "write CREATE INDEX CONCURRENTLY table_column_idx ON …");
    out.steps.push_back(std::move(step));
  }
  TRY(take_off_frame(migration, out.steps));
  out.way = TRY(way_of(migration, script, out.steps));
  return out;
}

std::vector<std::string> locked_names(std::string_view statement) {
  const auto words = words_of(statement);
  constexpr std::string_view kWant[] = {"CREATE",  "ALTER",   "DROP",    "TRUNCATE", "LOCK",
                                        "CLUSTER", "REINDEX", "REFRESH", "DO",       "CALL"};
  const bool is_wanted = std::any_of(std::begin(kWant), std::end(kWant),
                                     [&](std::string_view one) { return has(words, 0, one); });
  const bool validates =
      any(words, "VALIDATE") && !any(words, "ADD") && !any(words, "DROP") && !any(words, "SET");
  return is_wanted && !validates ? names_in(statement) : std::vector<std::string>();
}

std::vector<std::string> names_in(std::string_view statement) {
  std::vector<std::string> out;
  const auto words = words_of(statement);
  for (std::size_t at = 0; at < words.size() && out.size() < kMostNames;) {
    if (words[at].kind == Word::Kind::Text && words[at].text.starts_with('$')) {
      const auto body = words[at].text;
      const auto tag = body.find('$', 1) + 1;
      if (body.size() > 2 * tag) {
        const auto inner = names_in(body.substr(tag, body.size() - 2 * tag));
        out.insert(out.end(), inner.begin(), inner.end());
      }
      ++at;
      continue;
    }
    std::size_t behind = at;
    std::string name = name_at(words, behind);
    if (!name.empty() && std::count(name.begin(), name.end(), '.') <= 1 &&
        std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(std::move(name));
    at = std::max(at + 1, behind);
  }
  return out;
}

}  // namespace slipway::database::migrations

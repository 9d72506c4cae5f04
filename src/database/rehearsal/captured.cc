#include "database/rehearsal/captured.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "base/text.h"
#include "database/sql/split.h"

namespace slipway::database::rehearsal {
namespace {
constexpr std::string_view kStatement = "LOG:  statement: ";
constexpr std::string_view kExecute = "LOG:  execute ";
constexpr std::string_view kParameters = "DETAIL:  parameters: ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
int number_in(std::string_view text) {
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The log's entries: a line of theirs that does not begin one begins with a tab.
std::vector<std::string> entries_of(std::string_view log) {
  std::vector<std::string> out;
  for (const auto line : split(log, '\n')) {
    if (line.starts_with('\t')) {
      if (!out.empty()) out.back() += "\n" + std::string(line.substr(1));
    } else if (!line.empty()) {
      out.emplace_back(line);
    }
  }
  return out;
}

// What the role said, behind "… [123] slipway_captured "; empty when it was somebody else.
std::string_view said_in(std::string_view entry) {
  const std::string mark = fmt::format("] {} ", kCaptured);
  const auto at = entry.find(mark);
  if (at == entry.npos || entry.empty() || !is_digit(entry[0])) return {};
  return entry.substr(at + mark.size());
}

// Its process: the number in the brackets before the role.
int session_of(std::string_view entry) {
  const auto at = entry.find(" [");
  return at == entry.npos ? 0 : number_in(entry.substr(at + 2));
}

// "$1 = 'it''s', $2 = NULL" -> {1: 'it''s', 2: NULL}, as they are written.
std::map<int, std::string> parameters_in(std::string_view text) {
  std::map<int, std::string> out;
  std::size_t at = 0;
  while (at < text.size() && text[at] == '$') {
    const auto equals = text.find(" = ", at);
    if (equals == text.npos) break;
    const int number = number_in(text.substr(at + 1, equals - at - 1));
    std::size_t end = equals + 3;
    const std::size_t begin = end;
    bool is_quoted = false;
    for (; end < text.size() && (is_quoted || text[end] != ','); ++end)
      if (text[end] == '\'') is_quoted = !is_quoted;
    out[number] = std::string(text.substr(begin, end - begin));
    at = std::min(text.size(), end + 2);
  }
  return out;
}

std::string filled_in(std::string_view statement, const std::map<int, std::string>& parameters) {
  std::string out;
  char quote = 0;
  for (std::size_t at = 0; at < statement.size();) {
    const char here = statement[at];
    if (quote != 0 || here == '\'' || here == '"')
      quote = quote == 0 ? here : here == quote ? 0 : quote;
    std::size_t end = at + 1;
    if (quote == 0 && here == '$' && (at == 0 || !is_word(statement[at - 1])))
      while (end < statement.size() && is_digit(statement[end])) ++end;
    const auto found = end > at + 1
                           ? parameters.find(number_in(statement.substr(at + 1, end - at - 1)))
                           : parameters.end();
    out += found == parameters.end() ? statement.substr(at, end - at) : found->second;
    at = end;
  }
  return out;
}

bool names_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end])))
      return true;
  }
  return false;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool is_of_catalogue(std::string_view statement) {
  return statement.find("information_schema") != statement.npos ||
         statement.find("pg_") != statement.npos || statement.find("version()") != statement.npos;
}

class Sieve {
 public:
  struct Kept {
    int session = 0;
    std::string text;
    bool in_transaction = true;
    bool is_open = false;  // its transaction has not ended yet
  };

  explicit Sieve(const std::vector<std::string>& book) : book_(book) {}

  Result<void> take(int session, std::string_view statement) {
    const auto words = sql::first_words(statement, 3);
    if (words.empty() || is_about_transaction(session, words)) return ok();
    for (const auto& table : book_)
      if (names_word(statement, table)) return ok();
    const bool is_inside = inside_.contains(session);
    const bool is_look = words[0] == "SELECT" && (!is_inside || is_of_catalogue(statement));
    const bool is_setting = is_one_of(words[0], {"SET", "RESET"}) && !is_inside;
    if (is_look || is_setting || words[0] == "SHOW") return ok();
    if (words[0] == "COPY" && upper(statement).find("FROM STDIN") != std::string::npos)
      return Error(Code::Unsupported, "it moves rows by COPY, which no log holds",
                   "have a person look at it");
    kept_.push_back({session, std::string(statement), is_inside, is_inside});
    return ok();
  }
  const auto& kept() const { return kept_; }

 private:
  // A part that is taken back to a savepoint stays, and so does the taking back.
  bool is_about_transaction(int session, const std::vector<std::string>& words) {
    const std::string& first = words[0];
    if (first == "BEGIN" || first == "START") {
      inside_.insert(session);
      return true;
    }
    if (first == "ROLLBACK" && std::find(words.begin(), words.end(), "TO") != words.end())
      return false;
    if (is_one_of(first, {"COMMIT", "END", "ROLLBACK", "ABORT"})) {
      end(session, first == "ROLLBACK" || first == "ABORT");
      return true;
    }
    return is_one_of(first, {"DEALLOCATE", "DISCARD"});
  }

  void end(int session, bool is_undone) {
    inside_.erase(session);
    const auto is_of_it = [&](const Kept& one) { return one.session == session && one.is_open; };
    if (is_undone) std::erase_if(kept_, is_of_it);
    for (auto& one : kept_)
      if (is_of_it(one)) one.is_open = false;
  }

  const std::vector<std::string>& book_;
  std::vector<Kept> kept_;
  std::set<int> inside_;  // sessions that are in a transaction
};
}  // namespace

std::vector<std::string> capturing_role() {
  std::vector<std::string> out = {fmt::format("create role {} superuser login", kCaptured)};
  for (const char* setting :
       {"log_statement = 'all'", "log_error_verbosity = 'default'", "lc_messages = 'C'",
        "log_parameter_max_length = -1", "log_min_messages = 'warning'"})
    out.push_back(fmt::format("alter role {} set {}", kCaptured, setting));
  return out;
}

std::vector<Said> said_in_log(std::string_view log) {
  std::vector<Said> out;
  bool takes_parameters = false;
  for (const auto& entry : entries_of(log)) {
    const auto said = said_in(entry);
    if (said.starts_with(kStatement)) {
      out.push_back({session_of(entry), std::string(said.substr(kStatement.size()))});
    } else if (said.starts_with(kExecute) && said.find(": ") != said.npos) {
      // "execute <unnamed>: text"
      const auto rest = said.substr(kExecute.size());
      out.push_back({session_of(entry), std::string(rest.substr(rest.find(": ") + 2))});
    } else {
      // "Parameters" since PostgreSQL 16.
      const bool is_of_last = takes_parameters && said.size() > kParameters.size() &&
                              said.starts_with("DETAIL:  ") &&
                              said.substr(10).starts_with(kParameters.substr(10));
      if (is_of_last)
        out.back().text =
            filled_in(out.back().text, parameters_in(said.substr(kParameters.size())));
      takes_parameters = false;
      continue;
    }
    takes_parameters = true;
  }
  return out;
}

Result<Captured> migration_of(const std::vector<Said>& said, const std::vector<std::string>& book,
                              const std::string& head, std::size_t most) {
  Sieve sieve(book);
  for (const auto& one : said)
    for (const auto& statement : TRY(sql::split(one.text)))
      TRY(sieve.take(one.session, statement.text));
  Captured out;
  out.statements = sieve.kept().size();
  if (out.statements > most)
    return Error(Code::Unsupported,
                 fmt::format("it says {} statements, more than the {} that are measured",
                             out.statements, most),
                 "have a person look at it");
  std::string body;
  for (const auto& one : sieve.kept()) {
    out.in_transaction = out.in_transaction && one.in_transaction;
    body += one.text + ";\n";
  }
  out.text = head + (out.in_transaction ? "" : "-- slipway: transaction=none\n") + body;
  return out;
}

std::string acknowledged_in(std::string_view program) {
  std::string out;
  for (const auto raw : split(program, '\n')) {
    auto line = trim(raw);
    if (!line.starts_with("//") && !line.starts_with('#')) continue;
    line = trim(line.substr(line[0] == '#' ? 1 : 2));
    if (line.starts_with("slipway:") && line.find("ack=") != line.npos)
      out += "-- " + std::string(line) + "\n";
  }
  return out;
}

}  // namespace slipway::database::rehearsal

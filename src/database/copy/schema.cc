#include "database/copy/schema.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "database/postgres/url.h"
#include "database/sql/split.h"
#include "io/child.h"
#include "io/environment.h"

namespace slipway::database::copy {
namespace {

constexpr Millis kLongestDump{10 * 60 * 1000};
constexpr std::size_t kMostSchema = std::size_t{64} << 20;

// Statements that would connect the copy to the world or hold somebody's password; and event
// triggers, which only a superuser may make.
bool must_stay_out(const std::vector<std::string>& words) {
  if (words.size() < 2) return false;
  const std::string two = words[0] + " " + words[1];
  if (two == "CREATE SUBSCRIPTION" || two == "ALTER SUBSCRIPTION" || two == "CREATE PUBLICATION" ||
      two == "ALTER PUBLICATION" || two == "CREATE SERVER" || two == "ALTER SERVER" ||
      two == "CREATE EVENT" || two == "ALTER EVENT")
    return true;
  return words.size() > 2 && words[1] == "USER" && words[2] == "MAPPING";
}

bool is_setting(const std::vector<std::string>& words, std::string_view text) {
  if (words.empty()) return false;
  return words[0] == "SET" || text.starts_with("SELECT pg_catalog.set_config(");
}

// The word after `before` in a statement as pg_dump writes it, a quoted name as one word.
std::string_view name_after(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (!quoted && (text[end] == ' ' || text[end] == '\n' || text[end] == '(')) break;
  }
  return text.substr(0, end);
}

// "ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (a, b);" and nothing behind it: its index may be
// built first, beside others.
struct KeyConstraint {
  std::string_view table;
  std::string_view name;
  std::string_view kind;     // "PRIMARY KEY", "UNIQUE"
  std::string_view columns;  // "(a, b)"
};
std::optional<KeyConstraint> key_constraint(std::string_view text) {
  KeyConstraint out;
  out.table = name_after(text, "ALTER TABLE ONLY ");
  out.name = name_after(text, "ADD CONSTRAINT ");
  if (out.table.empty() || out.name.empty()) return std::nullopt;
  std::string_view rest =
      text.substr(static_cast<std::size_t>(out.name.data() + out.name.size() - text.data()));
  rest = trim(rest);
  for (const std::string_view kind : {"PRIMARY KEY", "UNIQUE"}) {
    if (!rest.starts_with(kind)) continue;
    out.kind = kind;
    out.columns = trim(rest.substr(kind.size()));
    const bool plain = out.columns.starts_with('(') && out.columns.ends_with(')') &&
                       std::count(out.columns.begin(), out.columns.end(), '(') == 1 &&
                       out.columns.find(" WITHOUT OVERLAPS") == std::string_view::npos;
    if (plain) return out;
  }
  return std::nullopt;
}

// public."My Table" and "public"."My Table" are one table.
std::string unquoted(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '"') {
      out += name[i];
    } else if (name.substr(i).starts_with("\"\"")) {
      out += name[i++];
    }
  }
  return out;
}

// `table` with the schema before it, as pg_dump writes it; an index is in the schema of its table.
std::string_view schema_of(std::string_view table) {
  bool quoted = false;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] == '"') quoted = !quoted;
    if (table[i] == '.' && !quoted) return table.substr(0, i);
  }
  return {};
}

IndexStatement index_statement(std::string_view table, std::string_view name, std::string text) {
  const std::string schema(schema_of(table));
  return {unquoted(table), unquoted(schema + "." + std::string(name)), std::move(text)};
}

bool has_words(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// Tables that are only divided into others: an index of theirs cannot be taken over by a
// constraint.
std::vector<std::string> divided_tables(const std::vector<sql::Statement>& before) {
  std::vector<std::string> out;
  for (const auto& statement : before) {
    if (statement.text.starts_with("CREATE TABLE ") && has_words(statement.text, "\nPARTITION BY "))
      out.emplace_back(name_after(statement.text, "CREATE TABLE "));
  }
  return out;
}

class Sorter {
 public:
  Sorter(Schema& out, std::vector<std::string> divided) : out_(out), divided_(std::move(divided)) {}

  void take_before(const sql::Statement& statement) {
    const auto words = sql::first_words(statement.text);
    if (statement.is_psql || leaves_out(words)) return;
    const bool setting = is_setting(words, statement.text);
    // Behind the first object, only which access method and tablespace the next table has is said.
    in_head_ = in_head_ && setting;
    if (in_head_) out_.settings.emplace_back(statement.text);
    if (statement.text != "CREATE SCHEMA public") out_.before.emplace_back(statement.text);
  }

  void take_after(const sql::Statement& statement) {
    const auto words = sql::first_words(statement.text);
    if (statement.is_psql || leaves_out(words) || is_setting(words, statement.text)) return;
    const bool is_index =
        words.size() > 2 && words[0] == "CREATE" && (words[1] == "INDEX" || words[2] == "INDEX");
    if (is_index)
      take_index(statement.text);
    else if (has_words(statement.text, "ADD CONSTRAINT ") && words[0] == "ALTER")
      take_constraint(statement.text);
    else if (has_words(statement.text, " ATTACH PARTITION ") && words[0] == "ALTER")
      out_.constraints.emplace_back(statement.text);
    else
      out_.after.emplace_back(statement.text);
  }

 private:
  bool leaves_out(const std::vector<std::string>& words) {
    if (!must_stay_out(words)) return false;
    out_.left_out.push_back(words[0] + " " + words[1]);
    return true;
  }

  void take_index(std::string_view text) {
    if (has_words(text, " ON ONLY ")) {
      out_.constraints.emplace_back(text);  // of a divided table: costs nothing
      return;
    }
    out_.indexes.push_back(
        index_statement(name_after(text, " ON "), name_after(text, " INDEX "), std::string(text)));
  }

  void take_constraint(std::string_view text) {
    if (has_words(text, " FOREIGN KEY ")) {
      out_.references.emplace_back(text);
      return;
    }
    const auto key = key_constraint(text);
    const bool divided =
        key && std::find(divided_.begin(), divided_.end(), key->table) != divided_.end();
    if (!key || divided) {
      out_.constraints.emplace_back(text);
      return;
    }
    out_.indexes.push_back(index_statement(
        key->table, key->name,
        fmt::format("CREATE UNIQUE INDEX {} ON {} {}", key->name, key->table, key->columns)));
    out_.constraints.push_back(
        fmt::format("ALTER TABLE ONLY {} ADD CONSTRAINT {} {} USING INDEX {}", key->table,
                    key->name, key->kind, key->name));
  }

  Schema& out_;
  std::vector<std::string> divided_;
  bool in_head_ = true;
};

}  // namespace

Result<std::string> dump_schema(const DumpTerms& terms, Section section) {
  io::ChildSpec spec;
  spec.argv = {terms.bin + "/pg_dump",
               section == Section::BeforeRows ? "--section=pre-data" : "--section=post-data",
               "--no-owner",
               "--no-privileges",
               "--no-publications",
               "--no-subscriptions",
               "--no-security-labels",
               "--no-tablespaces",
               "--snapshot=" + terms.snapshot};
  // By the environment: a command line can be read by everybody on the machine.
  spec.environment = io::own_environment();
  for (auto& variable : TRY(postgres::environment_of(terms.url)))
    spec.environment.push_back(std::move(variable));
  spec.parent_death_signal = SIGTERM;
  auto run = TRY(io::run_command(spec, kLongestDump, kMostSchema));
  if (run.exit.succeeded() && run.out.size() < kMostSchema) return std::move(run.out);
  return Error(
      Code::CommandFailed,
      fmt::format("pg_dump could not read the schema: {}: {}", run.exit.text(), trim(run.err)),
      "run pg_dump --schema-only against the source by hand");
}

Result<Schema> sort_schema(const std::string& before_rows, const std::string& after_rows) {
  const auto before = TRY(sql::split(before_rows));
  const auto after = TRY(sql::split(after_rows));
  Schema out;
  Sorter sorter(out, divided_tables(before));
  for (const auto& statement : before) sorter.take_before(statement);
  for (const auto& statement : after) sorter.take_after(statement);
  return out;
}

}  // namespace slipway::database::copy

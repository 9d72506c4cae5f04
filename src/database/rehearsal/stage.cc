#include "database/rehearsal/stage.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "database/postgres/url.h"
#include "database/sql/split.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using postgres::ScratchServer;

constexpr Millis kLongestDump{10 * 60 * 1000};
constexpr std::size_t kMostSchema = std::size_t{64} << 20;
constexpr std::size_t kMostDifferences = 10;
constexpr const char* kName = "slipway rehearsal";

enum class What { Schema, Rows };
Result<std::string> dump(const std::string& bin, const std::string& url, What what,
                         const std::vector<std::string>& options) {
  io::ChildSpec spec;
  // A dump waits for whoever holds a table for itself, and others would wait behind it.
  spec.argv = {io::join_path(bin, "pg_dump"),
               what == What::Schema ? "--schema-only" : "--data-only",
               "--no-owner",
               "--no-publications",
               "--no-subscriptions",
               "--no-security-labels",
               "--no-tablespaces",
               "--lock-wait-timeout=10s"};
  spec.argv.insert(spec.argv.end(), options.begin(), options.end());
  spec.environment = io::own_environment();
  // By the environment: a command line can be read by everybody on the machine.
  for (auto& variable : TRY(postgres::environment_of(url)))
    spec.environment.push_back(std::move(variable));
  spec.parent_death_signal = SIGTERM;
  auto ran = TRY(io::run_command(spec, kLongestDump, kMostSchema));
  if (ran.exit.succeeded() && ran.out.size() < kMostSchema) return std::move(ran.out);
  return Error(
      Code::CommandFailed,
      fmt::format("pg_dump could not read the {}: {}: {}", what == What::Schema ? "schema" : "rows",
                  ran.exit.text(), trim(ran.err)),
      "run pg_dump --schema-only against the database by hand");
}

// Rights name roles: they are there under the same names, and may not log in.
Result<void> copy_roles(Connection& source, Connection& scratch) {
  const auto rows = TRY(source.query(
      "select rolname from pg_roles where rolname !~ '^pg_' and rolname <> 'postgres'"));
  for (int i = 0; i < rows.count(); ++i)
    TRY(scratch.run("create role " + scratch.quote_name(rows.text(i, 0))));
  return ok();
}

// Statement by statement: the error names the one that does not fit this server.
Result<void> replay(Connection& scratch, const std::string& schema) {
  for (const auto& statement : TRY(sql::split(schema))) {
    if (statement.is_psql || statement.text == "CREATE SCHEMA public") continue;
    const auto words = sql::first_words(statement.text, 3);
    const bool speaks_to_others = words.size() > 1 && words[0] == "CREATE" &&
                                  (words[1] == "SERVER" || words[1] == "EVENT" ||
                                   (words[1] == "USER" && words.back() == "MAPPING"));
    if (speaks_to_others) continue;
    const auto done = scratch.run(std::string(statement.text));
    if (!done) return done.error().in("making production's schema on the scratch server");
  }
  return ok();
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> out;
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (!line.empty()) out.emplace(line.ends_with(',') ? line.substr(0, line.size() - 1) : line);
  }
  return out;
}
}  // namespace

Result<std::unique_ptr<Stage>> Stage::set(const std::string& source) {
  postgres::ScratchSettings settings;
  settings.settings = {"autovacuum=off", "shared_buffers=32MB", "wal_level=minimal",
                       "max_wal_senders=0"};
  std::shared_ptr<ScratchServer> server = TRY(ScratchServer::start(settings));
  std::unique_ptr<Stage> out(new Stage(server, *server, "rehearsal"));
  auto production = TRY(Connection::open(source, kName));
  auto admin = TRY(Connection::open(server->url("template1"), kName));
  TRY(copy_roles(*production, *admin));
  TRY(admin->run("create database rehearsal template template0"));
  auto scratch = TRY(out->open(kName));
  TRY(replay(*scratch, TRY(dump(server->bin(), source, What::Schema, {}))));
  return out;
}

Result<std::unique_ptr<Stage>> Stage::on(std::shared_ptr<void> owner, const ScratchServer& server,
                                         std::string database) {
  std::unique_ptr<Stage> out(new Stage(std::move(owner), server, std::move(database)));
  auto scratch = TRY(out->open(kName));
  // Whoever vacuums meanwhile holds locks, and is in the way of what is measured.
  TRY(scratch->run("alter system set autovacuum = off"));
  TRY(scratch->run("select pg_reload_conf()"));
  const auto mappings = TRY(scratch->query(
      "select case when umuser = 0 then 'public' else quote_ident(pg_get_userbyid(umuser)) end, "
      "quote_ident(srvname) from pg_user_mappings"));
  for (int i = 0; i < mappings.count(); ++i)
    TRY(scratch->run(fmt::format("drop user mapping for {} server {}", mappings.text(i, 0),
                                 mappings.text(i, 1))));
  return out;
}

Result<std::unique_ptr<Connection>> Stage::open(const std::string& as) const {
  return Connection::open(url(), as);
}

Result<std::string> Stage::shape() const {
  const std::string text =
      TRY(dump(server_->bin(), url(), What::Schema, {"--exclude-schema=slipway"}));
  std::string out;
  for (const auto line : split(text, '\n')) {
    const bool is_noise = line.empty() || line.starts_with("--") || line.starts_with("\\") ||
                          line.starts_with("SET ") || line.starts_with("SELECT pg_catalog.");
    if (!is_noise) out += std::string(line) + "\n";
  }
  return out;
}

Result<void> Stage::take_rows(const std::string& source, const std::vector<std::string>& tables) {
  std::vector<std::string> options = {"--inserts"};
  {
    const auto there = TRY(open(kName));
    for (const auto& table : tables) {
      const auto quoted = TRY(there->value("select to_regclass($1)", {table}));
      if (quoted) options.push_back("--table=" + table);
    }
    if (options.size() == 1) return ok();
  }
  auto scratch = TRY(open(kName));
  auto replayed = replay(*scratch, TRY(dump(server_->bin(), source, What::Rows, options)));
  if (!replayed) return replayed.error().in("while copying the rows of the tool's own table");
  return ok();
}

Result<void> Stage::look_as(const std::string& source) {
  auto production = TRY(Connection::open(source, kName));
  const auto path = TRY(production->value(
      "select string_agg(quote_ident(s), ', ') from unnest(current_schemas(false)) s"));
  if (path.value_or("public") == "public") return ok();
  search_path_ = *path;
  auto scratch = TRY(open(kName));
  for (const auto& statement : settings_of(database_)) TRY(scratch->run(statement));
  return ok();
}

std::vector<std::string> Stage::settings_of(const std::string& copy) const {
  if (search_path_.empty()) return {};
  return {fmt::format("alter database \"{}\" set search_path = {}", replace_all(copy, "\"", "\"\""),
                      search_path_)};
}

Result<void> Stage::count_rows() {
  auto scratch = TRY(open(kName));
  TRY(scratch->run("analyze"));
  return ok();
}

void Stage::abandon() const { ::kill(server_->pid(), SIGQUIT); }

std::string difference(const std::string& before, const std::string& after) {
  if (before == after) return {};
  const auto old = lines_of(before);
  const auto now = lines_of(after);
  std::vector<std::string> out;
  for (const auto& line : old) {
    if (!now.contains(line)) out.push_back("- " + line);
  }
  for (const auto& line : now) {
    if (!old.contains(line)) out.push_back("+ " + line);
  }
  // The same lines in another order: a column stands elsewhere now.
  if (out.empty()) return {};
  if (out.size() > kMostDifferences) {
    out.resize(kMostDifferences);
    out.emplace_back("…");
  }
  return join(out, "\n");
}

}  // namespace slipway::database::rehearsal

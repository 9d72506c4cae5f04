#include "database/migrations/store.h"

#include <fmt/core.h>

namespace slipway::database::migrations {
namespace {
constexpr const char* kTables[] = {
    "create schema if not exists slipway",
    "create table if not exists slipway.identity (environment text not null, "
    "system_identifier text not null, database_oid oid not null, "
    "recorded_at timestamptz not null default now())",
    "create table if not exists slipway.running (tool text not null, id text primary key, "
    "is_down boolean not null, step integer not null, done_hash text not null, "
    "statement text not null, began_at timestamptz not null default now())",
    "create table if not exists slipway.backfills (id text primary key, cursor text, "
    "rows bigint not null, batches bigint not null, batch_rows bigint not null, "
    "began_at timestamptz not null default now(), changed_at timestamptz not null default now(), "
    "ended_at timestamptz)",
};

constexpr const char* kWhoAmI =
    "select (select system_identifier::text from pg_control_system()), "
    "(select oid::text from pg_database where datname = current_database()), current_database()";
}  // namespace

Result<void> Store::create() {
  if (TRY(is_there())) return ok();
  for (const char* statement : kTables) {
    const auto made = database_.run(statement);
    if (made) continue;
    Error error = made.error().in("while making the schema slipway");
    error.next = "let the role that migrates create it: grant create on database NAME to ROLE";
    return error;
  }
  return ok();
}

Result<bool> Store::is_there() {
  return TRY(database_.value("select to_regclass('slipway.backfills')")).has_value();
}

Result<std::optional<Running>> Store::running() {
  if (!TRY(is_there())) return std::optional<Running>();
  const auto rows = TRY(
      database_.query("select tool, id, is_down, step, done_hash, statement from slipway.running "
                      "order by began_at limit 1"));
  if (rows.count() == 0) return std::optional<Running>();
  Running out{std::string(rows.text(0, 0)), std::string(rows.text(0, 1)),
              rows.is_true(0, 2),           static_cast<int>(rows.integer(0, 3)),
              std::string(rows.text(0, 4)), std::string(rows.text(0, 5))};
  return std::optional(std::move(out));
}

Result<void> Store::set_running(const Running& running) {
  const auto done = database_.query(
      "insert into slipway.running (tool, id, is_down, step, done_hash, statement) "
      "values ($1, $2, $3, $4, $5, $6) on conflict (id) do update set step = excluded.step, "
      "done_hash = excluded.done_hash, statement = excluded.statement",
      {running.tool, running.id, running.is_down ? "true" : "false", std::to_string(running.step),
       running.done_hash, running.statement});
  if (!done) return done.error();
  return ok();
}

Result<void> Store::drop_running(const std::string& id) {
  const auto done = database_.query("delete from slipway.running where id = $1", {id});
  if (!done) return done.error();
  return ok();
}

Result<void> Store::check_identity(const std::string& environment) {
  if (environment.empty() || !TRY(is_there())) return ok();
  const auto kept =
      TRY(database_.query("select environment, system_identifier, database_oid::text from "
                          "slipway.identity order by recorded_at desc limit 1"));
  if (kept.count() == 0) return ok();
  const auto here = TRY(database_.query(kWhoAmI));
  if (kept.text(0, 0) != environment)
    return Error(Code::MigrationRefused,
                 fmt::format("the database {} belongs to {}, not to {}", here.text(0, 2),
                             kept.text(0, 0), environment),
                 "look at the URL; when this database is meant to change hands, say "
                 "--accept database");
  if (kept.text(0, 1) != here.text(0, 0) || kept.text(0, 2) != here.text(0, 1))
    return Error(Code::MigrationRefused,
                 fmt::format("the database {} is not the one recorded for {}: it is a copy or was "
                             "restored elsewhere",
                             here.text(0, 2), environment),
                 "look at the URL; after a restore or a move say --accept database");
  return ok();
}

Result<void> Store::record_identity(const std::string& environment) {
  if (environment.empty()) return ok();
  const auto here = TRY(database_.query(kWhoAmI));
  const auto done = database_.query(
      "insert into slipway.identity (environment, system_identifier, database_oid) "
      "select $1, $2, $3::oid where not exists (select 1 from slipway.identity i where "
      "i.environment = $1 and i.system_identifier = $2 and i.database_oid = $3::oid and "
      "i.recorded_at = (select max(recorded_at) from slipway.identity))",
      {environment, std::string(here.text(0, 0)), std::string(here.text(0, 1))});
  if (!done) return done.error();
  return ok();
}

}  // namespace slipway::database::migrations

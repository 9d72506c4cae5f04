#pragma once
// The rehearsal: pending migrations are applied to a scratch database and measured, statement by
// statement, and the release before them is tried against each new schema.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/postgres/connection.h"
#include "database/rehearsal/effect.h"
#include "database/rehearsal/ground.h"
#include "database/rehearsal/old_release.h"

namespace slipway::database::rehearsal {

struct PendingMigration {
  std::string name;  // "0007_add_state.sql"
  std::string text;
  std::optional<std::string> down{};  // tried too, when the Terms can tell a schema's shape
  bool holds_values = false;  // of rows: the report has its statements with $1, $2 … instead
};

struct Terms {
  OldRelease old;
  // Rows of production's tables ("orders", "other.orders"), for the estimate; what is not named has
  // as many as the scratch database.
  std::map<std::string, std::int64_t, std::less<>> production_rows;
  // Whether the scratch database has rows, or only production's counts of them (in pg_class): then
  // what DDL goes over counts as production_rows says, and what becomes of rows is not seen.
  enum class Rows { InTables, Counted } rows = Rows::InTables;
  // The schema in one text: a way back must lead to the same, and the way up again too. Without it
  // no way back is tried.
  std::function<Result<std::string>()> shape{};
  std::function<void(const std::string& what)> tell{};
  std::int64_t long_rows = 10'000;  // of production: more is long work
};

struct Rehearsed {
  std::string migration;
  int line = 1;
  std::string statement;
  Effect effect;        // `took` and rows are the scratch database's
  Harms harms;          // with production's rows
  Micros estimated{0};  // `took`, scaled by the rows it went over; without rows by rule of thumb
};

// A way back that does not lead back, or from which there is no way up again.
struct BadWayBack {
  std::string migration;
  std::string what;
};

struct Rehearsal {
  std::vector<Rehearsed> statements;
  bool has_failed = false;  // a statement did not go through: what follows it was not tried
  std::vector<BadWayBack> ways_back;
  std::vector<Broken> unready;  // of the old release: they did not work before either
  Ground ground;                // what it stood on, for whoever reads it; the caller's to fill in
  bool is_measured() const { return ground.source == Ground::Source::Backup; }
  bool is_dangerous() const;
};

// `connection` and `watcher` are two connections to the same scratch database, which is changed:
// each migration is committed as production would. Statements that refuse a transaction run alone.
// A failing statement is a value; an Error is a lost server.
Result<Rehearsal> rehearse(postgres::Connection& connection, postgres::Connection& watcher,
                           Clock& clock, const std::vector<PendingMigration>& migrations,
                           const Terms& terms);

// The texts pg_stat_statements kept for a database, those that read or change rows, the most called
// first. Empty when the extension is not there.
Result<std::vector<OldStatement>> statements_of(postgres::Connection& production, int most = 2'000);
// Rows of each table, as the last ANALYZE counted them.
Result<std::map<std::string, std::int64_t, std::less<>>> rows_of_tables(
    postgres::Connection& production);

// `now`: for the age of what it stood on.
std::string text_of(const Rehearsal& rehearsal, WallTime now = {});
Json to_json(const Rehearsal& rehearsal, WallTime now = {});

}  // namespace slipway::database::rehearsal

#include "store/release_rows.h"

#include "store/lease_rules.h"

namespace slipway::store {
namespace {
#define COLUMNS                                                                              \
  "number, id, app, environment, kind, version, by_whom, plan, plan_hash, outcome, reason, " \
  "created_ms, ended_ms"

Result<ports::ReleaseRow> row_of(const Query& query) {
  ports::ReleaseRow row;
  row.number = query.integer(0);
  row.id = query.text(1);
  row.app = {query.text(2), query.text(3)};
  row.kind = query.text(4);
  row.version = query.text(5);
  row.by = query.text(6);
  auto plan = Json::parse(query.text(7));
  if (!plan) {
    return Error(Code::Corrupt, "cannot read the plan of " + row.id + ": " + plan.error().what,
                 "the store's bytes are damaged: restore the last copy");
  }
  row.plan = std::move(plan).value();
  row.plan_hash = query.text(8);
  row.outcome = query.text(9);
  row.reason = query.text(10);
  row.created_ms = query.integer(11);
  row.ended_ms = query.integer(12);
  return row;
}

Result<std::vector<ports::ReleaseRow>> rows_of(Query& query) {
  std::vector<ports::ReleaseRow> rows;
  while (TRY(query.step())) rows.push_back(TRY(row_of(query)));
  return rows;
}

// The database's own clock: the store is told times, except for a row whose maker did not say.
Result<std::int64_t> database_now_ms(Database& database) {
  return database.number(
      "SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)");
}
}  // namespace

Result<ports::ReleaseRow> create_release(Database& database, ports::ReleaseRow row) {
  // From the counter, not from the highest row: a number is never given twice.
  row.number = TRY(database.number("SELECT seq FROM sqlite_sequence WHERE name = 'releases'")) + 1;
  row.id = release_name(row.number);
  if (row.created_ms == 0) row.created_ms = TRY(database_now_ms(database));
  Query put =
      database.query("INSERT INTO releases (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
  put.bind(row.number).bind(row.id).bind(row.app.app).bind(row.app.environment).bind(row.kind);
  put.bind(row.version).bind(row.by).bind(row.plan.dump()).bind(row.plan_hash).bind(row.outcome);
  TRY(put.bind(row.reason).bind(row.created_ms).bind(row.ended_ms).run());
  return row;
}

Result<void> end_release(Database& database, const std::string& release, const std::string& outcome,
                         const std::string& reason, std::int64_t ended_ms) {
  const auto before = TRY(read_outcome(database, release));
  if (!before) return no_such_release(release);
  TRY(check_ended_once(release, *before, outcome));
  if (!before->empty()) return ok();
  Query put =
      database.query("UPDATE releases SET outcome = ?, reason = ?, ended_ms = ? WHERE id = ?");
  return put.bind(outcome).bind(reason).bind(ended_ms).bind(release).run();
}

Result<ports::ReleaseRow> read_release(Database& database, const std::string& id) {
  Query ask = database.query("SELECT " COLUMNS " FROM releases WHERE id = ?");
  if (!TRY(ask.bind(id).step())) return no_such_release(id);
  return row_of(ask);
}

Result<std::vector<ports::ReleaseRow>> read_releases(Database& database, const ports::AppRef& app,
                                                     int most) {
  Query ask = database.query(
      "SELECT " COLUMNS
      " FROM releases WHERE app = ? AND environment = ? ORDER BY number DESC LIMIT ?");
  ask.bind(app.app).bind(app.environment).bind(std::int64_t{most < 0 ? 0 : most});
  return rows_of(ask);
}

Result<std::vector<ports::ReleaseRow>> read_unfinished(Database& database) {
  Query ask = database.query("SELECT " COLUMNS " FROM releases WHERE outcome = '' ORDER BY number");
  return rows_of(ask);
}

Result<std::optional<std::string>> read_outcome(Database& database, const std::string& id) {
  Query ask = database.query("SELECT outcome FROM releases WHERE id = ?");
  if (!TRY(ask.bind(id).step())) return std::optional<std::string>();
  return std::optional(ask.text(0));
}

}  // namespace slipway::store

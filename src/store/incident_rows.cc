#include "store/incident_rows.h"

#include <algorithm>

namespace slipway::store {
namespace {
#define COLUMNS \
  "number, id, app, environment, severity, status, release, opened_ms, closed_ms, body"

Result<ports::IncidentRow> row_of(const Query& query) {
  ports::IncidentRow row;
  row.number = query.integer(0);
  row.id = query.text(1);
  row.app = {query.text(2), query.text(3)};
  row.severity = query.text(4);
  row.status = query.text(5);
  row.release = query.text(6);
  row.opened_ms = query.integer(7);
  row.closed_ms = query.integer(8);
  auto body = Json::parse(query.text(9));
  if (!body) {
    return Error(Code::Corrupt, "cannot read the incident " + row.id + ": " + body.error().what,
                 "the store's bytes are damaged: restore the last copy");
  }
  row.body = std::move(body).value();
  return row;
}

Result<std::vector<ports::IncidentRow>> rows_of(Query& query) {
  std::vector<ports::IncidentRow> rows;
  while (TRY(query.step())) rows.push_back(TRY(row_of(query)));
  return rows;
}
}  // namespace

Result<ports::IncidentRow> create_incident(Database& database, ports::IncidentRow row) {
  // From the counter, not from the highest row: a number is never given twice.
  row.number =
      TRY(database.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = "
                          "'incidents'")) +
      1;
  row.id = ports::incident_name(row.number);
  Query put = database.query("INSERT INTO incidents (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?)");
  put.bind(row.number).bind(row.id).bind(row.app.app).bind(row.app.environment);
  put.bind(row.severity).bind(row.status).bind(row.release).bind(row.opened_ms);
  TRY(put.bind(row.closed_ms).bind(row.body.dump()).run());
  return row;
}

Result<void> keep_incident(Database& database, const ports::IncidentRow& row) {
  Query put = database.query(
      "UPDATE incidents SET severity = ?, status = ?, release = ?, closed_ms = ?, body = ? "
      "WHERE id = ?");
  put.bind(row.severity).bind(row.status).bind(row.release).bind(row.closed_ms);
  TRY(put.bind(row.body.dump()).bind(row.id).run());
  if (database.changes() == 0) return ports::no_such_incident(row.id);
  return ok();
}

Result<ports::IncidentRow> read_incident(Database& database, const std::string& id) {
  Query ask = database.query("SELECT " COLUMNS " FROM incidents WHERE id = ?");
  if (!TRY(ask.bind(id).step())) return ports::no_such_incident(id);
  return row_of(ask);
}

Result<std::vector<ports::IncidentRow>> read_incidents(Database& database,
                                                       const ports::AppRef& app, int most) {
  Query ask = database.query(
      "SELECT " COLUMNS
      " FROM incidents WHERE app = ? AND environment = ? ORDER BY number DESC LIMIT ?");
  ask.bind(app.app).bind(app.environment).bind(std::int64_t{std::max(0, most)});
  return rows_of(ask);
}

Result<std::vector<ports::IncidentRow>> read_open_incidents(Database& database) {
  Query ask =
      database.query("SELECT " COLUMNS " FROM incidents WHERE closed_ms = 0 ORDER BY number");
  return rows_of(ask);
}

}  // namespace slipway::store

#include "database/backup/since.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
std::string file_in(const std::string& folder, const std::string& point) {
  return io::join_path(folder, "counters/" + point + ".json");
}

std::string rows_of(const TableCounters& rows) {
  std::vector<std::string> parts;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count_of(count, "row"), what));
  };
  add(rows.inserted, "inserted");
  add(rows.updated, "changed");
  add(rows.deleted, "removed");
  return parts.empty() ? "no rows" : join(parts, ", ");
}

std::string_view name_of(TableChange::How how) {
  switch (how) {
    case TableChange::How::New:
      return "new";
    case TableChange::How::Gone:
      return "gone";
    case TableChange::How::Unknown:
      return "unknown";
    case TableChange::How::Written:
      break;
  }
  return "written";
}

bool is_backwards(const TableCounters& rows) {
  return rows.inserted < 0 || rows.updated < 0 || rows.deleted < 0;
}
}  // namespace

Json to_json(const Counters& counters) {
  Json tables = Json::array();
  for (const auto& one : counters.tables)
    tables.push_back(Json::object()
                         .set("table", one.table)
                         .set("id", one.id)
                         .set("inserted", one.inserted)
                         .set("updated", one.updated)
                         .set("deleted", one.deleted));
  return Json::object().set("begun", counters.begun).set("tables", std::move(tables));
}

Counters counters_from_json(const Json& json) {
  Counters out;
  out.begun = json.text("begun");
  for (const auto& one : json.at("tables").items())
    out.tables.push_back({one.text("table"), one.integer("id"), one.integer("inserted"),
                          one.integer("updated"), one.integer("deleted")});
  return out;
}

// A reset of one database by hand has its own time; a crash empties all, and sets that of the
// server.
Result<Counters> read_counters(postgres::Connection& connection) {
  Counters out;
  out.begun =
      TRY(connection.value(
              "select coalesce((select stats_reset::text from pg_stat_database where datname = "
              "current_database()), '') || ' ' || coalesce((select stats_reset::text from "
              "pg_stat_bgwriter), '')"))
          .value_or("");
  const auto rows = TRY(connection.query(
      "select schemaname || '.' || relname, relid::bigint, n_tup_ins, n_tup_upd, n_tup_del from "
      "pg_stat_user_tables where schemaname <> 'slipway' order by 1"));
  for (int i = 0; i < rows.count(); ++i)
    out.tables.push_back({std::string(rows.text(i, 0)), rows.integer(i, 1), rows.integer(i, 2),
                          rows.integer(i, 3), rows.integer(i, 4)});
  return out;
}

std::vector<TableChange> changes_between(const Counters& then, const Counters& now) {
  using How = TableChange::How;
  std::map<std::int64_t, const TableCounters*> before;
  for (const auto& one : then.tables) before[one.id] = &one;
  std::vector<TableChange> out;
  for (const auto& one : now.tables) {
    const auto found = before.find(one.id);
    if (found == before.end()) {
      out.push_back({How::New, one});
      continue;
    }
    TableCounters rows = one;
    rows.inserted -= found->second->inserted;
    rows.updated -= found->second->updated;
    rows.deleted -= found->second->deleted;
    before.erase(found);
    const bool is_same = rows.inserted == 0 && rows.updated == 0 && rows.deleted == 0;
    if (is_backwards(rows)) {
      out.push_back({How::Unknown, rows});
    } else if (!is_same) {
      out.push_back({How::Written, rows});
    }
  }
  for (const auto& [id, one] : before) out.push_back({How::Gone, *one});
  return out;
}

std::string TableChange::text() const {
  switch (how) {
    case How::New:
      return fmt::format("{}: made since then, {}", rows.table, rows_of(rows));
    case How::Gone:
      return rows.table + ": dropped since then, it comes back";
    case How::Unknown:
      return rows.table + ": its counters began anew, nobody can tell";
    case How::Written:
      break;
  }
  return fmt::format("{}: {}", rows.table, rows_of(rows));
}

std::vector<std::string> lines_of(const SinceThen& since, WallTime now) {
  std::vector<std::string> out;
  const Millis age = std::chrono::duration_cast<std::chrono::seconds>(now - since.point.at);
  out.push_back(fmt::format("everything written since {} ({} ago), the restore point {}",
                            to_iso8601(since.point.at), to_text(age), since.point.name));
  if (!since.unknown.empty()) {
    out.push_back("  how many rows that is, nobody can tell: " + since.unknown);
  } else if (since.tables.empty()) {
    out.push_back("  no row, by PostgreSQL's counters");
  }
  for (const auto& one : since.tables) out.push_back("  " + one.text());
  if (since.log_bytes >= 0)
    out.push_back(
        fmt::format("  {:.1f} MB of changes in the write-ahead log, the migrations' own "
                    "and maintenance included",
                    static_cast<double>(since.log_bytes) / 1e6));
  out.push_back(
      "  counted as PostgreSQL does: what migrations wrote and what was rolled back counts too; "
      "the last second, large objects and sequences do not");
  return out;
}

Json to_json(const SinceThen& since) {
  Json tables = Json::array();
  for (const auto& one : since.tables)
    tables.push_back(Json::object()
                         .set("table", one.rows.table)
                         .set("kind", name_of(one.how))
                         .set("inserted", one.rows.inserted)
                         .set("updated", one.rows.updated)
                         .set("deleted", one.rows.deleted));
  return Json::object()
      .set("point", to_json(since.point))
      .set("tables", std::move(tables))
      .set("unknown", since.unknown)
      .set("log_bytes", since.log_bytes);
}

void keep_counters(const std::string& folder, const std::string& point,
                   postgres::Connection& connection) {
  const auto counters = read_counters(connection);
  if (!counters || !io::make_dirs(io::join_path(folder, "counters"))) return;
  // Without them the loss is said to be unknown.
  (void)io::write_file_durably(file_in(folder, point), to_json(*counters).dump());
}

void forget_counters(const std::string& folder, const std::string& point) {
  (void)io::remove_file(file_in(folder, point));  // a point need not have any
}

Result<SinceThen> since_point(const std::string& folder, const RestorePoint& point,
                              postgres::Connection& connection) {
  SinceThen out;
  out.point = point;
  if (!point.lsn.empty()) {
    const auto bytes = connection.value(
        "select greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn))::bigint",
        {point.lsn});
    if (bytes) out.log_bytes = std::atoll(bytes->value_or("-1").c_str());
  }
  const auto kept = io::read_file(file_in(folder, point.name));
  const auto json = kept ? Json::parse(*kept) : Result<Json>(Json());
  if (!kept || !json || !json->is_object()) {
    out.unknown = "no counters were kept with the point";
    return out;
  }
  const auto then = counters_from_json(*json);
  const auto now = TRY(read_counters(connection));
  if (then.begun != now.begun) {
    out.unknown = "PostgreSQL's counters began anew since then (a crash, or pg_stat_reset)";
    return out;
  }
  out.tables = changes_between(then, now);
  return out;
}

}  // namespace slipway::database::backup

#include "database/watch/look.h"

#include <fmt/core.h>

#include "base/text.h"

namespace slipway::database::watch {
namespace {
using postgres::Connection;
using postgres::Rows;

constexpr const char* kName = "slipway watch";
constexpr int kMostSessions = 8;
constexpr int kMostHolders = 20;
constexpr int kHasWaitStart = 140'000;

std::string one_line(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    const bool is_space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (is_space && (out.empty() || out.back() == ' ')) continue;
    out += is_space || static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

// What one question failed at is told and ends the look, unless the connection's role lacks a right
// that others have: then that part is absent.
bool is_refusal(const Connection& connection) {
  const auto& state = connection.sqlstate();
  return state == "42501" || state == "42P01" || state == "55000" || state == "42883";
}

Result<void> basics(Connection& connection, Sight& sight) {
  const Rows rows = TRY(connection.query(
      "select current_database(), current_user, pg_is_in_recovery(),"
      " current_setting('max_connections')::int,"
      " current_setting('superuser_reserved_connections')::int"
      "  + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),"
      " pg_has_role(current_user, 'pg_read_all_stats', 'usage'),"
      " pg_database_size(current_database()),"
      " d.deadlocks, d.blks_hit, d.blks_read,"
      " (select max(age(datfrozenxid)) from pg_database)"
      " from pg_stat_database d where d.datname = current_database()"));
  if (rows.count() != 1) return Error(Code::NotFound, "the server has no statistics of itself");
  sight.database = rows.text(0, 0);
  sight.role = rows.text(0, 1);
  sight.is_replica = rows.is_true(0, 2);
  sight.max_connections = static_cast<int>(rows.integer(0, 3));
  sight.reserved = static_cast<int>(rows.integer(0, 4));
  sight.sees_everything = rows.is_true(0, 5);
  sight.size_bytes = rows.integer(0, 6);
  sight.deadlocks = rows.integer(0, 7);
  const auto hit = static_cast<double>(rows.integer(0, 8));
  const auto all = hit + static_cast<double>(rows.integer(0, 9));
  sight.cache_hit_percent = all > 0 ? 100 * hit / all : 100;
  sight.xid_age = rows.integer(0, 10);
  sight.server_version = connection.server_version();
  return ok();
}

// Of the whole server: the limit is the server's. The look's own connection is not counted. A role
// without rights is not told what kind the others are; those of no database serve the server.
Result<void> holders(Connection& connection, Sight& sight) {
  const Rows rows = TRY(connection.query(
      "select coalesce(application_name, ''), coalesce(usename, ''), coalesce(state, ''), count(*)"
      " from pg_stat_activity where pid <> pg_backend_pid() and (backend_type = 'client backend' or"
      " backend_type is null and datid is not null and usesysid is not null)"
      " group by 1, 2, 3 order by 4 desc, 1, 2, 3"));
  Holder rest{"(others)", "", "", 0};
  for (int i = 0; i < rows.count(); ++i) {
    const int count = static_cast<int>(rows.integer(i, 3));
    if (i >= kMostHolders) {
      rest.count += count;
      continue;
    }
    sight.holders.push_back({one_line(rows.text(i, 0)), std::string(rows.text(i, 1)),
                             std::string(rows.text(i, 2)), count});
  }
  if (rest.count > 0) sight.holders.push_back(rest);
  return ok();
}

Session session_of(const Rows& rows, int i) {
  Session out;
  out.pid = static_cast<int>(rows.integer(i, 0));
  out.application = one_line(rows.text(i, 1));
  out.user = rows.text(i, 2);
  out.state = rows.text(i, 3);
  out.seconds = rows.real(i, 4);
  out.waits_for = rows.text(i, 5);
  out.query = one_line(rows.text(i, 6));
  return out;
}

Result<std::vector<Session>> sessions(Connection& connection, const std::string& since,
                                      const std::string& which) {
  const Rows rows = TRY(connection.query(fmt::format(
      "select pid, coalesce(application_name, ''), coalesce(usename, ''), coalesce(state, ''),"
      " greatest(0, extract(epoch from clock_timestamp() - {0})),"
      " coalesce(wait_event_type || ':' || wait_event, ''), coalesce(query, '')"
      " from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
      " and application_name <> '{1}' and {0} is not null and {2} order by {0} limit {3}",
      since, kName, which, kMostSessions)));
  std::vector<Session> out;
  for (int i = 0; i < rows.count(); ++i) out.push_back(session_of(rows, i));
  return out;
}

Result<void> waiting(Connection& connection, Sight& sight) {
  const char* since = connection.server_version() >= kHasWaitStart
                          ? "coalesce(l.waitstart, a.query_start)"
                          : "a.query_start";
  const Rows rows = TRY(connection.query(fmt::format(
      "select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''),"
      " coalesce(a.state, ''),"
      " greatest(0, coalesce(extract(epoch from clock_timestamp() - {}), 0)),"
      " l.mode || coalesce(' on ' || (select relname from pg_class where oid = l.relation"
      " and l.database = (select oid from pg_database where datname = current_database())), ''),"
      " coalesce(a.query, ''), array_to_string(pg_blocking_pids(a.pid), ',')"
      " from pg_locks l join pg_stat_activity a using (pid)"
      " where not l.granted order by 5 desc limit {}",
      since, kMostSessions)));
  for (int i = 0; i < rows.count(); ++i) {
    Session one = session_of(rows, i);
    for (const auto pid : split(rows.text(i, 7), ','))
      if (!pid.empty()) one.blocked_by.push_back(std::atoi(std::string(pid).c_str()));
    sight.waiting.push_back(std::move(one));
  }
  return ok();
}

Result<void> statements(Connection& connection, Sight& sight) {
  const auto where = TRY(connection.value(
      "select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid ="
      " e.extnamespace where e.extname = 'pg_stat_statements'"));
  if (!where) return ok();
  const auto rows = connection.query(
      fmt::format("select query, calls, mean_exec_time, total_exec_time from {}.pg_stat_statements"
                  " where dbid = (select oid from pg_database where datname = current_database())"
                  " order by total_exec_time desc limit {}",
                  *where, kMostSessions));
  if (!rows) return is_refusal(connection) ? ok() : Result<void>(rows.error());
  sight.has_statements = true;
  for (int i = 0; i < rows->count(); ++i)
    sight.statements.push_back(
        {one_line(rows->text(i, 0)), rows->integer(i, 1), rows->real(i, 2), rows->real(i, 3)});
  return ok();
}

// A replica that has replayed all it has received is not behind, however quiet its primary is.
Result<void> replication(Connection& connection, Sight& sight) {
  const Rows rows = TRY(connection.query(
      "select coalesce(application_name, ''), coalesce(state, ''),"
      " coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn()"
      "  else pg_current_wal_lsn() end, replay_lsn), 0)::bigint,"
      " coalesce(extract(epoch from replay_lag), 0)"
      " from pg_stat_replication order by 3 desc limit 20"));
  for (int i = 0; i < rows.count(); ++i)
    sight.replicas.push_back({one_line(rows.text(i, 0)), std::string(rows.text(i, 1)),
                              rows.integer(i, 2), rows.real(i, 3)});
  if (!sight.is_replica) {
    const auto kept = TRY(connection.value(
        "select coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)::bigint"
        " from pg_replication_slots where not active"));
    sight.slot_bytes = std::atoll(kept.value_or("0").c_str());
    return ok();
  }
  const Rows behind = TRY(connection.query(
      "select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 else"
      " greatest(0, coalesce(extract(epoch from clock_timestamp() -"
      " pg_last_xact_replay_timestamp()), 0)) end"));
  sight.replica_seconds = behind.count() == 1 ? behind.real(0, 0) : 0;
  return ok();
}

Result<void> archive(Connection& connection, Sight& sight) {
  const Rows rows = TRY(connection.query(
      "select current_setting('archive_mode') = 'always' or (current_setting('archive_mode') ="
      " 'on' and not pg_is_in_recovery()), archived_count, failed_count,"
      " coalesce(last_archived_wal, ''),"
      " coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),"
      " case when last_failed_time > coalesce(last_archived_time, '-infinity') then"
      " extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset)) end"
      " from pg_stat_archiver"));
  auto& out = sight.archive;
  out.is_on = rows.is_true(0, 0);
  if (!out.is_on) return ok();
  out.archived = rows.integer(0, 1);
  out.failed = rows.integer(0, 2);
  out.newest = rows.text(0, 3);
  out.is_failing = rows.is_true(0, 4);
  if (out.is_failing) out.oldest_seconds = rows.real(0, 5);
  const auto due = connection.query(
      "select count(*), coalesce(extract(epoch from clock_timestamp() - min(modification)), 0)"
      " from pg_ls_archive_statusdir() where name like '%.ready'");
  if (!due) return is_refusal(connection) ? ok() : Result<void>(due.error());
  out.waiting = static_cast<int>(due->integer(0, 0));
  out.oldest_seconds = out.waiting > 0 ? due->real(0, 1) : 0;
  return ok();
}

// By the catalogue's own figures: asking for a table's true size would wait for its lock.
Result<void> tables(Connection& connection, Sight& sight) {
  const Rows rows = TRY(
      connection.query(fmt::format("select s.schemaname || '.' || s.relname, c.relpages::bigint *"
                                   " current_setting('block_size')::int, s.n_live_tup, s.n_dead_tup"
                                   " from pg_stat_user_tables s join pg_class c on c.oid = s.relid"
                                   " order by s.n_dead_tup desc, c.relpages desc limit {}",
                                   kMostSessions)));
  for (int i = 0; i < rows.count(); ++i)
    sight.tables.push_back(
        {one_line(rows.text(i, 0)), rows.integer(i, 1), rows.integer(i, 2), rows.integer(i, 3)});
  return ok();
}
}  // namespace

Result<std::unique_ptr<Connection>> connect(const std::string& url, Millis timeout) {
  auto connection = TRY(Connection::open(url, kName, timeout));
  TRY(
      connection->run(fmt::format("set statement_timeout = {0}; set lock_timeout = {0};"
                                  " set search_path = pg_catalog",
                                  kMostForAQuestion.count())));
  return connection;
}

Result<Sight> look(Connection& connection) {
  Sight out;
  TRY(basics(connection, out));
  TRY(holders(connection, out));
  out.slow = TRY(sessions(connection, "query_start", "state = 'active'"));
  out.long_ = TRY(sessions(connection, "xact_start", "true"));
  TRY(waiting(connection, out));
  TRY(statements(connection, out));
  TRY(replication(connection, out));
  TRY(archive(connection, out));
  TRY(tables(connection, out));
  return out;
}

}  // namespace slipway::database::watch

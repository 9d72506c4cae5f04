#include "database/migrations/turn.h"

#include <fmt/core.h>

namespace slipway::database::migrations {
namespace {
constexpr Millis kAskAgain(200);
// An advisory lock on one bigint is shown in two halves.
constexpr const char* kKeyOf = "((l.classid::bigint << 32) | l.objid::bigint)";
}  // namespace

std::string Turn::keys_text() const {
  std::string out = "{";
  for (const auto key : keys_) out += (out.size() > 1 ? "," : "") + std::to_string(key);
  return out + "}";
}

Result<bool> Turn::try_all() {
  for (const auto key : keys_) {
    const auto got = TRY(session_->value("select pg_try_advisory_lock($1)", {std::to_string(key)}));
    if (got == "t") continue;
    TRY(session_->run("select pg_advisory_unlock_all()"));
    return false;
  }
  return true;
}

Result<std::string> Turn::holder() {
  const auto rows = TRY(session_->query(
      fmt::format("select a.pid, a.application_name, a.usename, "
                  "extract(epoch from clock_timestamp() - a.backend_start)::bigint "
                  "from pg_locks l join pg_stat_activity a using (pid) "
                  "where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and "
                  "a.pid <> pg_backend_pid() and l.database = (select oid from pg_database where "
                  "datname = current_database()) and {} = any($1::bigint[]) limit 1",
                  kKeyOf),
      {keys_text()}));
  if (rows.count() == 0) return std::string("somebody who has just gone");
  return fmt::format("process {} ({}, {}), connected for {} s", rows.text(0, 0),
                     rows.text(0, 1).empty() ? "no application name" : rows.text(0, 1),
                     rows.text(0, 2), rows.text(0, 3));
}

Result<std::unique_ptr<Turn>> Turn::take(const std::string& url, const std::string& operation,
                                         std::vector<std::int64_t> keys, Millis wait,
                                         World& world) {
  keys.insert(keys.begin(), kOurKey);
  auto session = TRY(postgres::Connection::open(url, operation + " (turn)"));
  std::unique_ptr<Turn> turn(new Turn(std::move(session), std::move(keys)));
  // Newer servers can end sessions that do nothing, which is all that this one does.
  if (turn->session_->server_version() >= 140000)
    TRY(turn->session_->run("set idle_session_timeout = 0"));
  const Millis until = world.clock.monotonic() + wait;
  std::string told;
  while (!TRY(turn->try_all())) {
    const std::string holder = TRY(turn->holder());
    if (holder.substr(0, holder.find(',')) != told) {
      told = holder.substr(0, holder.find(','));
      world.tell({Event::Kind::Turn, "", fmt::format("waiting for the turn, which {} has", holder),
                  Json::object().set("holder", holder)});
    }
    if (world.clock.monotonic() >= until)
      return Error(Code::LeaseHeld,
                   fmt::format("another migrator has the turn in this database: {}", holder),
                   "wait for it to end; or end it there when it is left over: "
                   "select pg_terminate_backend(PID)");
    if (!world.stop.rest(kAskAgain))
      return Error(Code::Aborted, "stopped while waiting for the turn");
  }
  return turn;
}

Result<void> Turn::check() {
  const auto held = session_->value(
      "select count(*) from pg_locks where locktype = 'advisory' and granted and "
      "pid = pg_backend_pid()");
  if (!held || *held != std::to_string(keys_.size()))
    return Error(Code::ConnectionLost,
                 "the session that holds the turn is gone: another migrator may have begun",
                 "run slipway migrate status, then go on with slipway migrate up");
  return ok();
}

Result<std::vector<std::string>> Turn::give_up_waits_before(int builder) {
  std::vector<std::string> out;
  const auto rows = TRY(session_->query(
      fmt::format("select a.pid, a.application_name, pg_cancel_backend(a.pid) "
                  "from pg_locks l join pg_stat_activity a using (pid) "
                  "where l.locktype = 'advisory' and l.objsubid = 1 and not l.granted and "
                  "{} = any($1::bigint[]) and a.pid = any(pg_blocking_pids($2::int))",
                  kKeyOf),
      {keys_text(), std::to_string(builder)}));
  for (int i = 0; i < rows.count(); ++i)
    out.push_back(fmt::format("process {} ({})", rows.text(i, 0), rows.text(i, 1)));
  return out;
}

Result<std::vector<std::string>> Turn::awaited_by(int builder) {
  std::vector<std::string> out;
  const auto rows = TRY(session_->query(
      "select pid, application_name, "
      "extract(epoch from clock_timestamp() - xact_start)::bigint from pg_stat_activity "
      "where pid = any(pg_blocking_pids($1::int)) and xact_start < clock_timestamp() - "
      "interval '1 s' order by xact_start limit 10",
      {std::to_string(builder)}));
  for (int i = 0; i < rows.count(); ++i)
    out.push_back(fmt::format("process {} ({}), open for {} s", rows.text(i, 0), rows.text(i, 1),
                              rows.text(i, 2)));
  return out;
}

}  // namespace slipway::database::migrations

#include "database/migrations/session.h"

#include <fmt/core.h>

#include "database/migrations/script.h"

namespace slipway::database::migrations {
namespace {
using postgres::Connection;
constexpr Millis kLookAgain(200);

constexpr const char* kLeftovers = R"(
select pid, coalesce(query, ''), state from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
  and application_name like 'slipway migrate %' and application_name not like '% (turn)')";
}  // namespace

Result<std::unique_ptr<Connection>> open_session(const std::string& url,
                                                 const std::string& operation) {
  auto out = TRY(Connection::open(url, std::string(kStamp) + operation));
  TRY(out->run("set statement_timeout = 0"));
  return out;
}

Result<void> refuse_shared_sessions(Connection& database, const std::string& url) {
  const auto pid = [](Connection& of) { return of.value("select pg_backend_pid()"); };
  const auto first = TRY(pid(database));
  // The server itself said at the beginning which process serves us; a pooler says another number.
  if (first == std::to_string(database.backend_pid())) return ok();
  const auto other = TRY(Connection::open(url, "slipway (is this pooled?)"));
  TRY(other->run("begin"));
  const auto second = TRY(pid(*other));
  const auto again = TRY(pid(database));
  TRY(other->run("rollback"));
  if (second != first && again == first) return ok();
  return Error(Code::MigrationRefused,
               "a pooler stands before the database that shares sessions between transactions "
               "(PgBouncer with pool_mode=transaction, or alike): locks would be lost",
               "give migrations a URL that leads to PostgreSQL itself, or to a pool with "
               "pool_mode=session");
}

Result<void> settle_leftovers(Connection& database, World& world) {
  bool has_told = false;
  while (true) {
    const auto rows = TRY(database.query(kLeftovers));
    if (rows.count() == 0) return ok();
    for (int i = 0; i < rows.count(); ++i) {
      const bool is_build = alone_of(rows.text(i, 1)).has_value() && rows.text(i, 2) == "active";
      if (!has_told)
        world.tell({Event::Kind::Resumed, "",
                    fmt::format("process {} of the server still works for a slipway that has "
                                "ended: {}",
                                rows.text(i, 0), is_build ? "waiting for its build" : "ending it"),
                    Json::object().set("statement", rows.text(i, 1))});
      has_told = true;
      if (!is_build)
        TRY(database.query("select pg_terminate_backend($1)", {std::string(rows.text(i, 0))}));
    }
    if (!world.stop.rest(kLookAgain)) return Error(Code::Aborted, "stopped: nothing was changed");
  }
}

}  // namespace slipway::database::migrations

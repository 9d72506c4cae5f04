#include "tests/database/truth.h"

#include <fmt/core.h>

#include "base/text.h"
#include "io/clock.h"

namespace slipway::database::corpus {
namespace {
using postgres::Connection;
using rehearsal::Effect;
using rehearsal::OldRelease;

// Rights on what is there: nothing on what comes later.
constexpr const char* kRights = R"(
  do $$ declare s text; begin
    for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
      execute format('grant usage on schema %I to app', s);
      execute format('grant all on all tables in schema %I to app', s);
      execute format('grant all on all sequences in schema %I to app', s);
    end loop; end $$)";

Result<std::vector<rehearsal::Broken>> broken_now(Connection& connection, const OldRelease& old,
                                                  bool is_in_transaction) {
  if (!is_in_transaction) TRY(connection.run("begin"));
  auto out = TRY(rehearsal::find_broken(connection, old));
  if (!is_in_transaction) TRY(connection.run("rollback"));
  return out;
}
}  // namespace

Result<std::unique_ptr<World>> World::start(const std::vector<Part>& parts,
                                            const std::string& rows) {
  auto out = std::make_unique<World>();
  postgres::ScratchSettings settings;
  settings.settings = {"autovacuum=off", "shared_buffers=256MB", "max_wal_size=4GB",
                       "timezone=Europe/Berlin"};
  out->server_ = TRY(postgres::ScratchServer::start(settings));
  out->admin_ = TRY(out->connect("postgres"));
  TRY(out->admin_->run("create role app; set allow_in_place_tablespaces = on"));
  TRY(out->admin_->run("create tablespace fast location ''"));
  for (const auto& part : parts) TRY(out->fill(part, rows));
  return out;
}

Result<std::unique_ptr<Connection>> World::connect(const std::string& database) {
  return Connection::open(server_->url(database), "corpus");
}

Result<void> World::fill(const Part& part, const std::string& rows) {
  TRY(admin_->run("create database " + part.name));
  auto connection = TRY(connect(part.name));
  for (const auto& statement : statements_of(part.schema)) {
    std::string sized = replace_all(statement, "20000)", rows + ")");
    sized = replace_all(sized, "40000)", std::to_string(2 * std::stol(rows)) + ")");
    if (const auto done = connection->run(sized); !done)
      return done.error().in("schema of " + part.name);
  }
  TRY(connection->run(kRights));
  TRY(connection->run("vacuum analyze"));
  const auto broken =
      TRY(broken_now(*connection, {"app", part.old_release, OldRelease::How::Execute}, false));
  if (broken.empty()) return ok();
  return Error(Code::Internal, fmt::format("{} of {} does not work before any migration: {}",
                                           broken[0].statement, part.name, broken[0].why));
}

Result<std::string> World::copy(const Part& part, const Case& one) {
  const std::string name = fmt::format("copy_{}", ++copies_);
  TRY(admin_->run(fmt::format("create database {} template {}", name, part.name)));
  auto connection = TRY(connect(name));
  for (const auto& statement : statements_of(one.earlier)) {
    if (const auto done = connection->run(statement); !done)
      return done.error().in("earlier than " + one.name);
  }
  return name;
}

Result<void> World::drop(const std::string& database) {
  TRY(admin_->run("drop database " + database + " with (force)"));
  return ok();
}

Result<Effect> World::apply_alone(rehearsal::Tracer& tracer, const std::string& statement,
                                  const std::string& database) {
  auto watcher = connect(database);
  if (!watcher) return watcher.error();
  return tracer.apply_alone(statement, **watcher);
}

// The statements before the last prepare; the last one's effect is the case's. What breaks is
// compared with the world before all of them.
Result<Effect> World::apply(OldRelease& old, const Case& one, Connection& connection,
                            const std::string& database) {
  io::SystemClock clock;
  auto tracer = rehearsal::Tracer::begin(connection, clock);
  if (!tracer) return tracer.error();
  const auto before = TRY(broken_now(connection, old, !one.is_alone));
  const auto statements = statements_of(one.now);
  for (std::size_t i = 0; i + 1 < statements.size(); ++i) {
    const auto done = connection.run(statements[i]);
    if (!done) return done.error().in(one.name);
  }
  auto measured = one.is_alone ? apply_alone(*tracer, statements.back(), database)
                               : tracer->apply(statements.back());
  if (!measured || measured->failed) return measured;
  Effect effect = *measured;
  auto now = TRY(broken_now(connection, old, !one.is_alone));
  effect.broken = rehearsal::newly_broken(before, std::move(now));
  return effect;
}

Result<Effect> World::measure_in(const Part& part, const Case& one, const std::string& database) {
  auto connection = TRY(connect(database));
  OldRelease old{"app", part.old_release, OldRelease::How::Execute};
  if (one.is_alone) return apply(old, one, *connection, database);
  TRY(connection->run("begin"));
  auto out = apply(old, one, *connection, database);
  TRY(connection->run("rollback"));
  return out;
}

Result<Effect> World::measure(const Part& part, const Case& one) {
  if (one.earlier.empty() && !one.is_alone) return measure_in(part, one, part.name);
  const std::string database = TRY(copy(part, one));
  auto out = measure_in(part, one, database);
  TRY(drop(database));
  return out;
}

}  // namespace slipway::database::corpus

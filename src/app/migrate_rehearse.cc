// slipway migrate rehearse: migrations on a scratch database, measured, the old release beside
// them.
#include <fmt/core.h>

#include "app/backup.h"
#include "app/migrate_files.h"
#include "app/rehearsal_ground.h"
#include "app/verbs.h"
#include "cli/target.h"
#include "database/postgres/connection.h"
#include "database/postgres/url.h"
#include "database/rehearsal/rehearse.h"

namespace slipway::app {
namespace {
using database::postgres::Connection;
using database::rehearsal::Rehearsal;
using database::rehearsal::Terms;

// What tells one database from another wherever its address points.
Result<std::string> identity_of(Connection& connection) {
  const auto said = TRY(connection.value(
      "select system_identifier || '/' || current_database() from pg_control_system()"));
  return said.value_or("");
}

Result<void> ask_statements(const std::string& url, Terms& terms) {
  auto production = TRY(Connection::open(url, "slipway migrate rehearse"));
  terms.old.statements = TRY(database::rehearsal::statements_of(*production));
  return ok();
}

// The old release's statements and production's rows; production is only asked.
Result<void> ask_production(const std::string& url, Connection& scratch, Terms& terms) {
  if (url.empty()) return ok();
  auto production = TRY(Connection::open(url, "slipway migrate rehearse"));
  if (TRY(identity_of(*production)) == TRY(identity_of(scratch)))
    return Error(Code::Refused,
                 fmt::format("--on is the same database as --database: {}",
                             database::postgres::without_password(url)),
                 "rehearse on a restored backup or a copy of the schema; it is changed");
  terms.production_rows = TRY(database::rehearsal::rows_of_tables(*production));
  terms.old.statements = TRY(database::rehearsal::statements_of(*production));
  return ok();
}

// A scratch database that somebody named, or a backup restored for this.
struct Place {
  std::unique_ptr<database::rehearsal::Stage> stage;  // nullptr: it was named
  database::rehearsal::Ground ground;
  std::string scratch;
  std::string production;  // "": nobody asks it
};

Result<Place> restored_place(cli::Session& session, Json& details, const Abandon& abandon) {
  const auto& given = session.given();
  const auto loaded = TRY(cli::load_file(session, details));
  const auto environment = TRY(cli::pick_environment(loaded.config, given.text("--on-backup")));
  const auto settings = TRY(backup_settings(
      loaded.config.environments.at(environment).database,
      {loaded.config.app, environment, loaded.file.folder, session.state_folder(), {}, {}}));
  auto grounded = TRY(ground_on_backup(
      settings, [&](const std::string& said) { session.note(said); }, abandon));
  if (grounded.ground.tool == "pg_dump") TRY(grounded.stage->count_rows());
  Place out{std::move(grounded.stage), std::move(grounded.ground), {}, {}};
  out.scratch = out.stage->url();
  // The backup's own server may be gone: that is no reason not to rehearse.
  if (Connection::open(settings.url, "slipway migrate rehearse")) out.production = settings.url;
  return out;
}

Result<Place> place_of(cli::Session& session, Json& details, const Abandon& abandon) {
  const auto& given = session.given();
  const std::string named = given.text("--on");
  if (!named.empty() && given.has("--on-backup"))
    return Error(Code::Usage, "--on and --on-backup are two places", "leave one of them out");
  if (named.empty() && !given.has("--on-backup"))
    return Error(Code::Usage, "slipway migrate rehearse needs --on URL, or --on-backup ENV",
                 "name a scratch database with the schema of production, which is changed; or an "
                 "environment whose newest backup is restored for this");
  Place out;
  out.scratch = named;
  if (named.empty()) out = TRY(restored_place(session, details, abandon));
  if (given.has("--database")) out.production = given.text("--database");
  return out;
}

Result<Rehearsal> rehearse(cli::Session& session, const Place& place) {
  const auto& given = session.given();
  const auto files = TRY(files_meant(given.all("FILE")));
  std::vector<database::rehearsal::PendingMigration> migrations;
  for (const auto& path : files.meant) migrations.push_back({path, TRY(text_of_file(path))});
  auto connection = TRY(Connection::open(place.scratch, "slipway migrate rehearse"));
  auto watcher = TRY(Connection::open(place.scratch, "slipway migrate rehearse, locks"));
  Terms terms;
  terms.old.role = given.text("--role");
  terms.old.how = database::rehearsal::OldRelease::How::Prepare;
  if (place.stage) {
    // A backup is a copy of production: one has the other's identity, and every row is there.
    connection->hide_values();
    if (!place.production.empty()) TRY(ask_statements(place.production, terms));
  } else {
    TRY(ask_production(place.production, *connection, terms));
  }
  auto out = TRY(database::rehearsal::rehearse(*connection, *watcher, *session.around().clock,
                                               migrations, terms));
  out.ground = place.ground;
  return out;
}

Result<Rehearsal> rehearse(cli::Session& session, Json& details) {
  Abandon abandon;
  const auto place = TRY(place_of(session, details, abandon));
  abandon.give(place.stage.get());
  auto out = rehearse(session, place);
  abandon.give(nullptr);
  if (abandon.is_asked())
    return Error(Code::Aborted, "the rehearsal was stopped", "start it again");
  return out;
}
}  // namespace

int run_migrate_rehearse(cli::Session& session) {
  Json details;
  const auto said = rehearse(session, details);
  if (!said) return session.fail(said.error(), details);
  const auto now = session.around().clock->now();
  if (session.wants_json()) {
    session.show(to_json(*said, now));
  } else {
    session.print(text_of(*said, now));
  }
  return said->is_dangerous() ? facts_of(Code::Refused).exit_code : 0;
}

}  // namespace slipway::app

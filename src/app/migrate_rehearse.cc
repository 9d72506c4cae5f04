// slipway migrate rehearse: migrations on a scratch database, measured, the old release beside
// them.
#include <fmt/core.h>

#include "app/migrate_files.h"
#include "app/verbs.h"
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

Result<Rehearsal> rehearse(cli::Session& session) {
  const auto& given = session.given();
  const std::string scratch = given.text("--on");
  if (scratch.empty())
    return Error(Code::Usage, "slipway migrate rehearse needs --on URL",
                 "name a scratch database with the schema of production: it is changed");
  const auto files = TRY(files_meant(given.all("FILE")));
  std::vector<database::rehearsal::PendingMigration> migrations;
  for (const auto& path : files.meant) migrations.push_back({path, TRY(text_of_file(path))});
  auto connection = TRY(Connection::open(scratch, "slipway migrate rehearse"));
  auto watcher = TRY(Connection::open(scratch, "slipway migrate rehearse, locks"));
  Terms terms;
  terms.old.role = given.text("--role");
  terms.old.how = database::rehearsal::OldRelease::How::Prepare;
  TRY(ask_production(given.text("--database"), *connection, terms));
  return database::rehearsal::rehearse(*connection, *watcher, *session.around().clock, migrations,
                                       terms);
}
}  // namespace

int run_migrate_rehearse(cli::Session& session) {
  const auto said = rehearse(session);
  if (!said) return session.fail(said.error());
  if (session.wants_json()) {
    session.show(to_json(*said));
  } else {
    session.print(text_of(*said));
  }
  return said->is_dangerous() ? facts_of(Code::Refused).exit_code : 0;
}

}  // namespace slipway::app

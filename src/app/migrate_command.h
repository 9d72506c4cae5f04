#pragma once
// The team's own command, which runs one migration that is a program: against the database, or
// against a scratch server.
#include <string>

#include "app/migrate.h"
#include "database/postgres/scratch_server.h"

namespace slipway::app {

// Refused when it is a command for development: it would reset or push a schema.
Result<void> refuse_development(const std::string& command);
// It finds the database in DATABASE_URL. CommandFailed with its last words.
Result<void> run_command(const Migrating& what, const database::migrations::Migration& migration);

// The same against `database` of a scratch server, as `role` ("": its superuser). Whatever says
// where a database is says the scratch one; where the system lets us, nothing else can be reached,
// as the command has no network.
Result<void> run_on_scratch(const Migrating& what, const database::migrations::Migration& migration,
                            const database::postgres::ScratchServer& server,
                            const std::string& database, const std::string& role);
// For a Runner on a copy of the database: that it is a copy is known.
database::migrations::Settings settings_on_scratch(database::migrations::Settings settings);
database::migrations::Leave leave_on_scratch();

}  // namespace slipway::app

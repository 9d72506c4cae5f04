#pragma once
// Pending migrations that are programs, as SQL: each is run by its own command on a copy of the
// scratch database, and what it says there is written down.
#include <map>
#include <string>
#include <vector>

#include "app/migrate.h"
#include "database/rehearsal/captured.h"
#include "database/rehearsal/stage.h"

namespace slipway::app {

struct Capture {
  std::map<std::string, database::rehearsal::Captured> by_id;
  std::string trouble;  // why one of them, and what comes behind it, is not there; "": all are
};
// Needs the command, and nobody connected to the stage's database, which is copied and not changed.
// `what.url` is asked for the rows of the tool's own table when the stage has no rows, and whether
// it is as it was afterwards: a command that changed production in spite of all is an Error.
Result<Capture> capture_programs(const Migrating& what, const database::migrations::Look& seen,
                                 database::rehearsal::Stage& stage, bool has_rows,
                                 const std::function<void(const std::string&)>& tell);

// The names of the tool's own tables, without their schema: what it says about them is no
// migration.
std::vector<std::string> book_tables(const std::string& book);

}  // namespace slipway::app

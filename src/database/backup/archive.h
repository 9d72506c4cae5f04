#pragma once
// Getting changes into the repository and seeing that they are there.
#include <string>

#include "base/result.h"
#include "database/backup/tool.h"
#include "database/postgres/connection.h"

namespace slipway::database::backup {

// Ends the WAL file that holds `lsn` and waits until PostgreSQL says that it is archived. Timeout,
// or CommandFailed when archive_command fails meanwhile.
Result<void> archive_up_to(postgres::Connection& connection, const std::string& lsn,
                           const World& world, Millis patience);
// Everything that is committed now; a commit follows it, so that a restore to this moment has
// something to stop at.
Result<void> archive_all(postgres::Connection& connection, const World& world, Millis patience);

}  // namespace slipway::database::backup

#pragma once
// A new migration, empty, named as its tool would name it. Pure.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "database/migrations/folder.h"

namespace slipway::database::migrations {

// The files to write, by their path below the folder. `name`: words, "add status to orders".
// Unsupported for tools whose files are programs or made from a schema.
Result<std::vector<File>> new_migration(Tool tool, const Folder& folder, const std::string& name,
                                        Phase phase, WallTime now);

}  // namespace slipway::database::migrations

#pragma once
// The restore points made so far: points.jsonl in a folder, one line each. A line that was cut off
// by a crash is passed over: its point was never told to anybody.
#include <string>
#include <vector>

#include "base/result.h"
#include "database/backup/catalogue.h"
#include "database/backup/tool.h"
#include "io/files.h"

namespace slipway::database::backup {

std::vector<RestorePoint> read_points(const std::string& folder);
Result<void> add_point(const std::string& folder, const RestorePoint& point);
// Keeps only those from `oldest` on.
Result<void> forget_points(const std::string& folder, WallTime oldest);
// Letters, digits, '_', '-' and '.', at most 63 bytes: fit for PostgreSQL and for a file name.
Result<void> check_point_name(const std::string& name);

// LeaseHeld with the holder's pid when another backup of this repository runs.
Result<io::FileLock> lock_folder(const std::string& folder);
// The same, once the one that runs has ended: it is waited for at most `patience`, which is said as
// the progress of the phase "waiting".
Result<io::FileLock> lock_folder_after_others(const std::string& folder, const World& world,
                                              Millis patience);

}  // namespace slipway::database::backup

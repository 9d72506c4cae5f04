#pragma once
// The heartbeat: a row with the time, written again and again, so that the age of the newest one
// the archive has is what would be lost now. A promise is not a measurement.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::watch {

// Writes a row into slipway.heartbeat (made when it is not there; a day of rows is kept), and tells
// the age in seconds of the newest row whose commit is in the archive up to the file `archived`;
// when there is none yet, that of the oldest row. Rounded up by at most one beat.
Result<double> beat(postgres::Connection& connection, const std::string& archived);

// Where the WAL ends that is in a file: "000000010000000000000003" of 16 MiB -> "0/4000000".
// nullopt when the name is no WAL file's.
std::optional<std::string> end_of(std::string_view file, std::int64_t segment_bytes);

}  // namespace slipway::database::watch

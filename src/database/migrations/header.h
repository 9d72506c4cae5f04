#pragma once
// What a file says to slipway in its first comment lines:
//   -- slipway: phase=contract, transaction=none, timeout=5m, ack=drop-column
//   -- slipway: phase=data, table=orders, key=id, batch=5000
// An older form, `-- slipway: contract`, names the phase alone. Any tool's SQL may say it.
#include <string>
#include <string_view>

#include "base/result.h"
#include "database/migrations/migration.h"

namespace slipway::database::migrations {

// Fills in what the header of `text` says. Malformed when a key or a value is not known: a typo
// must not turn a contract into an expand.
Result<void> read_header(std::string_view text, Migration& migration);

// Phase by the name of the file: 0007_drop_old.contract.sql. Unknown when the name says nothing.
Phase phase_by_name(std::string_view file_name);
// The name without .sql and without .expand, .data or .contract before it.
std::string stem_of(std::string_view file_name);

}  // namespace slipway::database::migrations

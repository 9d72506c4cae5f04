#pragma once
// The parts of a backfill that need no database (docs/formats/migrations.md): the statement of a
// phase=data file runs once per batch with the first and the last key of the batch.
#include <cstdint>
#include <string>

#include "base/result.h"
#include "database/migrations/migration.h"

namespace slipway::database::migrations {

// The statement of the file with `:from` and `:to` replaced by `from` and `to`, which are SQL.
// Malformed when it is not exactly one statement, or does not have both.
Result<std::string> batch_statement(const Migration& migration, const std::string& from,
                                    const std::string& to);

// How many rows the next batch has, so that it takes 200 to 500 ms.
std::int64_t next_batch(std::int64_t rows, Millis took);

}  // namespace slipway::database::migrations

#pragma once
// What lint wants to know about a database, read from its catalogue: no row of a table is looked
// at.
#include "database/lint/schema.h"
#include "database/postgres/connection.h"

namespace slipway::database::rehearsal {

// Complete: what is not in it does not exist. Row counts are those of the last ANALYZE,
// grown with the table; of one never analyzed, the most that its pages can hold.
Result<lint::Schema> read_schema(postgres::Connection& connection);

}  // namespace slipway::database::rehearsal

#pragma once
// What is left of a statement that cannot be in a transaction and was cut off: looked up in the
// catalogue, and cleaned away so that the statement can be run again.
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/script.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

enum class Standing { Nothing, Part, All };  // Nothing: or nothing that can be told
Result<Standing> standing_of(postgres::Connection& database, const Alone& alone);

// Removes the invalid index, ends the half-done DETACH. What was done, for people; empty: nothing
// had to be. Never touches a valid index.
Result<std::vector<std::string>> clean(postgres::Connection& database, const Alone& alone);

}  // namespace slipway::database::migrations

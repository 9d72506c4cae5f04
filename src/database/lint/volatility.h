#pragma once
// Does an expression give another value for each row?
#include "database/lint/schema.h"

namespace slipway::database::lint {
// A call of a function that is, or may be, VOLATILE. Functions of the team's own are volatile
// unless the schema says otherwise, as PostgreSQL holds it.
bool is_volatile(const Json& expression, const Schema& schema);
// A call of a function that is neither PostgreSQL's own nor known to be harmless.
bool calls_own_function(const Json& expression, const Schema& schema);
}  // namespace slipway::database::lint

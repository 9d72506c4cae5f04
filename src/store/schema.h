#pragma once
// The tables of docs/formats/store.md and the way from each version to the next.
#include "base/result.h"
#include "store/sqlite.h"

namespace slipway::store {

inline constexpr std::int64_t kApplicationId = 0x736c7779;  // "slwy"
inline constexpr std::int64_t kSchemaVersion = 3;

// Refuses another program's database and a newer slipway's, without touching either.
Result<void> check_identity(Database& database);
// check_identity, then WAL and every missing migration, each in its own transaction.
Result<void> bring_up_to_date(Database& database);

}  // namespace slipway::store

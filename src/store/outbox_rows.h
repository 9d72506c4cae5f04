#pragma once
// Queries on `notices` and `deliveries`. The caller holds the connection, and a transaction for
// writes.
#include "ports/outbox.h"
#include "store/sqlite.h"

namespace slipway::store {

// A known key is left as it is: the notice was told before.
Result<void> put_notice(Database& database, const ports::Telling& telling);
Result<std::vector<ports::Delivery>> read_due(Database& database, std::int64_t now_ms, int most);
Result<void> keep_attempt(Database& database, const ports::Delivery& delivery);
Result<std::vector<ports::Notice>> read_notices(Database& database, const std::string& release);
Result<std::vector<ports::Delivery>> read_deliveries(Database& database,
                                                     const std::string& release);
Result<int> prune_notices(Database& database, std::int64_t before_ms, int most);

}  // namespace slipway::store

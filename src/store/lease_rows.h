#pragma once
// Queries on `leases` and `live`. The caller holds the connection, and a transaction for writes.
#include "ports/store.h"
#include "store/sqlite.h"

namespace slipway::store {

Result<std::optional<ports::Lease>> read_lease(Database& database, const ports::AppRef& app);
Result<ports::Lease> take_lease(Database& database, const ports::AppRef& app,
                                const std::string& owner, const std::string& release);
// Frees it only when `lease.release` still holds it: the next release's lease is not this writer's.
Result<void> free_lease(Database& database, const ports::Lease& lease);
Result<void> fence(Database& database, const ports::Lease& writer);

Result<ports::LiveRow> read_live(Database& database, const ports::AppRef& app);
Result<void> set_live(Database& database, const ports::AppRef& app, const ports::LiveRow& row);
// Every app and environment that any table knows, in order.
Result<std::vector<ports::AppRef>> known_apps(Database& database);

}  // namespace slipway::store

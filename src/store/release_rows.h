#pragma once
// Queries on `releases`. The caller holds the connection, and a transaction for writes.
#include "ports/store.h"
#include "store/sqlite.h"

namespace slipway::store {

Result<ports::ReleaseRow> create_release(Database& database, ports::ReleaseRow row);
Result<void> end_release(Database& database, const std::string& release, const std::string& outcome,
                         const std::string& reason, std::int64_t ended_ms);
Result<ports::ReleaseRow> read_release(Database& database, const std::string& id);
Result<std::vector<ports::ReleaseRow>> read_releases(Database& database, const ports::AppRef& app,
                                                     int most);
Result<std::vector<ports::ReleaseRow>> read_unfinished(Database& database);
// Empty text while it runs; nullopt when there is no such release.
Result<std::optional<std::string>> read_outcome(Database& database, const std::string& id);

}  // namespace slipway::store

#pragma once
// Queries on `incidents`. The caller holds the connection, and a transaction for writes.
#include "ports/incident.h"
#include "store/sqlite.h"

namespace slipway::store {

Result<ports::IncidentRow> create_incident(Database& database, ports::IncidentRow row);
Result<void> keep_incident(Database& database, const ports::IncidentRow& row);
Result<ports::IncidentRow> read_incident(Database& database, const std::string& id);
Result<std::vector<ports::IncidentRow>> read_incidents(Database& database,
                                                       const ports::AppRef& app, int most);
Result<std::vector<ports::IncidentRow>> read_open_incidents(Database& database);

}  // namespace slipway::store

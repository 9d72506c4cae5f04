#pragma once
// Who holds the tables that a migration wants. A short lock that queues behind a long transaction
// stops every query of the table; so the long ones are waited for first, without queueing.
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/world.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

struct Holder {
  int pid = 0;
  std::string application;
  std::string user;
  Millis age{0};
  std::string relation;
  bool is_autovacuum = false;
  std::string text() const;  // "process 4711 (report), open for 12 s, holds orders"
  Json json() const;
};

// Of the transactions that are older than `age` and hold one of the relations: the oldest first.
Result<std::vector<Holder>> holders_of(postgres::Connection& database,
                                       const std::vector<std::string>& relations, Millis age);

// Waits until there are none, or `until` (the clock's monotonic) has come: then Timeout, naming
// them. Autovacuum makes way by itself for a lock that waits for a second, which ours never does:
// it is asked to.
Result<void> wait_for_holders(postgres::Connection& database,
                              const std::vector<std::string>& relations,
                              const std::string& migration, Millis until, World& world);

}  // namespace slipway::database::migrations

#pragma once
// What a database promises those who write to it, and what it demands of them: read from the
// catalogue before and after a statement, it shows what PREPARE cannot, as values and constraints
// are met only when rows are.
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "database/postgres/connection.h"
#include "database/rehearsal/effect.h"

namespace slipway::database::rehearsal {

struct Promise {
  std::int64_t relation = 0;  // 0: of no relation
  std::vector<int> columns;
  std::string topic;        // the same when names change; "": there is no such thing
  std::string what;         // "t.status must be given", "enum value mood.ok"
  std::int64_t amount = 0;  // more is easier: "t.b holds n characters"
  bool is_demand = true;    // a new one breaks; otherwise: one that is gone breaks
  bool spares_new = false;  // it means nothing to who does not know its columns
};

struct Promises {
  std::vector<Promise> all;
  std::set<std::int64_t> relations;
  std::set<std::pair<std::int64_t, int>> columns;
};
// `role`: who writes; empty: nobody's rights are looked at.
Result<Promises> read_promises(postgres::Connection& connection, const std::string& role);

// Demands on relations that were there before which are new or harder, and offers that are gone.
std::vector<Broken> broken_promises(const Promises& before, const Promises& after);

}  // namespace slipway::database::rehearsal

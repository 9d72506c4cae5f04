#pragma once
// What lint and rehearsal together hold against pending migrations: lint knows what rows and values
// would do, the rehearsal what the statements did; who wrote a file may have acknowledged either.
// Pure.
#include <string>
#include <string_view>
#include <vector>

#include "database/lint/check.h"
#include "database/rehearsal/rehearse.h"

namespace slipway::database::rehearsal {

struct Danger {
  std::string migration;
  int line = 1;
  std::string what;  // "blocks: orders: the table cannot be written while the index is built"
  std::string next;
  std::string text() const;  // "0007_x.sql:3: blocks: …"
};

struct Judged {
  std::string name;
  std::string phase;  // expand, data, contract
  std::vector<lint::Finding> findings;
};

// `rehearsal`: nullptr when nothing could be rehearsed; lint's word stands alone then.
std::vector<Danger> dangers_of(const std::vector<Judged>& migrations, const Rehearsal* rehearsal);

}  // namespace slipway::database::rehearsal

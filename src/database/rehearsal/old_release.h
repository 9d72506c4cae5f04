#pragma once
// What the release before the migration says to the database, said again: does it still work?
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "database/postgres/connection.h"
#include "database/rehearsal/effect.h"

namespace slipway::database::rehearsal {

struct OldStatement {
  std::string name;  // "orders.insert"; for a text of pg_stat_statements the text itself
  std::string text;
};

struct OldRelease {
  std::string role;  // who says it; empty: the connection's own
  std::vector<OldStatement> statements;
  // Execute: the texts have values in them and are run, each taken back at once. Prepare: they have
  // $1, $2 … and are only prepared, which sees tables, columns and types, but no values and no
  // rights.
  enum class How { Execute, Prepare } how = How::Execute;
};

// What does not work now, with the world's word for it. In a transaction that is open, which is
// left as it was. In the order of the statements.
Result<std::vector<Broken>> find_broken(postgres::Connection& connection, const OldRelease& old);

// Those of `now` whose statements are not in `before`.
std::vector<Broken> newly_broken(const std::vector<Broken>& before, std::vector<Broken> now);

// A text of pg_stat_statements as PREPARE takes it: `interval $1` -> `$1::interval`, `extract($1
// from x)` -> `date_part($1, x)`. Others come back as they are.
std::string preparable(std::string_view normalised);

}  // namespace slipway::database::rehearsal

#pragma once
// Applies statements to a database and measures each: the locks in pg_locks, the files in pg_class,
// the rows in the statistics views. For scratch databases only: it looks at every relation twice
// for every statement.
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "database/postgres/connection.h"
#include "database/rehearsal/effect.h"

namespace slipway::database::rehearsal {

// What one look at the catalogue saw, by oid.
struct Relation {
  std::string name;       // without the schema when that is public
  std::string quoted;     // as a statement must write it
  char kind = 'r';        // pg_class.relkind
  std::int64_t file = 0;  // 0: it has none
  std::int64_t rows = 0;  // as the last ANALYZE counted them; an index has its table's
  std::vector<std::string> columns;
};
using Relations = std::map<std::int64_t, Relation>;

struct Counts {
  std::int64_t read = 0;     // by sequential scans, and out of indexes alone
  std::int64_t scans = 0;    // sequential ones that were begun
  std::int64_t changed = 0;  // updated or deleted
};
using CountsByRelation = std::unordered_map<std::int64_t, Counts>;

class Tracer {
 public:
  // Whether tables have rows, or only counts of them in pg_class: then a table that DDL reads
  // counts with its count, and none is ever found emptied.
  enum class Rows { InTables, Counted };
  // Looks at what is there: the relations an Effect tells about. `clock` measures how long it
  // takes.
  static Result<Tracer> begin(postgres::Connection& connection, Clock& clock,
                              Rows rows = Rows::InTables);

  // In the transaction that is open. When the statement fails, the transaction is over, the Effect
  // says why, and the Result is a value: only a lost connection is an Error.
  Result<Effect> apply(const std::string& statement);

  // Outside of a transaction, for what a transaction block refuses: `watcher`, another connection,
  // looks at the locks every millisecond meanwhile. A lock held for less may be missed.
  Result<Effect> apply_alone(const std::string& statement, postgres::Connection& watcher);

 private:
  Tracer(postgres::Connection& connection, Clock& clock, Rows rows)
      : connection_(&connection), clock_(&clock), rows_(rows) {}
  Result<Effect> measure(const std::string& statement,
                         const std::function<Result<void>(Effect&)>& run, const char* statistics);
  void tell_counts(const CountsByRelation& before, const CountsByRelation& after, bool counts_scans,
                   Effect& effect) const;
  Result<void> compare(const Relations& before, Effect& effect);
  Result<void> count_emptied(const Relations& before, const Relations& after, Effect& effect);

  postgres::Connection* connection_;
  Clock* clock_;
  Rows rows_;
  Relations first_;
};

Result<Relations> look_at_relations(postgres::Connection& connection);

}  // namespace slipway::database::rehearsal

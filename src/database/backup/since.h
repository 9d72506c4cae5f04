#pragma once
// What was written since a restore point: PostgreSQL's own counters of every table, kept beside the
// point, and read again when somebody wants to go back there.
//
// What they know: rows inserted, changed and removed, by table. What they do not: which rows; that
// a transaction was rolled back (its rows count); the last second (they are told a moment later);
// anything before a crash of the server, which empties them. That is said, never guessed over.
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "database/backup/catalogue.h"
#include "database/postgres/connection.h"

namespace slipway::database::backup {

struct TableCounters {
  std::string table;  // "public.orders"
  std::int64_t id = 0;
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t deleted = 0;
};
struct Counters {
  std::string begun;  // since when they count; another value than before: they were emptied
  std::vector<TableCounters> tables;
};
Json to_json(const Counters& counters);
Counters counters_from_json(const Json& json);
Result<Counters> read_counters(postgres::Connection& connection);

struct TableChange {
  enum class How {
    Written,  // rows were, so many of each
    New,      // it was made since: all of it goes
    Gone,     // it was dropped since: it comes back
    Unknown,  // its counter runs backwards: emptied, or made anew under its name
  };
  How how = How::Written;
  TableCounters rows;        // since then
  std::string text() const;  // "public.orders: 1204 rows inserted, 13 changed"
};
// Tables in which nothing changed are left out.
std::vector<TableChange> changes_between(const Counters& then, const Counters& now);

struct SinceThen {
  RestorePoint point;
  std::vector<TableChange> tables;
  std::string unknown;          // why nothing could be counted; "" when it was
  std::int64_t log_bytes = -1;  // of changes in the write-ahead log; -1: nobody knows
};
std::vector<std::string> lines_of(const SinceThen& since, WallTime now);
Json to_json(const SinceThen& since);

// Beside the points of a folder. One that cannot be kept makes no point worse: it is not counted.
void keep_counters(const std::string& folder, const std::string& point,
                   postgres::Connection& connection);
void forget_counters(const std::string& folder, const std::string& point);
Result<SinceThen> since_point(const std::string& folder, const RestorePoint& point,
                              postgres::Connection& connection);

}  // namespace slipway::database::backup

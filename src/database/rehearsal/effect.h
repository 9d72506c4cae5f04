#pragma once
// What one statement did to a database, measured and not guessed.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::database::rehearsal {

// PostgreSQL's table locks, the weakest first.
enum class LockMode {
  None,
  AccessShare,
  RowShare,
  RowExclusive,
  ShareUpdateExclusive,
  Share,
  ShareRowExclusive,
  Exclusive,
  AccessExclusive,
};
LockMode lock_mode(std::string_view name);  // "AccessExclusiveLock", as pg_locks writes it
std::string_view name_of(LockMode mode);
// From Share on a lock stops those who write.
inline bool stops_writers(LockMode mode) { return mode >= LockMode::Share; }

struct HeldLock {
  std::string relation;  // "t", "other_schema.t"
  LockMode mode = LockMode::None;
};
struct Touched {
  std::string relation;
  std::int64_t rows = 0;
};
// A statement of the release before that worked and does not any more.
struct Broken {
  std::string statement;  // its name, or its text
  std::string sqlstate;   // "" when a rule found it
  std::string why;
};

struct Effect {
  bool failed = false;
  std::string sqlstate;
  std::string message;
  // Relations that were there before the migration; the strongest lock the transaction holds on
  // each when the statement is done, those of the statements before it included.
  std::vector<HeldLock> locks;
  std::vector<Touched> rewritten;  // their file is another one; rows before
  std::vector<Touched> scanned;    // rows read one after the other, by this statement
  std::vector<Touched> changed;    // rows updated or deleted by it
  std::vector<std::string> gone;   // "table t", "column t.a" that held rows, "rows of t"
  std::vector<Broken> broken;
  Micros took{0};
};

// The ways a statement can hurt. The order is that of a report.
struct Harms {
  bool fails = false;
  bool blocks = false;   // long work under a lock that stops writers
  bool breaks = false;   // the release before it
  bool loses = false;    // rows, columns or tables
  bool in_bulk = false;  // very many rows in one statement
  bool any() const { return fails || blocks || breaks || loses || in_bulk; }
  std::vector<std::string> words() const;
};
// `long_rows`: how many rows make a rewrite, a scan or a change long.
Harms harms_of(const Effect& effect, std::int64_t long_rows);

Json to_json(const Effect& effect);

}  // namespace slipway::database::rehearsal

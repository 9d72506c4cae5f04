#pragma once
// A migration as every tool's folder is read into: what to run, what to write into the tool's book.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace slipway::database::migrations {

enum class Tool {
  Plain,
  Prisma,
  Drizzle,
  Dbmate,
  GolangMigrate,
  Flyway,
  NodePgMigrate,
  Knex,
  Command
};
std::string_view name_of(Tool tool);  // "sql", "prisma", "golang-migrate" …
std::optional<Tool> tool_named(std::string_view name);

// When it may run beside the releases: expand before the new one, contract when no release needs
// the old shape any more, a backfill between the two; it is called data where people write it.
enum class Phase { Unknown, Expand, Backfill, Contract };
std::string_view name_of(Phase phase);
std::optional<Phase> phase_named(std::string_view name);

// What the file says about its transaction. Automatic: none when it is one statement that cannot be
// in one.
enum class Wrap { Automatic, Transaction, None };

struct Script {
  std::string text;
  Wrap wrap = Wrap::Automatic;
};

// A backfill: `up` runs once per batch of `rows` rows of `table`, in the order of `key`.
struct Batches {
  std::string table;
  std::string key;
  std::int64_t rows = 1000;
};

struct Migration {
  enum class Kind { Versioned, Repeatable, Baseline };

  std::string id;    // as the tool's book names it
  std::string name;  // for people
  std::string path;  // below the folder
  Script up;
  std::optional<Script> down;
  std::string checksum;  // as the tool computes it; empty: it keeps none
  Phase phase = Phase::Unknown;
  // When phase is Unknown: what its statements make it, and why they are of several phases; "".
  Phase derived = Phase::Expand;
  std::string mixed;
  Kind kind = Kind::Versioned;
  bool is_delegated = false;      // code: only its own tool can run it
  std::string trouble;            // not empty: why slipway cannot run it
  std::optional<Millis> timeout;  // statement_timeout
  std::vector<std::string> acks;  // rules of the lint that the author has seen
  std::optional<Batches> batches;
  std::int64_t when = 0;    // Drizzle: `when` of its journal
  std::string description;  // Flyway
};

}  // namespace slipway::database::migrations

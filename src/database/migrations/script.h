#pragma once
// How a script is run: in one transaction, or statement by statement because one of them cannot be
// in a transaction. Pure.
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/migration.h"

namespace slipway::database::migrations {

// A statement that cannot be in a transaction, and what it works on: what is needed to find out
// after a crash how far it got.
struct Alone {
  enum class Kind { CreateIndex, DropIndex, Reindex, Detach, Other };
  Kind kind = Kind::Other;
  std::string table;  // quoted; "" when the statement does not say
  std::string index;  // quoted, of CreateIndex without its schema; "" when the statement has none
  std::string partition;
  bool may_exist = false;  // IF NOT EXISTS
};

struct Step {
  std::string text;
  int line = 1;
  std::optional<Alone> alone;
  bool is_setting = false;  // SET, RESET: of the session, so said again when a script is resumed
};

struct Steps {
  enum class Way { OneTransaction, OneByOne };
  Way way = Way::OneTransaction;
  std::vector<Step> steps;
};

// Refused with what to do: a mixed file, psql's \commands, transactions of its own in the middle,
// an index that is built CONCURRENTLY and has no name.
Result<Steps> steps_of(const Migration& migration, const Script& script);

std::optional<Alone> alone_of(std::string_view statement);

// The names whose relations a statement may want a lock on that stops others: of DDL, not of rows
// being written or read, nor of VALIDATE CONSTRAINT, which stops nobody.
std::vector<std::string> locked_names(std::string_view statement);

// Every name in the statement that could be a relation's, quoted for to_regclass(). Too many is
// fine: they are looked up, and what is no relation falls away.
std::vector<std::string> names_in(std::string_view statement);

}  // namespace slipway::database::migrations

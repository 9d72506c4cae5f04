#pragma once
// A migration that is a program, seen from the server: what it said, out of the server's log, as a
// migration in SQL that can be read, linted and measured. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::database::rehearsal {

// The role that programs log in with on a scratch server: what it says is logged, and nothing else.
inline constexpr const char* kCaptured = "slipway_captured";
// Makes that role; statements for a superuser.
std::vector<std::string> capturing_role();

struct Said {
  int session = 0;   // the server's process: a program may have several
  std::string text;  // with its parameters put in
};
// What kCaptured said in a piece of the log, in order. The log has the prefix "%m [%p] %u " and
// English words.
std::vector<Said> said_in_log(std::string_view log);

struct Captured {
  std::string text;  // one statement after the other, each beginning a line, with slipway's header
  std::size_t statements = 0;
  bool in_transaction = true;  // the program ran all of them in one
};
// What of it is the migration: not the tool's own looks at the catalogue and at its `book` tables
// ("knex_migrations"), no transaction control, nothing that was rolled back. `head`: lines for its
// header ("-- slipway: ack=drop-column"). Unsupported when it is more than `most` statements, or
// moves rows by COPY, which no log holds.
Result<Captured> migration_of(const std::vector<Said>& said, const std::vector<std::string>& book,
                              const std::string& head, std::size_t most = 500);

// The acknowledgements in the comments of a program's text: "// slipway: ack=drop-column" becomes
// "-- slipway: ack=drop-column\n".
std::string acknowledged_in(std::string_view program);

}  // namespace slipway::database::rehearsal

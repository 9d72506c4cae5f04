#pragma once
// One migration's text against the rules: a pure function of the text and of what is known about
// the database. Findings come in the order of the text.
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "database/lint/rules.h"
#include "database/lint/schema.h"

namespace slipway::database::lint {

struct Finding {
  const Rule* rule = nullptr;
  std::string subject;           // "t.status"
  int line = 1;                  // from 1
  int column = 1;                // in bytes, from 1
  bool is_acknowledged = false;  // on record in the file's header, or allowed by its phase
};

// What a file says about itself: `-- slipway: phase=contract, ack=drop-column, ack=rename-table`.
struct Header {
  std::string phase;  // "", "expand", "data", "contract"
  std::vector<std::string> acknowledged;
  bool in_transaction = true;  // `transaction=none`
};
// Of the comments before the first statement.
Header header_of(std::string_view text);

// `schema` comes with what was known before, and leaves with what the migration did to it, not yet
// settled. A migration of the contract phase may break releases that are gone: what only does that
// is acknowledged by the phase. `phase`: what the file's name says; its header wins.
std::vector<Finding> check(std::string_view text, Schema& schema, std::string_view phase = {});

// An UPDATE or DELETE that names its rows by their keys, a short range of them or a LIMIT: as many
// as it says, however large the table is.
bool changes_few_rows(const sql::Parsed& statement, const Schema& schema);

struct Report {
  std::string path;
  std::vector<Finding> findings;
};
// "path:3:1: drop-column: t.status: what it means\n    instead: …\n", for people.
std::string text_of(const Report& report);
Json json_of(const Report& report);
bool has_open(const std::vector<Finding>& findings);  // one that nobody acknowledged

}  // namespace slipway::database::lint

#pragma once
// PostgreSQL's own grammar (that of PG 15, by libpg_query) as Json. Json, not a typed tree: rules
// look at a few members of a few hundred kinds of statements, and a look-up that finds nothing has
// a default, so that a rule reads as one line. The members are called as in PostgreSQL's
// parsenodes.h:
// {"relation": {"relname": "t"}, "cmds": [{"AlterTableCmd": {…}}]}; what is 0, false or empty is
// left out.
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace slipway::database::sql {

struct Parsed {
  std::string kind;  // "AlterTableStmt"
  Json node;         // its members
};

// One statement, with or without its ";". Malformed, in the parser's words, when PG 15 does not
// know it, and when it nests deeper than 1,000 levels: such a statement may be right for a newer
// server, but nobody here has understood it.
Result<Parsed> parse(std::string_view statement);

// "character varying(20)[]" -> the TypeName.
Result<Json> parse_type(std::string_view type);
// "x > 0 AND y" -> the expression, {"BoolExpr": {…}}.
Result<Json> parse_expression(std::string_view expression);

// The SQL inside of a DO block or a function in PL/pgSQL.
struct Embedded {
  std::string text;          // of EXECUTE: the constant, or the expression that makes the statement
  int line = 1;              // of the block, from 1
  bool is_hidden = false;    // EXECUTE of something that is no constant
  bool is_repeated = false;  // it stands in a loop
};
// In the order of the text. Malformed when the body cannot be read.
Result<std::vector<Embedded>> statements_inside(std::string_view block);

// As pg_stat_statements keeps it: values become $1, $2 … Malformed when it cannot be read.
Result<std::string> normalise(std::string_view statement);

// The statement refuses to run in a transaction block: … CONCURRENTLY, VACUUM, ALTER SYSTEM,
// CREATE DATABASE and their like.
bool refuses_transaction(const Parsed& statement);

// The only member of {"ColumnDef": {…}}: its name and what it holds; "" for anything else.
std::pair<std::string_view, const Json*> only_member(const Json& node);
// ["pg_catalog", "int8"] out of [{"String": {"sval": "pg_catalog"}}, …].
std::vector<std::string> names_of(const Json& list);

}  // namespace slipway::database::sql

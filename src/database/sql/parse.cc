#include "database/sql/parse.h"

#include <fmt/core.h>
#include <pg_query.h>

#include <algorithm>

#include "base/text.h"
#include "database/sql/tree.h"

namespace slipway::database::sql {
namespace {
Error not_understood(std::string_view what, const PgQueryError& error) {
  return Error(Code::Malformed,
               fmt::format("{}: {} at character {}", what, error.message, error.cursorpos),
               "look at the statement; PostgreSQL's grammar is known up to version 15 here");
}

// A text of the parser, freed by its own rules.
template <class Answer, void (*Free)(Answer)>
struct Owned {
  Answer answer;
  explicit Owned(Answer given) : answer(given) {}
  ~Owned() { Free(answer); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
};
using Tree = Owned<PgQueryParseResult, pg_query_free_parse_result>;
using Normalised = Owned<PgQueryNormalizeResult, pg_query_free_normalize_result>;
using Blocks = Owned<PgQueryPlpgsqlParseResult, pg_query_free_plpgsql_parse_result>;

// 'text', E'text' or $tag$text$tag$, alone: what it stands for.
Result<std::string> constant_of(std::string_view expression) {
  const Json tree = TRY(parse_expression(expression));
  const Json& value = tree.at("A_Const").at("sval");
  if (!value.is_object())
    return Error(Code::Malformed, "it is not a constant", "write the statement out");
  return value.text("sval");
}

// Walks a PL/pgSQL tree in order; every expression that is a statement is kept.
struct Walk {
  std::vector<Embedded> found;
  int loops = 0;

  void visit(const Json& node, int line) {
    for (const Json& item : node.items()) visit(item, line);
    for (const auto& [name, member] : node.members()) {
      const int begins = static_cast<int>(member.integer("lineno", line));
      const bool is_loop = is_loop_of(name);
      loops += is_loop ? 1 : 0;
      if (name == "PLpgSQL_stmt_dynexecute") {
        keep_dynamic(member.at("query"), begins);
      } else if (name == "PLpgSQL_stmt_execsql") {
        keep(member.at("sqlstmt"), begins);
      } else if (name == "PLpgSQL_stmt_perform" || name == "PLpgSQL_stmt_call") {
        keep(member.at("expr"), begins);
      } else {
        visit(member, begins);
      }
      loops -= is_loop ? 1 : 0;
    }
  }
  static bool is_loop_of(std::string_view name) {
    constexpr std::string_view kLoops[] = {
        "PLpgSQL_stmt_loop", "PLpgSQL_stmt_while",   "PLpgSQL_stmt_fori",     "PLpgSQL_stmt_fors",
        "PLpgSQL_stmt_forc", "PLpgSQL_stmt_dynfors", "PLpgSQL_stmt_foreach_a"};
    return std::find(std::begin(kLoops), std::end(kLoops), name) != std::end(kLoops);
  }
  void keep(const Json& expression, int line) {
    found.push_back({expression.at("PLpgSQL_expr").text("query"), line, false, loops > 0});
  }
  void keep_dynamic(const Json& expression, int line) {
    const std::string text = expression.at("PLpgSQL_expr").text("query");
    const auto constant = constant_of(text);
    found.push_back({constant ? *constant : text, line, !constant, loops > 0});
  }
};
}  // namespace

Result<Parsed> parse(std::string_view statement) {
  const std::string text(statement);
  const Tree tree(pg_query_parse(text.c_str()));
  if (tree.answer.error != nullptr)
    return not_understood("PostgreSQL's parser does not know this", *tree.answer.error);
  Json answer = TRY(read_tree(tree.answer.parse_tree));
  const auto& statements = answer.at("stmts").items();
  if (statements.size() != 1)
    return Error(Code::Malformed,
                 fmt::format("{} where one was expected",
                             count_of(static_cast<long long>(statements.size()), "statement")));
  const auto [kind, node] = only_member(statements[0].at("stmt"));
  return Parsed{std::string(kind), *node};
}

Result<Json> parse_type(std::string_view type) {
  const Json cast = TRY(parse_expression(fmt::format("NULL::{}", type)));
  return cast.at("TypeCast").at("typeName");
}

Result<Json> parse_expression(std::string_view expression) {
  const Parsed select = TRY(parse(fmt::format("SELECT {}", expression)));
  const auto& targets = select.node.at("targetList").items();
  if (targets.size() != 1)
    return Error(Code::Malformed, fmt::format("\"{}\" is not one expression", expression));
  return targets[0].at("ResTarget").at("val");
}

Result<std::vector<Embedded>> statements_inside(std::string_view block) {
  const std::string text(block);
  const Blocks blocks(pg_query_parse_plpgsql(text.c_str()));
  if (blocks.answer.error != nullptr)
    return not_understood("the block cannot be read", *blocks.answer.error);
  Walk walk;
  walk.visit(TRY(read_tree(blocks.answer.plpgsql_funcs)), 1);
  return std::move(walk.found);
}

Result<std::string> normalise(std::string_view statement) {
  const std::string text(statement);
  const Normalised normalised(pg_query_normalize(text.c_str()));
  if (normalised.answer.error != nullptr)
    return not_understood("the statement cannot be read", *normalised.answer.error);
  return std::string(normalised.answer.normalized_query);
}

bool refuses_transaction(const Parsed& statement) {
  const Json& node = statement.node;
  constexpr std::string_view kAlways[] = {"AlterSystemStmt", "CreatedbStmt", "DropdbStmt",
                                          "CreateTableSpaceStmt", "DropTableSpaceStmt"};
  if (std::find(std::begin(kAlways), std::end(kAlways), statement.kind) != std::end(kAlways))
    return true;
  if (statement.kind == "IndexStmt" || statement.kind == "DropStmt") return node.flag("concurrent");
  if (statement.kind == "VacuumStmt") return node.flag("is_vacuumcmd");
  if (statement.kind == "ReindexStmt") {
    const std::string kind = node.text("kind");
    if (kind == "REINDEX_OBJECT_DATABASE" || kind == "REINDEX_OBJECT_SCHEMA") return true;
    for (const Json& option : node.at("params").items()) {
      if (option.at("DefElem").text("defname") == "concurrently") return true;
    }
  }
  for (const Json& item : node.at("cmds").items()) {
    if (item.at("AlterTableCmd").at("def").at("PartitionCmd").flag("concurrent")) return true;
  }
  return false;
}

std::pair<std::string_view, const Json*> only_member(const Json& node) {
  static const Json kNothing;
  if (node.members().size() != 1) return {"", &kNothing};
  return {node.members()[0].first, &node.members()[0].second};
}

std::vector<std::string> names_of(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.items()) out.push_back(item.at("String").text("sval"));
  return out;
}

}  // namespace slipway::database::sql

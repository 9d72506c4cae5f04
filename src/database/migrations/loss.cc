#include "database/migrations/loss.h"

#include <fmt/core.h>

#include <set>

#include "base/text.h"
#include "database/sql/parse.h"
#include "database/sql/split.h"

namespace slipway::database::migrations {
namespace {
using postgres::Connection;

class Counter {
 public:
  explicit Counter(Connection& database) : database_(database) {}

  Result<void> take(const sql::Statement& statement) {
    const auto parsed = sql::parse(statement.text);
    if (!parsed) return unknown("what nobody can read", statement);
    const Json& node = parsed->node;
    if (parsed->kind == "DoStmt" || parsed->kind == "CallStmt")
      return unknown("what a block does", statement);
    if (parsed->kind == "DropStmt") return drop(node);
    if (parsed->kind == "AlterTableStmt") return alter(node);
    if (parsed->kind == "DeleteStmt") return remove(node, statement);
    if (parsed->kind != "TruncateStmt") return ok();
    for (const Json& item : node.at("relations").items())
      TRY(rows(quoted(item.at("RangeVar")), "rows of"));
    return ok();
  }

  std::vector<Loss> losses() { return std::move(out_); }

 private:
  std::string quoted(const Json& relation) const {
    const std::string schema = relation.text("schemaname");
    const std::string name = database_.quote_name(relation.text("relname"));
    return schema.empty() ? name : database_.quote_name(schema) + "." + name;
  }

  void add(std::string what, std::optional<std::int64_t> rows) {
    if (rows && *rows == 0) return;
    if (told_.insert(what).second) out_.push_back({std::move(what), rows});
  }

  Result<void> unknown(const char* what, const sql::Statement& statement) {
    add(fmt::format("{} (line {})", what, statement.line), std::nullopt);
    return ok();
  }

  Result<bool> is_there(const std::string& table) {
    const auto found = TRY(database_.value(
        "select 1 from pg_class where oid = to_regclass($1) and relkind in ('r', 'p', 'm')",
        {table}));
    return found.has_value();
  }

  Result<void> rows(const std::string& table, const char* what) {
    if (!TRY(is_there(table))) return ok();
    const auto counted = TRY(database_.query("select count(*) from " + table));
    add(fmt::format("{} {}", what, table), counted.integer(0, 0));
    return ok();
  }

  Result<void> drop(const Json& node) {
    const std::string kind = node.text("removeType");
    const bool is_schema = kind == "OBJECT_SCHEMA";
    if (is_schema) add("a schema and what is in it", std::nullopt);
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_MATVIEW") return ok();
    for (const Json& object : node.at("objects").items()) {
      std::vector<std::string> parts;
      for (const auto& part : sql::names_of(object.at("List").at("items")))
        parts.push_back(database_.quote_name(part));
      TRY(rows(join(parts, "."), "table"));
    }
    return ok();
  }

  Result<void> alter(const Json& node) {
    const std::string table = quoted(node.at("relation"));
    for (const Json& item : node.at("cmds").items()) {
      const Json& command = item.at("AlterTableCmd");
      if (command.text("subtype") != "AT_DropColumn" || !TRY(is_there(table))) continue;
      const std::string name = command.text("name");
      const auto is_column = TRY(database_.value(
          "select 1 from pg_attribute where attrelid = to_regclass($1) and attname = $2 and "
          "not attisdropped",
          {table, name}));
      if (!is_column) continue;
      const std::string column = database_.quote_name(name);
      const auto counted =
          TRY(database_.query(fmt::format("select count({}) from {}", column, table)));
      add(fmt::format("column {}.{}", table, column), counted.integer(0, 0));
    }
    return ok();
  }

  // All rows are counted; which ones a condition chooses, only it knows.
  Result<void> remove(const Json& node, const sql::Statement& statement) {
    if (node.find("whereClause") == nullptr) return rows(quoted(node.at("relation")), "rows of");
    return unknown("rows that a DELETE chooses", statement);
  }

  Connection& database_;
  std::vector<Loss> out_;
  std::set<std::string> told_;
};
}  // namespace

std::string Loss::text() const {
  if (!rows) return what + ": nobody can tell how much";
  const bool is_column = what.starts_with("column");
  return fmt::format("{}: {}", what, count_of(*rows, is_column ? "value" : "row"));
}

Result<std::vector<Loss>> losses_of(Connection& database, std::string_view down) {
  Counter counter(database);
  for (const auto& statement : TRY(sql::split(down))) TRY(counter.take(statement));
  return counter.losses();
}

Json to_json(const std::vector<Loss>& losses) {
  Json out = Json::array();
  for (const auto& one : losses) {
    Json row = Json::object();
    row.set("what", one.what).set("rows", one.rows ? Json(*one.rows) : Json());
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace slipway::database::migrations

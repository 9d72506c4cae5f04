// UPDATE, DELETE, MERGE, TRUNCATE, and questions that do more than ask.
#include <fmt/core.h>

#include <algorithm>

#include "database/lint/look.h"
#include "database/lint/volatility.h"

namespace slipway::database::lint {
namespace {
bool is_constant(const Json& expression) {
  return columns_in(expression).empty() && expression.find("SubLink") == nullptr;
}

bool is_key(const Look& look, const std::string& table, const std::string& column) {
  for (const auto& [name, index] : look.schema.indexes) {
    if (index.table == table && index.is_unique && index.columns.size() == 1 &&
        index.columns[0] == column)
      return true;
  }
  return false;
}

// How many rows one value of the column stands for, at the most.
std::int64_t rows_of_value(const Look& look, const std::string& table, const std::string& column) {
  if (is_key(look, table, column)) return 1;
  const Table* known = look.schema.table(table);
  const Column* found = known == nullptr ? nullptr : known->column(column);
  if (found != nullptr && found->distinct > 0 && known->rows)
    return static_cast<std::int64_t>(static_cast<double>(*known->rows) / found->distinct);
  // Nobody counted: a column of a known table that is no key may hold one value only.
  return look.schema.is_complete ? kManyRows : 1;
}

std::string column_of(const Json& expression) {
  const auto parts = sql::names_of(expression.at("ColumnRef").at("fields"));
  return parts.empty() ? "" : parts.back();
}

// … LIMIT n inside of IN (SELECT …).
bool is_limited_query(const Json& expression) {
  return expression.at("SubLink").at("subselect").at("SelectStmt").find("limitCount") != nullptr;
}

std::optional<std::int64_t> integer_of(const Json& expression) {
  const Json* value = expression.at("A_Const").find("ival");
  if (value == nullptr) return std::nullopt;
  return value->integer("ival");
}

bool is_short_range(const Json& bounds) {
  const auto& ends = bounds.at("List").at("items").items();
  if (ends.size() != 2) return false;
  const auto from = integer_of(ends[0]), to = integer_of(ends[1]);
  // Bounds that are parameters or expressions: somebody batches.
  if (!from || !to) return is_constant(ends[0]) && is_constant(ends[1]) && !from && !to;
  return *to - *from < kManyRows;
}

bool is_few(const Look& look, const std::string& table, const Json& condition);

bool is_few_by_operator(const Look& look, const std::string& table, const Json& node) {
  const std::string kind = node.text("kind");
  const std::string column = column_of(node.at("lexpr"));
  const Json& right = node.at("rexpr");
  if (column == "ctid" || column.empty()) return column == "ctid";
  const auto each = rows_of_value(look, table, column);
  if (kind == "AEXPR_BETWEEN")
    return is_short_range(right) && (is_key(look, table, column) || !look.schema.is_complete);
  const bool is_equal = sql::names_of(node.at("name")) == std::vector<std::string>{"="};
  if (kind == "AEXPR_OP" && is_equal) return is_constant(right) && each < kManyRows;
  if (kind == "AEXPR_OP_ANY" && is_equal) return is_constant(right) && each < kManyRows;
  const auto values = static_cast<std::int64_t>(right.at("List").at("items").size());
  return kind == "AEXPR_IN" && is_equal && is_constant(right) && each * values < kManyRows;
}

// The condition lets a few rows through: it names their keys, or a limited question does.
bool is_few(const Look& look, const std::string& table, const Json& condition) {
  const auto [kind, node] = sql::only_member(condition);
  if (kind == "A_Expr") return is_few_by_operator(look, table, *node);
  if (kind == "SubLink")
    return node->text("subLinkType") == "ANY_SUBLINK" && is_limited_query(condition);
  if (kind == "A_Const") {
    const Json* value = node->find("boolval");
    return value != nullptr && !value->flag("boolval");
  }
  if (kind != "BoolExpr") return false;
  const auto& parts = node->at("args").items();
  const auto test = [&](const Json& part) { return is_few(look, table, part); };
  if (node->text("boolop") == "AND_EXPR") return std::any_of(parts.begin(), parts.end(), test);
  return node->text("boolop") == "OR_EXPR" && std::all_of(parts.begin(), parts.end(), test);
}

// FROM (or USING) a limited question: one of the WITH by its name, or one in brackets.
bool is_from_limited(const Json& node, const Json& with) {
  for (const char* clause : {"fromClause", "usingClause"}) {
    for (const Json& source : node.at(clause).items()) {
      const Json& query = source.at("RangeSubselect").at("subquery").at("SelectStmt");
      if (query.find("limitCount") != nullptr) return true;
      for (const Json& item : with.at("ctes").items()) {
        const Json& one = item.at("CommonTableExpr");
        const bool is_it = one.text("ctename") == source.at("RangeVar").text("relname");
        const Json& inner = one.at("ctequery").at("SelectStmt");
        if (is_it && inner.find("limitCount") != nullptr) return true;
      }
    }
  }
  return false;
}

bool names_few_rows(const Look& look, const std::string& table, const Json& node) {
  return is_few(look, table, node.at("whereClause")) ||
         is_from_limited(node, look.node.at("withClause"));
}

void look_at_change(const Look& look, const Json& node) {
  const std::string table = name_of(node.at("relation"));
  if (!look.schema.is_large(table)) return;
  const bool is_bounded = names_few_rows(look, table, node);
  if (!is_bounded || look.is_repeated)
    look.find_at(RuleId::UnbatchedChange, table, node.at("relation"));
}

// A statement may stand in the WITH of another.
void look_at_nested(const Look& look) {
  walk(look.node.at("withClause"), [&](std::string_view kind, const Json& node) {
    if (kind == "UpdateStmt" || kind == "DeleteStmt") look_at_change(look, node);
  });
}

void look_at_update(const Look& look) {
  look_at_change(look, look.node);
  look_at_nested(look);
}

void look_at_merge(const Look& look) {
  bool changes = false;
  for (const Json& clause : look.node.at("mergeWhenClauses").items()) {
    const std::string command = clause.at("MergeWhenClause").text("commandType");
    changes = changes || command == "CMD_UPDATE" || command == "CMD_DELETE";
  }
  const std::string table = name_of(look.node.at("relation"));
  if (changes && look.schema.is_large(table))
    look.find_at(RuleId::UnbatchedChange, table, look.node.at("relation"));
  look_at_nested(look);
}

void look_at_truncate(const Look& look) {
  for (const Json& item : look.node.at("relations").items()) {
    const std::string table = name_of(item.at("RangeVar"));
    if (!look.schema.is_new(table)) look.find_at(RuleId::Truncate, table, item.at("RangeVar"));
  }
}

// Many rows are read while writers wait for an earlier statement of the transaction.
void look_at_reading(const Look& look, const Json& query) {
  bool is_long = false;
  walk(query, [&](std::string_view kind, const Json& node) {
    if (kind == "RangeVar") is_long = is_long || look.schema.is_large(name_of(node));
  });
  const bool is_limited = query.at("SelectStmt").find("whereClause") != nullptr ||
                          query.at("SelectStmt").find("limitCount") != nullptr;
  if (is_long && !is_limited && !look.schema.locked.empty())
    look.find_at(RuleId::WorkUnderLock, *look.schema.locked.begin());
}

void look_at_insert(const Look& look) {
  look_at_reading(look, look.node.at("selectStmt"));
  look_at_nested(look);
}

void look_at_select(const Look& look) {
  look_at_nested(look);
  Json wrapped = Json::object();
  wrapped.set("SelectStmt", look.node);
  look_at_reading(look, wrapped);
  if (calls_own_function(look.node.at("targetList"), look.schema) ||
      calls_own_function(look.node.at("fromClause"), look.schema))
    look.find_at(RuleId::HiddenStatement, "SELECT");
}

void look_at_query_table(const Look& look) {
  if (!look.node.at("into").flag("skipData")) look_at_reading(look, look.node.at("query"));
}

void look_at_call(const Look& look) { look.find_at(RuleId::HiddenStatement, "CALL"); }

constexpr RulesOfKind kRules[] = {
    {"UpdateStmt", look_at_update},
    {"DeleteStmt", look_at_update},
    {"MergeStmt", look_at_merge},
    {"TruncateStmt", look_at_truncate},
    {"InsertStmt", look_at_insert},
    {"SelectStmt", look_at_select},
    {"CreateTableAsStmt", look_at_query_table},
    {"CallStmt", look_at_call},
};
}  // namespace

std::span<const RulesOfKind> row_rules() { return kRules; }

bool changes_few_rows(const sql::Parsed& statement, const Schema& schema) {
  if (statement.kind != "UpdateStmt" && statement.kind != "DeleteStmt") return false;
  const Look look{statement.node, schema, true, false, {}};
  return names_few_rows(look, name_of(statement.node.at("relation")), statement.node);
}

}  // namespace slipway::database::lint

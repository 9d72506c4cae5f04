#include "database/proof/fingerprint.h"

#include <fmt/core.h>

#include <algorithm>

namespace slipway::database::proof {
namespace {
// A row's text depends on them.
constexpr const char* kPlain =
    "set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set timezone = 'UTC';"
    " set extra_float_digits = 1; set bytea_output = 'hex'; set xmloption = 'content';"
    " set lc_monetary = 'C'; set statement_timeout = 0; set row_security = off";

Result<Mark> mark_of(postgres::Connection& connection, const std::string& table) {
  const auto rows = TRY(connection.query(
      fmt::format("select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text"
                  " from only {} t",
                  table)));
  return Mark{rows.integer(0, 0), std::string(rows.text(0, 1))};
}
}  // namespace

Result<Marks> marks_of(postgres::Connection& connection, const std::function<bool()>& interrupted) {
  TRY(connection.run(kPlain));
  const auto tables = TRY(connection.query(
      "select n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname)"
      " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
      " where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname <> 'slipway'"
      " and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' order by 1"));
  Marks out;
  for (int i = 0; i < tables.count(); ++i) {
    if (interrupted && interrupted())
      return Error(Code::Aborted, "interrupted while reading " + std::string(tables.text(i, 0)));
    out[std::string(tables.text(i, 0))] = TRY(mark_of(connection, std::string(tables.text(i, 1))));
  }
  return out;
}

namespace {
// Between the two, or beyond them by as much as they are apart: what came and went meanwhile.
bool may_be(std::int64_t rows, std::int64_t before, std::int64_t after) {
  const auto apart = before > after ? before - after : after - before;
  return rows >= std::min(before, after) - apart && rows <= std::max(before, after) + apart;
}

void compare_table(const std::string& table, const Mark& before, const Mark& after,
                   const Mark& restored, Comparison& out) {
  out.rows += restored.rows;
  if (before == after) {
    if (restored == before) return out.same.push_back(table);
    out.differences.push_back(
        {table, restored.rows == before.rows
                    ? fmt::format("its {} rows are not the rows it must have", restored.rows)
                    : fmt::format("has {} rows, must have {}", restored.rows, before.rows)});
    return;
  }
  if (may_be(restored.rows, before.rows, after.rows)) return out.moved.push_back(table);
  out.differences.push_back(
      {table, fmt::format("has {} rows, must have {} to {}", restored.rows,
                          std::min(before.rows, after.rows), std::max(before.rows, after.rows))});
}
}  // namespace

Comparison compare(const Marks& before, const Marks& after, const Marks& restored) {
  Comparison out;
  for (const auto& [table, mark] : before) {
    const auto later = after.find(table);
    const auto there = restored.find(table);
    if (there != restored.end() && later != after.end())
      compare_table(table, mark, later->second, there->second, out);
    else if (later != after.end())
      out.differences.push_back({table, "is not there"});
    else
      out.moved.push_back(table);  // dropped at that moment
  }
  for (const auto& [table, mark] : restored)
    if (!before.contains(table) && !after.contains(table))
      out.differences.push_back({table, "is there, and must not be"});
  for (const auto& [table, mark] : after)
    if (!before.contains(table)) out.moved.push_back(table);
  return out;
}

Json to_json(const Comparison& comparison) {
  Json differences = Json::array();
  for (const auto& one : comparison.differences)
    differences.push_back(Json::object().set("table", one.table).set("what", one.what));
  return Json::object()
      .set("rows", comparison.rows)
      .set("same", Json::array_of(comparison.same))
      .set("moved", Json::array_of(comparison.moved))
      .set("differences", std::move(differences));
}

}  // namespace slipway::database::proof

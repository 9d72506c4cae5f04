#include "database/copy/needles.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/copy/pump.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

constexpr int kPerColumn = 200;
constexpr std::int64_t kSamplePages = 400;   // looked at in a column's table
constexpr std::int64_t kSearchPages = 4000;  // 32 MiB of a table of the copy
constexpr std::size_t kLongest = 200;

// The least length at which a value of this kind is not met by chance; 0: it may always be (a name
// of the list of names, an address like another).
std::size_t least_length(Kind kind) {
  switch (kind) {
    case Kind::Email:
      return NeedleSet::kLeast;
    case Kind::Phone:
    case Kind::Token:
      return 12;
    case Kind::PasswordHash:
      return 20;
    case Kind::Template:
    case Kind::FreeText:
      return 16;
    case Kind::Address:
      return 14;
    case Kind::Name:
    case Kind::Ip:
    case Kind::DateShift:
    case Kind::Json:
    case Kind::Keep:
    case Kind::Null:
    case Kind::Constant:
      break;
  }
  return 0;
}

// A share of the table's pages, as TABLESAMPLE takes it.
std::string sample(std::int64_t wanted, std::int64_t pages) {
  if (pages <= wanted) return "";
  return fmt::format(" tablesample system ({:.4f})",
                     100.0 * static_cast<double>(wanted) / static_cast<double>(pages));
}

Result<void> take(Connection& source, const Table& table, const std::string& value,
                  std::size_t least, NeedleSet& out) {
  const auto rows = TRY(source.query(fmt::format(
      "select v from (select {} as v from only {}{}) s where length(v) between {} and {} limit {}",
      value, quoted_name(source, table), sample(kSamplePages, table.pages), least, kLongest,
      kPerColumn)));
  for (int i = 0; i < rows.count(); ++i) out.add(rows.text(i, 0));
  return ok();
}

std::string path_expression(const Connection& source, const std::string& column,
                            const JsonPath& path) {
  std::vector<std::string> keys;
  for (const auto& key : path.keys) keys.push_back(source.quote_text(key));
  return fmt::format("({} #>> array[{}])", column, join(keys, ", "));
}

Result<void> take_column(Connection& source, const TablePlan& plan, std::size_t at,
                         NeedleSet& out) {
  const Rule& rule = plan.rules[at];
  const std::string column = source.quote_name(plan.columns[at]->name);
  if (rule.kind == Kind::Json) {
    for (const auto& path : rule.paths) {
      const std::size_t least = least_length(path.rule.kind);
      const bool any = std::find(path.keys.begin(), path.keys.end(), "*") != path.keys.end();
      if (least > 0 && !any)
        TRY(take(source, *plan.table, path_expression(source, column, path), least, out));
    }
    return ok();
  }
  const std::size_t least = least_length(rule.kind);
  if (least == 0 || plan.masks[at].wire != Wire::Text) return ok();
  return take(source, *plan.table, column, least, out);
}

}  // namespace

Result<NeedleSet> take_needles(Connection& source, const CopyPlan& plan) {
  NeedleSet out;
  for (const auto& table : plan.tables) {
    for (std::size_t i = 0; !table.empty && i < table.columns.size(); ++i)
      TRY(take_column(source, table, i, out));
  }
  return out;
}

Result<void> search_copy(Connection& target, const TablePlan& plan, const NeedleSet& needles) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    const Wire wire = plan.masks[i].wire;
    if (wire == Wire::Text || wire == Wire::Jsonb || wire == Wire::TextList)
      columns.push_back(target.quote_name(plan.columns[i]->name));
  }
  if (columns.empty() || plan.empty) return ok();
  bool found = false;
  const auto read = target.copy_out(
      fmt::format("copy (select {} from only {}{}) to stdout (format binary)", join(columns, ", "),
                  quoted_name(target, *plan.table), sample(kSearchPages, plan.table->pages)),
      [&](std::string_view row) -> Result<void> {
        found = found || needles.is_in(row);
        return ok();
      });
  if (!read) return read.error();
  if (!found) return ok();
  return Error(Code::Refused,
               fmt::format("a real value of a masked column was found in the copy of {}",
                           plan.table->full_name()),
               "give its texts rules other than keep: one of them repeats what another hides");
}

}  // namespace slipway::database::copy

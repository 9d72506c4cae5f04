#include "database/copy/pump.h"

#include <fmt/core.h>

#include "base/text.h"
#include "database/copy/sender.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

// What is sent at once: large enough that the call does not count, small enough for the cache.
constexpr std::size_t kPiece = 128 * 1024;

std::string column_list(const Connection& connection, const TablePlan& plan) {
  std::vector<std::string> names;
  for (const Column* column : plan.columns) names.push_back(connection.quote_name(column->name));
  return join(names, ", ");
}

std::string read_statement(const Connection& source, const PumpTerms& terms) {
  const TablePlan& plan = *terms.table;
  const std::string table = quoted_name(source, *plan.table);
  const std::string columns = column_list(source, plan);
  if (plan.where.empty() && terms.pages.is_all())
    return fmt::format("copy {} ({}) to stdout (format binary)", table, columns);
  std::string where = plan.where.empty() ? "true" : plan.where;
  if (!terms.pages.is_all())
    where += fmt::format(" and t0.ctid >= '({},0)' and t0.ctid < '({},0)'", terms.pages.first,
                         terms.pages.last);
  return fmt::format("copy (select {} from only {} t0 where {}) to stdout (format binary)", columns,
                     table, where);
}

std::string write_statement(const Connection& target, const PumpTerms& terms) {
  return fmt::format("copy {} ({}) from stdin (format binary{})",
                     quoted_name(target, *terms.table->table), column_list(target, *terms.table),
                     terms.pages.is_all() ? ", freeze" : "");
}

class Flow {
 public:
  Flow(Connection& source, Connection& target, const PumpTerms& terms)
      : source_(source), target_(target), terms_(terms), rows_(terms.table->masks, terms.needles) {
    piece_.reserve(2 * kPiece);
  }

  Result<RowTally> run() {
    TRY(target_.begin_copy_in(write_statement(target_, terms_)));
    const auto passed = pass();
    if (!passed) {
      target_.abandon_copy_in("not all rows came");
      return passed.error();
    }
    const auto written = TRY(target_.end_copy_in());
    if (static_cast<std::uint64_t>(written) == rows_.tally().rows) return rows_.tally();
    return Error(Code::DatabaseRefused,
                 fmt::format("the target kept {} of {} rows", written, rows_.tally().rows),
                 "look for a rule or trigger on the table that drops rows");
  }

 private:
  // All rows, from the source into the target's hands.
  Result<void> pass() {
    Sender sender(target_);
    TRY(source_.copy_out(read_statement(source_, terms_),
                         [&](std::string_view message) { return take(message, sender); }));
    if (!rows_.is_complete())
      return Error(Code::ConnectionLost, "the source ended its rows early", "run the copy again");
    TRY(flush(sender));
    return sender.finish();
  }

  Result<void> take(std::string_view message, Sender& sender) {
    TRY(rows_.take(message, piece_));
    if (piece_.size() >= kPiece) TRY(flush(sender));
    return ok();
  }

  Result<void> flush(Sender& sender) {
    if (terms_.stop != nullptr && *terms_.stop)
      return Error(Code::Aborted, "the copy was ended from outside", "");
    const RowTally& tally = rows_.tally();
    terms_.meter->rows += tally.rows - told_rows_;
    terms_.meter->bytes += tally.bytes_in - told_bytes_;
    told_rows_ = tally.rows;
    told_bytes_ = tally.bytes_in;
    return sender.give(piece_);
  }

  Connection& source_;
  Connection& target_;
  const PumpTerms& terms_;
  RowStream rows_;
  std::string piece_;
  std::uint64_t told_rows_ = 0;
  std::uint64_t told_bytes_ = 0;
};

}  // namespace

std::string quoted_name(const Connection& connection, const Table& table) {
  return connection.quote_name(table.schema) + "." + connection.quote_name(table.name);
}

Result<std::unique_ptr<Connection>> open_reader(const std::string& url,
                                                const std::string& snapshot) {
  auto out = TRY(Connection::open(url, "slipway db copy"));
  out->hide_values();
  std::string begin =
      "set row_security = off; set statement_timeout = 0; set lock_timeout = 0; "
      "begin isolation level repeatable read read only";
  if (!snapshot.empty()) begin += "; set transaction snapshot " + out->quote_text(snapshot);
  TRY(out->run(begin));
  return out;
}

Result<RowTally> pump(Connection& source, Connection& target, const PumpTerms& terms) {
  const bool whole = terms.pages.is_all();
  TRY(target.run("begin"));
  // Emptied in this transaction, so that its rows may be written frozen: nobody can see them yet.
  if (whole) TRY(target.run("truncate only " + quoted_name(target, *terms.table->table)));
  auto tally = Flow(source, target, terms).run();
  if (!tally) {
    (void)target.run("rollback");  // the table is dropped with its database either way
    return tally.error().in("while copying " + terms.table->table->full_name());
  }
  TRY(target.run("commit"));
  return tally;
}

}  // namespace slipway::database::copy

#pragma once
// The pump: the rows of one table, or of one part of it, from a source that holds the copy's
// snapshot, through the masks, into a target. One thread reads and masks, another sends; no more
// than 2 MiB are between them.
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "database/copy/plan.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {

// What several pumps have done so far. Read by whoever shows it.
struct Meter {
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> bytes{0};  // read from the source
};

// A range of a table's pages; `last` is not in it. All of them: 0 to 0.
struct Pages {
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool is_all() const { return last == 0; }
};

struct PumpTerms {
  const TablePlan* table = nullptr;
  Pages pages;
  const NeedleSet* needles = nullptr;
  Meter* meter = nullptr;
  const std::atomic<bool>* stop = nullptr;  // set from outside: end with Aborted
};

// A snapshot's reader: a transaction that sees what the copy's first one sees.
Result<std::unique_ptr<postgres::Connection>> open_reader(const std::string& url,
                                                          const std::string& snapshot);
// Fills the table. A whole one is emptied and filled in one transaction, with its rows frozen; for
// a range the table must be there, and nothing is frozen.
Result<RowTally> pump(postgres::Connection& source, postgres::Connection& target,
                      const PumpTerms& terms);

// As a statement names it.
std::string quoted_name(const postgres::Connection& connection, const Table& table);

}  // namespace slipway::database::copy

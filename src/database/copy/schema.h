#pragma once
// The schema of the source as statements for the target: made by pg_dump on the copy's snapshot,
// held in memory only, sorted by when each may run.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {

enum class Section { BeforeRows, AfterRows };

struct DumpTerms {
  std::string url;
  std::string snapshot;
  std::string bin;  // folder of pg_dump
};
Result<std::string> dump_schema(const DumpTerms& terms, Section section);

// An index, or the index of a primary key or unique constraint, and its table.
struct IndexStatement {
  std::string table;  // public.users, without quotes, as Table::full_name()
  std::string name;   // the same of the index
  std::string statement;
  std::int64_t bytes = 0;  // in the source; weigh() asks for it
};

struct Schema {
  std::vector<std::string> settings;     // for every session that runs a statement of it
  std::vector<std::string> before;       // types, functions, tables
  std::vector<IndexStatement> indexes;   // may run side by side, once their table is filled
  std::vector<std::string> constraints;  // in order, when all indexes are there
  std::vector<std::string> references;   // foreign keys
  std::vector<std::string> after;        // triggers, policies, comments …, in order
  std::vector<std::string> left_out;     // what a copy must not have: "CREATE SUBSCRIPTION"
};
// Sorts the two dumps.
Result<Schema> sort_schema(const std::string& before_rows, const std::string& after_rows);

}  // namespace slipway::database::copy

#pragma once
// A staging copy: the whole database of one environment, anonymised on its way into another. No
// row touches a disk, nor the target, before it went through the masks; the target appears under
// its name when it is complete and was searched for real values.
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "database/copy/rules.h"
#include "database/copy/siphash.h"

namespace slipway::database::copy {

struct Progress {
  std::string phase;  // "rows", "indexes", …
  double rows = 0;
  double rows_in_all = 0;  // as the planner estimates them
  double bytes = 0;
  double seconds = 0;  // of this phase
  double seconds_left() const;
};

struct CopyOptions {
  std::string from;
  std::string to;
  Rules rules;
  Key128 key;
  int streams = 0;  // tables, ranges and indexes side by side; 0: by the processors
  std::string bin;  // folder of pg_dump; empty: the newest installed
  std::int64_t large = std::int64_t{1} << 30;  // bytes from which a table is cut into ranges
  std::function<void(const Progress&)> on_progress;
  std::function<bool()> interrupted;
};

struct CopyReport {
  struct TableReport {
    std::string name;
    std::uint64_t rows = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
  };
  std::string database;
  std::vector<TableReport> tables;
  std::uint64_t rows = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::size_t searched_values = 0;  // real values that were looked for
  std::size_t columns_masked = 0;
  double copy_seconds = 0;   // rows and indexes
  double check_seconds = 0;  // references, the search
  double seconds = 0;
  std::vector<std::string> notes;
};
Json to_json(const CopyReport& report);

// NotClassified names every column without a rule; its `next` holds rules to paste.
Result<CopyReport> copy_database(const CopyOptions& options);

// A proposal of anonymise.yaml, from names, types and samples of the source.
Result<std::string> classify(const std::string& from);

}  // namespace slipway::database::copy

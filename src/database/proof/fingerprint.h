#pragma once
// What a database holds, in a few bytes for each table. The same rows give the same mark, in any
// order, on any server of the same major version.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::proof {

struct Mark {
  std::int64_t rows = 0;
  std::string hash;  // the sum of the rows' hashes
  friend bool operator==(const Mark&, const Mark&) = default;
};
using Marks = std::map<std::string, Mark>;  // by "schema.table"

// Of every ordinary table, as the connection's snapshot shows it; reads every row. Tables it may
// not read are an error: what was not compared was not proved. slipway's own are left out.
Result<Marks> marks_of(postgres::Connection& connection,
                       const std::function<bool()>& interrupted = {});

struct Difference {
  std::string table;
  std::string what;  // "has 3 rows, must have 5"
};
struct Comparison {
  std::int64_t rows = 0;
  std::vector<std::string> same;
  std::vector<std::string> moved;  // written to at that very moment: rows counted, not compared
  std::vector<Difference> differences;
  bool is_good() const { return differences.empty(); }
};
// `before` and `after`: around the moment that was restored.
Comparison compare(const Marks& before, const Marks& after, const Marks& restored);
Json to_json(const Comparison& comparison);

}  // namespace slipway::database::proof

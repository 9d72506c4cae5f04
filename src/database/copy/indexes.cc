#include "database/copy/indexes.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "database/postgres/connection.h"

namespace slipway::database::copy {
namespace {

// A piece that is sorted in memory is merged with others afterwards, through a buffer of this size
// for each. With a memory of the square root of size x buffer one merge is enough.
constexpr double kMergeBufferKib = 264;
constexpr std::int64_t kLeastKib = 8 * 1024;
constexpr std::int64_t kMostKib = 256 * 1024;

}  // namespace

Result<void> weigh(postgres::Connection& source, std::vector<IndexStatement>& indexes) {
  const auto rows = TRY(
      source.query("select n.nspname || '.' || c.relname, pg_relation_size(c.oid) from pg_class c "
                   "join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'i'"));
  std::map<std::string, std::int64_t, std::less<>> bytes;
  for (int i = 0; i < rows.count(); ++i) bytes.emplace(rows.text(i, 0), rows.integer(i, 1));
  for (auto& index : indexes) {
    const auto found = bytes.find(index.name);
    index.bytes = found == bytes.end() ? 0 : found->second;
  }
  std::stable_sort(indexes.begin(), indexes.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  return ok();
}

// Not as much as there is: a sort whose memory stays in the processor's cache, and one merge of its
// pieces, is cheaper than one sort of everything (docs/database/staging-copy.md has the figures).
std::int64_t sort_memory_kib(std::int64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  return std::clamp(static_cast<std::int64_t>(std::sqrt(kib * kMergeBufferKib)), kLeastKib,
                    kMostKib);
}

Result<void> build(postgres::Connection& target, const IndexStatement& index, Sorters sorters) {
  // The server takes fewer processes when they would have less than 32 MB each.
  TRY(target.run(sorters == Sorters::Several
                     ? fmt::format("reset max_parallel_maintenance_workers; "
                                   "set maintenance_work_mem = {}",
                                   kMostKib)
                     : fmt::format("set max_parallel_maintenance_workers = 0; "
                                   "set maintenance_work_mem = {}",
                                   sort_memory_kib(index.bytes))));
  TRY(target.run(index.statement));
  return ok();
}

}  // namespace slipway::database::copy

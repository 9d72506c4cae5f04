#pragma once
// Indexes of a copy: the largest first, each with as much memory as its sort is quickest with.
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "database/copy/schema.h"

namespace slipway::database::copy {

// The bytes each index has in the source, and the largest first. One that is not there has none.
Result<void> weigh(postgres::Connection& source, std::vector<IndexStatement>& indexes);

// For maintenance_work_mem, in KiB. `bytes` as weigh() says.
std::int64_t sort_memory_kib(std::int64_t bytes);

// Whether the server may sort with more processes than the one.
enum class Sorters { One, Several };
Result<void> build(postgres::Connection& target, const IndexStatement& index, Sorters sorters);

}  // namespace slipway::database::copy

#pragma once
// The hash chain over journal rows (docs/formats/store.md, "The chain").
#include <string>
#include <string_view>

#include "ports/store.h"

namespace slipway::store {

// What stands before the first row: 64 zeros.
std::string chain_start();
// The hash of `record`'s row, given the hash of the row before it. `record.seq` must be set.
std::string chain_hash(std::string_view previous, const ports::Record& record);

}  // namespace slipway::store

#pragma once
// The store in a SQLite file; format, durability and failures: docs/formats/store.md.
// One Store may be used by any number of threads: writes share one connection and one mutex, reads
// another, so that a reader never waits for a writer's fsync. Any number of processes may open the
// same file.
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/store.h"

namespace slipway::store {

Result<std::unique_ptr<ports::Store>> open_store(const std::string& path);

// Reads the whole file: SQLite's own structure check, then the journal's hash chain. The number of
// journal rows, or Corrupt naming the first wrong one. Safe while a daemon uses the store.
Result<std::int64_t> verify_store(const std::string& path);

}  // namespace slipway::store

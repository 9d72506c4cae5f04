#pragma once
// Queries on `journal` and `named_values`. The caller holds the connection, and a transaction for
// writes.
#include "ports/store.h"
#include "store/sqlite.h"

namespace slipway::store {

// Gives the record its number, chains and stores it.
Result<std::int64_t> append_record(Database& database, ports::Record record);
Result<std::optional<ports::Record>> read_last_record(Database& database,
                                                      const std::string& release);
Result<std::vector<ports::Record>> read_records(Database& database, const std::string& release,
                                                std::int64_t after_seq);
// Corrupt, naming the first wrong row; else how many rows the chain has.
Result<std::int64_t> verify_chain(Database& database);

Result<std::optional<Json>> read_value(Database& database, const std::string& key);
Result<void> set_value(Database& database, const std::string& key, const Json& json);
Result<std::vector<std::pair<std::string, Json>>> read_values(Database& database,
                                                              const std::string& prefix);
Result<void> remove_value(Database& database, const std::string& key);

}  // namespace slipway::store

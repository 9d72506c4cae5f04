#pragma once
// What a down script would lose, counted in the database before anything is done.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

struct Loss {
  std::string what;                  // "table wishes", "column orders.title"
  std::optional<std::int64_t> rows;  // rows, or values that are not NULL; nullopt: nobody can tell
  std::string text() const;          // "column orders.title: 1204 values"
};

// What it drops and empties, with what is in it now, written since included; what holds nothing is
// no loss. A block, or what PostgreSQL 15's grammar does not know, loses nobody can tell how much.
Result<std::vector<Loss>> losses_of(postgres::Connection& database, std::string_view down);
Json to_json(const std::vector<Loss>& losses);

}  // namespace slipway::database::migrations

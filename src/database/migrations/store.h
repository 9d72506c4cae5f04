#pragma once
// slipway's own tables in the database it migrates, in the schema `slipway`: which database this
// is, and what is under way (docs/formats/migrations.md).
#include <optional>
#include <string>

#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

// A script that runs statement by statement and has not ended: written before its first statement,
// removed with its row in the book.
struct Running {
  std::string tool;
  std::string id;
  bool is_down = false;
  int step = 0;           // statements before it are done; it itself may be
  std::string done_hash;  // sha256 over the statements that are done
  std::string statement;  // the one under way
};

class Store {
 public:
  explicit Store(postgres::Connection& database) : database_(database) {}

  Result<void> create();  // where it is absent
  Result<bool> is_there();
  Result<std::optional<Running>> running();
  Result<void> set_running(const Running& running);  // adds or replaces
  Result<void> drop_running(const std::string& id);

  // Refused when this database was recorded as another environment's, or as another database (a
  // copy carries the record with it). Does nothing without an environment or a record.
  Result<void> check_identity(const std::string& environment);
  Result<void> record_identity(const std::string& environment);

 private:
  postgres::Connection& database_;
};

}  // namespace slipway::database::migrations

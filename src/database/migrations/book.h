#pragma once
// The book: the table in which a tool keeps what it has applied. Read and written exactly as the
// tool would, so that the tool finds nothing to do afterwards, and slipway after the tool.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/migration.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

using postgres::Connection;

struct Entry {
  enum class State { Done, Unfinished, TakenBack };
  std::string id;
  std::string checksum;
  State state = State::Done;
  std::string when;  // as the book says it, for people
};

struct Place {
  std::string schema;
  std::string table;
  std::string quoted() const;  // "schema"."table"
};

class Book {
 public:
  explicit Book(Place place) : place_(std::move(place)) {}
  virtual ~Book() = default;
  const Place& place() const { return place_; }

  // What makes the table, as the tool would; run when it is not there.
  virtual std::vector<std::string> create() const = 0;
  // The entries in the order in which they were applied. `folder` gives names to what the table
  // keeps in another form (golang-migrate keeps one number).
  virtual Result<std::vector<Entry>> read(Connection& database,
                                          const std::vector<Migration>& folder) = 0;
  // Before a migration that is not one transaction: what the tool itself would note, so that it
  // does not run beside a half-applied one. Many tools note nothing.
  virtual Result<void> start(Connection& database, const Migration& migration);
  virtual Result<void> finish(Connection& database, const Migration& migration, Millis took,
                              bool was_started) = 0;
  // Takes a started migration out again: nothing of it stands.
  virtual Result<void> drop_start(Connection& database, const Migration& migration,
                                  const Migration* before);
  // After the down script. `before`: the one that is the last now.
  virtual Result<void> forget(Connection& database, const Migration& migration,
                              const Migration* before) = 0;
  // The keys of the tool's own advisory lock.
  virtual std::vector<std::int64_t> locks(const std::string& database) const;

 protected:
  Place place_;
};

// The table where the tool keeps its book when nothing else is configured. `table`: "schema.table",
// "table" or "". `current_schema` is the connection's.
Place place_of(Tool tool, const std::string& table, const std::string& current_schema);
std::unique_ptr<Book> make_book(Tool tool, Place place);
Result<bool> is_there(Connection& database, const Place& place);

}  // namespace slipway::database::migrations

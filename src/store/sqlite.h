#pragma once
// SQLite, wrapped: connections, cached statements, transactions, and its failures as our errors.
// Not thread-safe; whoever owns a Database guards it.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace slipway::store {

class Database;

// One use of a cached statement: bind in order, step, read columns. A failure while preparing or
// binding is kept and comes out of step(), so that a query reads as one chain.
class Query {
 public:
  Query(Query&& other) noexcept;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();  // resets the statement, so that it can be used again and holds no read lock

  Query& bind(std::string_view text);
  Query& bind(std::int64_t number);
  Result<bool> step();  // true: there is a row
  Result<void> run();   // for statements without rows

  std::int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  Query(Database& database, sqlite3_stmt* statement, int status)
      : database_(&database), statement_(statement), status_(status) {}

  Database* database_;
  sqlite3_stmt* statement_;  // owned by the database's cache; null when preparing failed
  int status_;
  int bound_ = 0;
};

enum class Access { ReadWrite, ReadOnly };

class Database {
 public:
  // ReadWrite makes the file (mode 0600) when it is not there.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Query query(const char* sql);          // `sql` must be a literal: its address is the cache's key
  Result<void> script(const char* sql);  // several statements, no bindings
  Result<std::int64_t> number(const char* sql);  // the first column of the only row
  std::int64_t changes() const;                  // rows changed by the last statement
  const std::string& path() const { return path_; }
  // What SQLite last said, with the code and next step of docs/formats/store.md.
  Error error(int status, std::string_view tried) const;

  // Runs `body` in BEGIN IMMEDIATE … COMMIT; any failure rolls everything back.
  template <class Body>
  std::invoke_result_t<Body> transact(Body body) {
    TRY(begin());
    auto result = body();
    if (!result) {
      roll_back();
      return result;
    }
    TRY(commit());
    return result;
  }

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  Result<void> configure(Access access);
  Result<void> begin();
  Result<void> commit();
  void roll_back();

  std::string path_;
  sqlite3* connection_ = nullptr;
  std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace slipway::store

#pragma once
// The turn: one migrator at a time. A session of its own holds the advisory locks, ours and the
// tool's, and does nothing else: it is never in a transaction, so no index that is built
// CONCURRENTLY waits for it; and it asks again and again instead of waiting inside the server, so
// it never is what such a build waits for.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/world.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

inline constexpr std::int64_t kOurKey = 0x736c697077617901;  // "slipway" and a number

class Turn {
 public:
  // Waits at most `wait`, telling who holds it. LeaseHeld when it stays taken.
  static Result<std::unique_ptr<Turn>> take(const std::string& url, const std::string& operation,
                                            std::vector<std::int64_t> keys, Millis wait,
                                            World& world);
  // Still ours? ConnectionLost when the session is gone.
  Result<void> check();
  // Another migrator that waits for these locks inside the server keeps the snapshot of its
  // statement, and a build in `builder` waits for that for ever: gives up such waits. Returns what
  // was given up, for people.
  Result<std::vector<std::string>> give_up_waits_before(int builder);
  // Whom the session `builder` waits for, for people.
  Result<std::vector<std::string>> awaited_by(int builder);

 private:
  Turn(std::unique_ptr<postgres::Connection> session, std::vector<std::int64_t> keys)
      : session_(std::move(session)), keys_(std::move(keys)) {}
  Result<bool> try_all();
  Result<std::string> holder();
  std::string keys_text() const;

  std::unique_ptr<postgres::Connection> session_;
  std::vector<std::int64_t> keys_;
};

}  // namespace slipway::database::migrations

#pragma once
// Migrations: a release's changes to the app's database. Beginning never waits; how far it is comes
// from looking. The database keeps the book, so what was cut off is begun again without harm.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/database.h"

namespace slipway::ports {

struct MigrationCall {
  std::string release;  // "r-0042": stands in the database's list of sessions
  std::string environment;
  std::string phase;  // run what is pending up to here: expand, data, contract; or rehearse it all
  std::string last;   // and no further than this migration; "": all
  config::DatabaseSettings database;
  std::string dir;  // of slipway.yaml
  std::string app{};
};

struct MigrationView {
  enum class State { Unknown, Running, Done, Failed };
  State state = State::Unknown;      // Unknown: never begun here
  std::string text;                  // where it is, or why it failed
  std::vector<std::string> applied;  // Done: by this run, in order
  std::string restore_point;         // Done: made before the first of them; "": none
  std::vector<std::string> waiting;  // Done: contract migrations, and what comes behind them
  std::vector<std::string> blocked;  // of those, what a new release may need to start
};

// How the app does, seen from the edge over the last moment.
struct Pulse {
  std::uint64_t requests = 0;
  Millis p95{0};
  Millis p99{0};
};

class Migrations {
 public:
  virtual ~Migrations() = default;
  // Does nothing while the same key runs, and after it has ended.
  virtual void begin(const std::string& key, const MigrationCall& call) = 0;
  virtual MigrationView look(const std::string& key) = 0;
  // What runs gives way when the app suffers. Nothing happens when nothing runs.
  virtual void tell(const std::string& key, const Pulse& pulse) = 0;
  // Asks it to stop after the statement it is at, which is given up; look() says when it has.
  virtual void stop(const std::string& key) = 0;
};

}  // namespace slipway::ports

#pragma once
// Errands: work on an app's database that slipway does in a process of its own, because it blocks
// (ADR 0012). Beginning never waits; what came of it is looked at later.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "config/database.h"

namespace slipway::ports {

struct Errand {
  std::vector<std::string> words;  // of slipway: "db", "watch", "production", "--once"
  config::DatabaseSettings database;
  std::string dir;          // of slipway.yaml
  bool by_url = true;       // false: the words say where the database is, or slipway.yaml
  Millis most_time{5'000};  // then it is stopped, and has failed
};

struct ErrandView {
  enum class State { Unknown, Running, Done, Failed };
  State state = State::Unknown;  // Unknown: never begun here, or taken
  Json answer;                   // the last document it printed
  std::string text;              // Failed: why
  std::string code;              // Failed: of the error it told, "LeaseHeld"; "": it told none
};

class Errands {
 public:
  virtual ~Errands() = default;
  // Does nothing while the same key runs. What came of the run before is gone.
  virtual void begin(const std::string& key, const Errand& errand) = 0;
  virtual ErrandView look(const std::string& key) = 0;
  // Looks when it has ended, or after `at_most`.
  virtual ErrandView wait(const std::string& key, Millis at_most) = 0;
  // Asks it to stop; look() says when it has.
  virtual void stop(const std::string& key) = 0;
};

}  // namespace slipway::ports

#pragma once
// What a run of migrations needs from outside, and what it tells while it runs.
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "database/migrations/stop.h"

namespace slipway::database::migrations {

struct Event {
  enum class Kind { Turn, Waiting, Applying, Retry, Applied, TakenBack, Resumed, Cleaned, Batch };
  Kind kind = Kind::Applying;
  std::string migration;  // its id; "" for Turn
  std::string what;       // a sentence
  Json facts = Json::object();
};
std::string_view name_of(Event::Kind kind);  // "waiting"
Json to_json(const Event& event);

struct World {
  Clock& clock;
  Random& random;
  Stop& stop;
  std::function<void(const Event&)> tell;  // never from two threads at once
};

}  // namespace slipway::database::migrations

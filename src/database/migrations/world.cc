#include "database/migrations/world.h"

namespace slipway::database::migrations {

std::string_view name_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::Turn:
      return "turn";
    case Event::Kind::Waiting:
      return "waiting";
    case Event::Kind::Applying:
      return "applying";
    case Event::Kind::Retry:
      return "retry";
    case Event::Kind::Applied:
      return "applied";
    case Event::Kind::TakenBack:
      return "taken_back";
    case Event::Kind::Resumed:
      return "resumed";
    case Event::Kind::Cleaned:
      return "cleaned";
    case Event::Kind::Batch:
      return "batch";
  }
  return "";
}

Json to_json(const Event& event) {
  Json out = Json::object();
  out.set("event", name_of(event.kind));
  if (!event.migration.empty()) out.set("migration", event.migration);
  out.set("what", event.what);
  for (const auto& [key, value] : event.facts.members()) out.set(key, value);
  return out;
}

}  // namespace slipway::database::migrations

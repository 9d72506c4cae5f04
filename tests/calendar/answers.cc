// Answers questions about time zones and calendars, one JSON object per line on standard input, one
// per line on standard output, so that calendar_test.py can hold them against another judge.
#include <cstdio>
#include <iostream>
#include <map>

#include "base/json.h"
#include "io/zone_file.h"
#include "plan/calendar.h"

namespace slipway {
namespace {

Result<plan::Zone> zone_named(const std::string& name) {
  static std::map<std::string, plan::Zone> known;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  auto zone = TRY(plan::Zone::parse(name, TRY(io::read_zone_file(name))));
  known.emplace(name, zone);
  return zone;
}

config::Gates gates_of(const Json& asked) {
  config::Gates gates;
  gates.window.days = asked.strings("days");
  gates.window.hours = asked.strings("hours");
  gates.window.zone = asked.text("zone");
  for (const auto& text : asked.strings("dates")) {
    config::Freeze freeze;
    freeze.dates = {text};
    gates.freeze.push_back(freeze);
  }
  for (const auto& text : asked.strings("weeks")) {
    config::Freeze freeze;
    freeze.week_of = text;
    gates.freeze.push_back(freeze);
  }
  return gates;
}

Json or_null(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

Result<Json> answer(const Json& asked) {
  const auto at = asked.integer("at");
  auto zone = TRY(zone_named(asked.text("zone")));
  Json out = Json::object();
  out.set("offset", std::int64_t{zone.offset_at(at)}).set("name", zone.abbreviation_at(at));
  out.set("instants", Json::array_of(zone.instants_of(at + zone.offset_at(at))));
  if (!asked.flag("calendar")) return out;
  const auto calendar = TRY(plan::Calendar::make(gates_of(asked), std::move(zone)));
  return out.set("open", calendar.is_open(at))
      .set("why", calendar.why_closed(at))
      .set("opens", or_null(calendar.next_opening(at)))
      .set("closes", or_null(calendar.next_closing(at)));
}
}  // namespace
}  // namespace slipway

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = slipway::Json::parse(line);
    const auto told =
        asked ? slipway::answer(*asked) : slipway::Result<slipway::Json>(asked.error());
    if (!told) {
      std::fprintf(stderr, "%s\n", told.error().sentence().c_str());
      return 1;
    }
    std::puts(told->dump().c_str());
  }
  return 0;
}

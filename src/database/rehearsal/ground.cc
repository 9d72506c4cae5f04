#include "database/rehearsal/ground.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace slipway::database::rehearsal {
namespace {
using Source = Ground::Source;

Millis age_of(WallTime then, WallTime now) {
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(now - then));
}

// To the minute where seconds say nothing.
std::string about(Millis age) {
  constexpr Millis kHour(3'600'000);
  const auto step = age >= kHour ? Millis(60'000) : Millis(1'000);
  return to_text(age - age % step);
}

std::string_view name_of(Source source) {
  switch (source) {
    case Source::Schema:
      return "schema";
    case Source::Backup:
      return "backup";
    case Source::Given:
      return "given";
  }
  return "given";
}
}  // namespace

std::string in_words(const Ground& ground, WallTime now) {
  if (ground.source == Source::Given) return {};
  if (ground.source == Source::Schema)
    return ground.instead.empty()
               ? "on production's schema and row counts"
               : "on production's schema and row counts, not on a backup: " + ground.instead;
  std::string out = fmt::format("on the backup {} ({}, {} old", ground.backup, ground.tool,
                                about(age_of(ground.finished, now)));
  if (to_unix_ms(ground.last_commit) > 0)
    out += fmt::format(", its newest transaction {} old", about(age_of(ground.last_commit, now)));
  out += fmt::format("), restored in {:.1f}s", ground.restore_seconds);
  if (!ground.caught_up.empty())
    out += "; run first, as it is from before them: " + join(ground.caught_up, ", ");
  if (!ground.passed_over.empty()) out += "; passed over: " + join(ground.passed_over, "; ");
  return out;
}

Json to_json(const Ground& ground, WallTime now) {
  Json out = Json::object().set("source", name_of(ground.source));
  if (!ground.instead.empty()) out.set("instead_of_backup", ground.instead);
  if (ground.source != Source::Backup) return out;
  out.set("backup", ground.backup)
      .set("tool", ground.tool)
      .set("finished_ms", to_unix_ms(ground.finished))
      .set("age_ms", std::int64_t{age_of(ground.finished, now).count()})
      .set("restore_seconds", ground.restore_seconds)
      .set("caught_up", Json::array_of(ground.caught_up))
      .set("passed_over", Json::array_of(ground.passed_over));
  if (to_unix_ms(ground.last_commit) > 0) out.set("last_commit_ms", to_unix_ms(ground.last_commit));
  return out;
}

}  // namespace slipway::database::rehearsal

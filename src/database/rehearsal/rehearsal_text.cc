// A rehearsal as people read it, and as JSON.
#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"
#include "database/rehearsal/rehearse.h"

namespace slipway::database::rehearsal {
namespace {
std::string list_of(const std::vector<Touched>& touched) {
  std::vector<std::string> out;
  for (const auto& one : touched)
    out.push_back(fmt::format("{} ({} rows)", one.relation, one.rows));
  return join(out, ", ");
}

void add(std::string& out, std::string_view title, const std::string& text) {
  if (!text.empty()) out += fmt::format("    {}: {}\n", title, text);
}

std::string locks_of(const Effect& effect) {
  std::vector<std::string> out;
  for (const auto& one : effect.locks)
    out.push_back(fmt::format("{} {}", one.relation, name_of(one.mode)));
  return join(out, ", ");
}
}  // namespace

std::string text_of(const Rehearsal& rehearsal, WallTime now) {
  std::string out = in_words(rehearsal.ground, now);
  if (!out.empty()) out += "\n";
  for (const auto& one : rehearsal.statements) {
    const auto words = one.harms.words();
    out += fmt::format("{}:{}: {}, {:.1f} ms here", one.migration, one.line,
                       words.empty() ? "harmless" : join(words, ", "),
                       static_cast<double>(one.effect.took.count()) / 1000.0);
    out += rehearsal.is_measured()
               ? std::string(", with every row\n")
               : fmt::format(", about {} in production\n",
                             to_text(std::chrono::duration_cast<Millis>(one.estimated)));
    if (one.effect.failed) add(out, "failed", one.effect.message);
    add(out, "locks", locks_of(one.effect));
    add(out, "written again", list_of(one.effect.rewritten));
    add(out, "read", list_of(one.effect.scanned));
    add(out, "changed", list_of(one.effect.changed));
    add(out, "gone", join(one.effect.gone, ", "));
    for (const auto& broken : one.effect.broken)
      add(out, "breaks the old release", fmt::format("{}: {}", broken.statement, broken.why));
  }
  for (const auto& one : rehearsal.ways_back)
    out += fmt::format("{}: {}\n", one.migration, one.what);
  return out;
}

Json to_json(const Rehearsal& rehearsal, WallTime now) {
  Json statements = Json::array();
  for (const auto& one : rehearsal.statements) {
    statements.push_back(
        Json::object()
            .set("migration", one.migration)
            .set("line", one.line)
            .set("statement", one.statement)
            .set("harms", Json::array_of(one.harms.words()))
            .set("effect", to_json(one.effect))
            .set("estimated_ms", static_cast<double>(one.estimated.count()) / 1000.0));
  }
  Json unready = Json::array();
  for (const auto& one : rehearsal.unready) unready.push_back(one.statement);
  Json ways_back = Json::array();
  for (const auto& one : rehearsal.ways_back)
    ways_back.push_back(Json::object().set("migration", one.migration).set("what", one.what));
  return Json::object()
      .set("on", to_json(rehearsal.ground, now))
      .set("statements", std::move(statements))
      .set("ways_back", std::move(ways_back))
      .set("failed", rehearsal.has_failed)
      .set("dangerous", rehearsal.is_dangerous())
      .set("unready", std::move(unready));
}

}  // namespace slipway::database::rehearsal

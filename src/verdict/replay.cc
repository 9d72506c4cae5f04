#include "verdict/replay.h"

#include <optional>

namespace slipway::verdict {
namespace {

struct Bench {
  std::optional<Judge> judge;
  std::size_t ticks = 0;

  Result<void> hear(const Json& entry) {
    if (const Json* settings = entry.find("settings")) {
      judge.emplace(TRY(settings_from_json(*settings)));
      ticks = 0;
    }
    if (!judge) return Error(Code::Malformed, "a verdict is kept without the judge's settings");
    for (const auto& item : entry.at("ticks").items()) {
      judge->look(TRY(tick_from_json(item)));
      ++ticks;
    }
    return ok();
  }
};
}  // namespace

Result<std::vector<Replayed>> replay_entries(std::span<const Json> entries) {
  std::vector<Replayed> out;
  Bench bench;
  for (const auto& entry : entries) {
    TRY(bench.hear(entry));
    Replayed one;
    one.step = entry.text("step");
    one.at_ms = entry.integer("at_ms");
    one.ticks = bench.ticks;
    one.kept = entry.at("decision");
    one.again = to_json(bench.judge->last());
    one.sentence = sentence(bench.judge->last(), bench.judge->tell());
    one.equal = one.kept.dump() == one.again.dump();
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace slipway::verdict

#include "database/rehearsal/effect.h"

#include <algorithm>
#include <array>

namespace slipway::database::rehearsal {
namespace {
constexpr std::array<std::string_view, 9> kModes = {
    "None",  "AccessShare",       "RowShare",  "RowExclusive",   "ShareUpdateExclusive",
    "Share", "ShareRowExclusive", "Exclusive", "AccessExclusive"};

bool any_long(const std::vector<Touched>& touched, std::int64_t long_rows) {
  return std::any_of(touched.begin(), touched.end(),
                     [&](const Touched& one) { return one.rows >= long_rows; });
}

Json rows_json(const std::vector<Touched>& touched) {
  Json out = Json::object();
  for (const auto& one : touched) out.set(one.relation, one.rows);
  return out;
}
}  // namespace

LockMode lock_mode(std::string_view name) {
  if (name.ends_with("Lock")) name.remove_suffix(4);
  const auto found = std::find(kModes.begin(), kModes.end(), name);
  return found == kModes.end() ? LockMode::None : static_cast<LockMode>(found - kModes.begin());
}

std::string_view name_of(LockMode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::vector<std::string> Harms::words() const {
  std::vector<std::string> out;
  if (fails) out.emplace_back("fails");
  if (blocks) out.emplace_back("blocks");
  if (breaks) out.emplace_back("breaks");
  if (loses) out.emplace_back("loses");
  if (in_bulk) out.emplace_back("bulk");
  return out;
}

Harms harms_of(const Effect& effect, std::int64_t long_rows) {
  Harms out;
  out.fails = effect.failed;
  out.breaks = !effect.broken.empty();
  out.loses = !effect.gone.empty();
  out.in_bulk = any_long(effect.changed, long_rows);
  const bool is_long =
      out.in_bulk || any_long(effect.rewritten, long_rows) || any_long(effect.scanned, long_rows);
  const bool is_held = std::any_of(effect.locks.begin(), effect.locks.end(),
                                   [](const HeldLock& one) { return stops_writers(one.mode); });
  out.blocks = is_long && is_held;
  return out;
}

Json to_json(const Effect& effect) {
  Json locks = Json::object();
  for (const auto& one : effect.locks) locks.set(one.relation, name_of(one.mode));
  Json broken = Json::array();
  for (const auto& one : effect.broken) {
    broken.push_back(Json::object()
                         .set("statement", one.statement)
                         .set("sqlstate", one.sqlstate)
                         .set("why", one.why));
  }
  Json out = Json::object();
  if (effect.failed) out.set("sqlstate", effect.sqlstate).set("message", effect.message);
  return out.set("locks", std::move(locks))
      .set("rewritten", rows_json(effect.rewritten))
      .set("scanned", rows_json(effect.scanned))
      .set("changed", rows_json(effect.changed))
      .set("gone", Json::array_of(effect.gone))
      .set("broken", std::move(broken))
      .set("ms", static_cast<double>(effect.took.count()) / 1000.0);
}

}  // namespace slipway::database::rehearsal

#include "daemon/verdicts.h"

#include <vector>

#include "verdict/replay.h"

namespace slipway::daemon {
namespace {
constexpr std::string_view kShown[] = {"step", "at_ms", "event", "sentence", "visible", "decision"};

Result<std::vector<Json>> entries_of(ports::Store& store, const std::string& release) {
  std::vector<Json> out;
  for (auto& [key, entry] : TRY(store.values("verdict/" + release + "/")))
    out.push_back(std::move(entry));
  return out;
}

Json shown(const Json& entry) {
  Json out = Json::object();
  for (const auto name : kShown) out.set(std::string(name), entry.at(name));
  return out;
}
}  // namespace

Result<Json> verdict_documents(ports::Store& store, const std::string& release) {
  Json out = Json::array();
  for (const auto& entry : TRY(entries_of(store, release))) out.push_back(shown(entry));
  return out;
}

Result<Json> replayed_verdicts(ports::Store& store, const std::string& release, bool whole) {
  const auto entries = TRY(entries_of(store, release));
  const auto replayed = TRY(verdict::replay_entries(entries));
  Json list = Json::array();
  bool equal = true;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Json one = shown(entries[i]);
    one.set("again", replayed[i].again).set("again_sentence", replayed[i].sentence);
    one.set("equal", replayed[i].equal);
    one.set("rests_on", static_cast<std::int64_t>(replayed[i].ticks));
    if (whole) one.set("settings", entries[i].at("settings")).set("ticks", entries[i].at("ticks"));
    equal = equal && replayed[i].equal;
    list.push_back(std::move(one));
  }
  return Json::object().set("release", release).set("equal", equal).set("verdicts", list);
}

}  // namespace slipway::daemon

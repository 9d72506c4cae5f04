#include "daemon/alarms.h"

#include <algorithm>

#include "base/units.h"

namespace slipway::daemon {
namespace {
using alerts::Change;
using alerts::Memory;

std::string key_of(const ports::AppRef& app) { return "alerts/" + app.app + "/" + app.environment; }

ports::Severity severity_of(const std::string& name) {
  return name == "critical"  ? ports::Severity::Critical
         : name == "warning" ? ports::Severity::Warning
                             : ports::Severity::Note;
}

// What has to outlast the process: that a rule fires, and whether somebody was told.
Json json_of(const std::map<std::string, Memory>& memories) {
  Json out = Json::object();
  for (const auto& [name, memory] : memories) {
    if (memory.fired_ms != 0)
      out.set(name, Json::object().set("fired_ms", memory.fired_ms).set("told", memory.told));
  }
  return out;
}
}  // namespace

void Alarms::consider(const ports::AppRef& app, const config::Environment& settings,
                      const alerts::Reading& reading) {
  const auto looked = look({app, settings, house_.now_ms()}, reading);
  // The next reading is a second away, and begins from what the store has.
  if (!looked) memories_.erase(app);
}

Result<Alarms::Memories*> Alarms::memories_of(const ports::AppRef& app) {
  const auto found = memories_.find(app);
  if (found != memories_.end()) return &found->second;
  const auto stored = TRY(house_.store.value(key_of(app)));
  Memories memories;
  kept_[app] = stored.value_or(Json::object());
  for (const auto& [name, json] : kept_[app].members()) {
    memories[name].fired_ms = json.integer("fired_ms");
    memories[name].told = json.flag("told");
  }
  return &(memories_[app] = std::move(memories));
}

Result<void> Alarms::keep(const ports::AppRef& app) {
  const Json now = json_of(memories_[app]);
  if (now == kept_[app]) return ok();
  TRY(house_.store.set_value(key_of(app), now));
  kept_[app] = now;
  return ok();
}

Result<void> Alarms::look(const Scene& scene, const alerts::Reading& reading) {
  Memories& memories = *TRY(memories_of(scene.app));
  TRY(drop_unknown(scene, memories));
  const auto& rules = scene.settings.alerts;
  std::vector<Memory> row;
  for (const auto& rule : rules) row.push_back(memories[rule.name]);
  const auto changes = alerts::advance(rules, reading, scene.now_ms, row);
  for (std::size_t i = 0; i < rules.size(); ++i) memories[rules[i].name] = row[i];
  // Since when it fires is part of a notice's key: it is kept before the notice, so that a notice
  // that is told again after a crash is the same one.
  TRY(keep(scene.app));
  for (const auto& change : changes) {
    const auto& rule = rules[change.rule];
    TRY(carry_out(scene, rule, change, memories[rule.name]));
  }
  return keep(scene.app);
}

Result<void> Alarms::carry_out(const Scene& scene, const config::AlertRule& rule,
                               const Change& change, Memory& memory) {
  TRY(tell(scene, rule, change, memory.fired_ms));
  if (change.fires) {
    memory.told = true;
  } else {
    memory = {};
  }
  return ok();
}

// A rule that was taken out of the configuration while it fired is over too.
Result<void> Alarms::drop_unknown(const Scene& scene, Memories& memories) {
  for (auto one = memories.begin(); one != memories.end();) {
    const auto& rules = scene.settings.alerts;
    const bool known = std::any_of(rules.begin(), rules.end(),
                                   [&](const auto& rule) { return rule.name == one->first; });
    if (known) {
      ++one;
      continue;
    }
    if (one->second.told) {
      config::AlertRule gone;
      gone.name = gone.when = one->first;
      for (const auto& [name, channel] : scene.settings.channels) gone.to.push_back(name);
      TRY(tell(scene, gone, {0, false, "it is watched no more"}, one->second.fired_ms));
    }
    one = memories.erase(one);
  }
  return ok();
}

Result<void> Alarms::tell(const Scene& scene, const config::AlertRule& rule, const Change& change,
                          std::int64_t fired_ms) {
  const std::string place = scene.app.app + "/" + scene.app.environment;
  ports::Telling telling;
  auto& notice = telling.notice;
  notice.subject = place + "/alert/" + rule.name;
  notice.key = notice.subject + "/" + std::to_string(fired_ms) + (change.fires ? "" : "/over");
  notice.kind = change.fires ? "alert" : "resolved";
  notice.turn = change.fires ? ports::Turn::Opens : ports::Turn::Closes;
  notice.severity = change.fires ? severity_of(rule.severity) : ports::Severity::Note;
  notice.app = scene.app.app;
  notice.environment = scene.app.environment;
  notice.at_ms = scene.now_ms;
  notice.text = scene.app.app + " " + scene.app.environment + ": " + rule.when +
                (change.fires ? (rule.hold.count() > 0 ? " for " + to_text(rule.hold) : "") + ": " +
                                    change.words
                              : " is over: " + change.words);
  const auto live = TRY(house_.store.live(scene.app));
  if (!live.release.empty()) notice.facts.emplace_back("live", live.release);
  if (!scene.settings.url.empty()) notice.links.emplace_back("Open the app", scene.settings.url);
  for (const auto& name : rule.to) {
    const auto channel = scene.settings.channels.find(name);
    if (channel != scene.settings.channels.end())
      telling.to.push_back({name, config::to_json(channel->second)});
  }
  house_.log.note("alerts", notice.text, Json::object().set("severity", name_of(notice.severity)));
  return house_.store.tell(telling);
}

}  // namespace slipway::daemon

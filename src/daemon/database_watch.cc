#include "daemon/database_watch.h"

#include <algorithm>

#include "base/units.h"
#include "config/database_measure.h"

namespace slipway::daemon {
namespace {
using State = ports::ErrandView::State;

constexpr Millis kEvery{10'000};
constexpr Millis kMostTime{15'000};
constexpr Millis kSeatsTime{8'000};
constexpr Millis kRecent{300'000};  // deadlocks
constexpr const char* kKey = "watch";

ports::Errand look_at(const config::Environment& settings, Millis most_time) {
  ports::Errand out;
  out.words = {"db", "watch", settings.name, "--once"};
  if (settings.database.backup.is_set) out.words.emplace_back("--heartbeat");
  out.database = settings.database;
  out.dir = settings.folder;
  out.most_time = most_time;
  return out;
}

telemetry::Labels labels_of(const ports::AppRef& app) {
  return {{"app", app.app}, {"environment", app.environment}};
}
}  // namespace

void declare_database_figures(telemetry::Metrics& metrics) {
  metrics.gauge("slipway_database_up", "1 when the app's database answered the newest look.");
  metrics.gauge("slipway_database_connections",
                "Connections held at the database's server, by who holds them.");
  metrics.gauge("slipway_database_connections_limit",
                "Connections an ordinary role may hold at the database's server.");
  for (const auto& one : config::database_measures())
    metrics.gauge(std::string(one.figure), std::string(one.help));
}

void DatabaseWatch::look(const ports::AppRef& app, const config::Environment& settings,
                         DriverSet& drivers) {
  if (!drivers.errands || !settings.database.is_set()) return;
  Place& place = places_[app];
  if (place.is_under_way) {
    const auto view = drivers.errands->look(kKey);
    if (view.state == State::Running) return;
    place.is_under_way = false;
    // Unknown: the drivers were made anew meanwhile.
    if (view.state != State::Unknown) take_in(app, place, view);
  }
  const Millis now = house_.clock.monotonic();
  if (place.asked && now - *place.asked < kEvery) return;
  place.asked = now;
  place.is_under_way = true;
  drivers.errands->begin(kKey, look_at(settings, kMostTime));
}

void DatabaseWatch::take_in(const ports::AppRef& app, Place& place, const ports::ErrandView& view) {
  house_.metrics.set("slipway_database_up", labels_of(app), view.state == State::Done ? 1 : 0);
  if (view.state != State::Done) {
    if (place.trouble.empty())
      house_.log.warning("daemon", "the database of " + app.environment + " of " + app.app +
                                       " cannot be looked at: " + view.text);
    place.trouble = view.text.empty() ? "it does not answer" : view.text;
    forget(app, place);
    return;
  }
  place.trouble.clear();
  place.measures.clear();
  for (const auto& [name, value] : view.answer.at("measures").members())
    if (value.is_number()) place.measures[name] = value.as_number();
  if (more_)
    for (const auto& [name, value] : more_(app)) place.measures[name] = value;
  count_deadlocks(place, view.answer.integer("deadlocks"));
  tell_figures(app, place);
  tell_holders(app, place, view.answer);
}

// The server counts from when its statistics began: what counts is the difference.
void DatabaseWatch::count_deadlocks(Place& place, std::int64_t total) {
  const Millis now = house_.clock.monotonic();
  auto& seen = place.deadlocks;
  if (!seen.empty() && total < seen.back().total) seen.clear();  // they began anew
  seen.push_back({now, total});
  // The newest look before the window is where the window begins.
  while (seen.size() > 1 && now - seen[1].at >= kRecent) seen.pop_front();
  place.measures["db_deadlocks"] = static_cast<double>(total - seen.front().total);
}

void DatabaseWatch::tell_figures(const ports::AppRef& app, const Place& place) {
  for (const auto& one : config::database_measures()) {
    const auto found = place.measures.find(std::string(one.name));
    if (found == place.measures.end()) {
      house_.metrics.remove(one.figure, labels_of(app));
    } else {
      house_.metrics.set(one.figure, labels_of(app), found->second);
    }
  }
}

void DatabaseWatch::tell_holders(const ports::AppRef& app, Place& place, const Json& answer) {
  for (const auto& labels : place.holders)
    house_.metrics.remove("slipway_database_connections", labels);
  place.holders.clear();
  house_.metrics.set(
      "slipway_database_connections_limit", labels_of(app),
      static_cast<double>(answer.integer("max_connections") - answer.integer("reserved")));
  for (const auto& one : answer.at("connections").items()) {
    auto labels = labels_of(app);
    for (const char* name : {"application", "user", "state"})
      labels.emplace_back(name, one.text(name));
    house_.metrics.set("slipway_database_connections", labels, one.number("count"));
    place.holders.push_back(std::move(labels));
  }
}

// What was true once is not shown as if it were true now.
void DatabaseWatch::forget(const ports::AppRef& app, Place& place) {
  place.measures.clear();
  tell_figures(app, place);
  for (const auto& labels : place.holders)
    house_.metrics.remove("slipway_database_connections", labels);
  place.holders.clear();
  house_.metrics.remove("slipway_database_connections_limit", labels_of(app));
}

config::Environment with_own_rules(const config::Environment& settings) {
  const auto& backup = settings.database.backup;
  config::Environment out = settings;
  config::AlertRule rule;
  rule.when = rule.name = "db_rpo > " + to_text(backup.rpo);
  rule.condition = config::parse_condition(rule.when).value_or(config::AlertCondition());
  rule.hold = Millis(60'000);
  rule.severity = "critical";
  for (const auto* channel : config::channels_for(settings.channels, settings.notify, "backup"))
    rule.to.push_back(channel->name);
  out.alerts.push_back(std::move(rule));
  return out;
}

bool needs_own_rules(const config::Environment& settings) {
  return settings.database.backup.is_set &&
         std::none_of(settings.alerts.begin(), settings.alerts.end(),
                      [](const auto& rule) { return rule.condition.measure == "db_rpo"; });
}

void DatabaseWatch::fill(const ports::AppRef& app, alerts::Reading& reading) const {
  const auto found = places_.find(app);
  if (found == places_.end()) return;
  for (const auto& [name, value] : found->second.measures) reading.database[name] = value;
  reading.database_trouble = found->second.trouble;
}

plan::Seats seats_of(const Json& look, const std::string& app_role) {
  plan::Seats out;
  out.most = static_cast<int>(look.integer("max_connections"));
  out.reserved = static_cast<int>(look.integer("reserved"));
  const std::string role = app_role.empty() ? look.text("role") : app_role;
  for (const auto& one : look.at("connections").items()) {
    // slipway's own are counted by whoever asks.
    if (one.text("application").starts_with("slipway")) continue;
    const int count = static_cast<int>(one.integer("count"));
    (one.text("user") == role ? out.of_app : out.of_others) += count;
  }
  return out;
}

plan::Seats ask_seats(DriverSet& drivers, const config::Environment& settings) {
  plan::Seats out;
  if (!drivers.errands) {
    out.trouble = "this daemon cannot look at databases";
    return out;
  }
  constexpr const char* kSeats = "seats";
  drivers.errands->begin(kSeats, look_at(settings, kSeatsTime));
  const auto view = drivers.errands->wait(kSeats, kSeatsTime + Millis(2'000));
  if (view.state == State::Done) return seats_of(view.answer, settings.database.app_role);
  drivers.errands->stop(kSeats);
  out.trouble = view.text.empty() ? "it does not answer in time" : view.text;
  return out;
}

}  // namespace slipway::daemon

// Gates <-> JSON, as part of a stored environment (json.cc).
#include "config/gates.h"

namespace slipway::config {
namespace {

void add_patience(Json& out, const Patience& patience) {
  out.set("expires_ms", patience.expires.count()).set("on_expiry", name_of(patience.on_expiry));
}

Patience patience_from(const Json& json) {
  Patience out;
  out.expires = Millis(json.integer("expires_ms", out.expires.count()));
  out.on_expiry = on_expiry_named(json.text("on_expiry"));
  return out;
}

Json approvals_json(const Approvals& approvals) {
  Json roles = Json::object();
  for (const auto& [role, people] : approvals.roles) roles.set(role, Json::array_of(people));
  Json out = Json::object()
                 .set("need", approvals.need)
                 .set("from", Json::array_of(approvals.from))
                 .set("roles", std::move(roles));
  add_patience(out, approvals.patience);
  return out;
}

Approvals approvals_from(const Json& json) {
  Approvals out;
  out.need = static_cast<int>(json.integer("need"));
  out.from = json.strings("from");
  for (const auto& [role, people] : json.at("roles").members())
    out.roles[role] = json.at("roles").strings(role);
  out.patience = patience_from(json);
  return out;
}

Json window_json(const Window& window) {
  Json out = Json::object()
                 .set("days", Json::array_of(window.days))
                 .set("hours", Json::array_of(window.hours))
                 .set("zone", window.zone);
  add_patience(out, window.patience);
  return out;
}

Window window_from(const Json& json) {
  Window out;
  out.days = json.strings("days");
  out.hours = json.strings("hours");
  out.zone = json.text("zone", out.zone);
  out.patience = patience_from(json);
  return out;
}

Json holiday_json(const Holiday& holiday) {
  return Json::object()
      .set("name", holiday.name)
      .set("date", holiday.date)
      .set("days", holiday.days)
      .set("repeats", holiday.repeats)
      .set("except", Json::array_of(holiday.except));
}

Json freeze_json(const Freeze& freeze) {
  Json holidays = Json::array();
  for (const auto& holiday : freeze.holidays) holidays.push_back(holiday_json(holiday));
  return Json::object()
      .set("dates", Json::array_of(freeze.dates))
      .set("week_of", freeze.week_of)
      .set("holidays_file", freeze.holidays_file)
      .set("holidays", std::move(holidays))
      .set("why", freeze.why);
}

Freeze freeze_from(const Json& json) {
  Freeze out;
  out.dates = json.strings("dates");
  out.week_of = json.text("week_of");
  out.holidays_file = json.text("holidays_file");
  for (const auto& one : json.at("holidays").items()) {
    out.holidays.push_back({one.text("name"), one.text("date"),
                            static_cast<int>(one.integer("days", 1)), one.text("repeats"),
                            one.strings("except")});
  }
  out.why = json.text("why");
  return out;
}

}  // namespace

Json to_json(const Gates& gates) {
  Json freeze = Json::array();
  for (const auto& one : gates.freeze) freeze.push_back(freeze_json(one));
  Json out = Json::object()
                 .set("approvals", approvals_json(gates.approvals))
                 .set("window", window_json(gates.window))
                 .set("freeze", std::move(freeze))
                 .set("hotfix_skips", Json::array_of(gates.hotfix_skips));
  Json checks = Json::array();
  for (const auto& one : gates.checks) checks.push_back(to_json(one));
  if (!gates.checks.empty()) out.set("checks", std::move(checks));
  return out;
}

Gates gates_from_json(const Json& json) {
  Gates out;
  out.approvals = approvals_from(json.at("approvals"));
  out.window = window_from(json.at("window"));
  for (const auto& one : json.at("freeze").items()) out.freeze.push_back(freeze_from(one));
  for (const auto& one : json.at("checks").items()) out.checks.push_back(gate_check_from_json(one));
  if (json.at("hotfix_skips").is_array()) out.hotfix_skips = json.strings("hotfix_skips");
  return out;
}

}  // namespace slipway::config

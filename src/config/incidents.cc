#include "config/incidents.h"

namespace slipway::config {

std::string_view name_of(OnAssessExpiry outcome) {
  return outcome == OnAssessExpiry::Hold ? "hold" : "roll_back";
}

Json to_json(const Incidents& incidents) {
  Json alerts = Json::array();
  for (const auto& one : incidents.alerts) {
    Json labels = Json::object();
    for (const auto& [name, value] : one.labels) labels.set(name, value);
    alerts.push_back(Json::object()
                         .set("alert", one.alert)
                         .set("labels", labels)
                         .set("severity", one.severity));
  }
  return Json::object()
      .set("assess_within_ms", incidents.assess_within.count())
      .set("on_expiry", name_of(incidents.on_expiry))
      .set("alerts", alerts);
}

Incidents incidents_from_json(const Json& json) {
  Incidents out;
  out.assess_within = Millis(json.integer("assess_within_ms", out.assess_within.count()));
  if (json.text("on_expiry") == name_of(OnAssessExpiry::Hold)) out.on_expiry = OnAssessExpiry::Hold;
  for (const auto& item : json.at("alerts").items()) {
    IncidentAlert one;
    one.alert = item.text("alert");
    one.severity = item.text("severity", one.severity);
    for (const auto& [name, value] : item.at("labels").members())
      one.labels[name] = value.is_string() ? value.as_string() : "";
    out.alerts.push_back(std::move(one));
  }
  return out;
}

}  // namespace slipway::config

#include "config/alert.h"

#include "base/text.h"
#include "config/values.h"

namespace slipway::config {

std::optional<AlertCondition> parse_condition(std::string_view text) {
  AlertCondition out;
  if (trim(text) == "down") {
    out.signal = AlertCondition::Signal::Down;
    return out;
  }
  const auto trigger = parse_trigger(text);
  // Nothing is being replaced while nothing is released: there is no baseline.
  if (!trigger || trigger->relative_to_baseline) return std::nullopt;
  out.limit = trigger->limit;
  if (trigger->kind == Trigger::Kind::ErrorRate) return out;
  if (trigger->kind == Trigger::Kind::HealthFailing) {
    out.signal = AlertCondition::Signal::Unhealthy;
    return out;
  }
  if (trigger->kind != Trigger::Kind::LatencyQuantile) return std::nullopt;
  out.signal = AlertCondition::Signal::Latency;
  out.quantile = trigger->quantile;
  return out;
}

Json to_json(const AlertRule& rule) {
  return Json::object()
      .set("name", rule.name)
      .set("when", rule.when)
      .set("for_ms", rule.hold.count())
      .set("severity", rule.severity)
      .set("to", Json::array_of(rule.to));
}

AlertRule alert_rule_from_json(const Json& json) {
  AlertRule out;
  out.name = json.text("name");
  out.when = json.text("when");
  out.condition = parse_condition(out.when).value_or(AlertCondition());
  out.hold = Millis(json.integer("for_ms"));
  out.severity = json.text("severity", out.severity);
  out.to = json.strings("to");
  return out;
}

}  // namespace slipway::config

#include "config/alert.h"

#include "base/text.h"
#include "base/units.h"
#include "config/database_measure.h"
#include "config/values.h"

namespace slipway::config {

namespace {
std::optional<double> limit_of(const DatabaseMeasure& measure, std::string_view text) {
  constexpr double kMillisPerSecond = 1000;
  switch (measure.unit) {
    case DatabaseMeasure::Unit::Percent:
      return parse_percent(text);
    case DatabaseMeasure::Unit::Duration: {
      const auto time = parse_duration(text);
      if (!time) return std::nullopt;
      return static_cast<double>(time->count()) / kMillisPerSecond;
    }
    case DatabaseMeasure::Unit::Size: {
      const auto bytes = parse_size(text);
      if (!bytes) return std::nullopt;
      return static_cast<double>(*bytes);
    }
    case DatabaseMeasure::Unit::Count: {
      const auto number = parse_int(text);
      if (!number || *number < 0) return std::nullopt;
      return *number;
    }
  }
  return std::nullopt;
}

std::optional<AlertCondition> parse_database(std::string_view text) {
  AlertCondition out;
  out.signal = AlertCondition::Signal::DatabaseDown;
  if (text == "db down") return out;
  const auto sign = text.find('>');
  if (sign == std::string_view::npos) return std::nullopt;
  const auto* measure = database_measure(trim(text.substr(0, sign)));
  if (measure == nullptr) return std::nullopt;
  const auto limit = limit_of(*measure, trim(text.substr(sign + 1)));
  if (!limit) return std::nullopt;
  out.signal = AlertCondition::Signal::Database;
  out.measure = measure->name;
  out.limit = *limit;
  return out;
}
}  // namespace

std::optional<AlertCondition> parse_condition(std::string_view text) {
  if (trim(text).starts_with("db")) return parse_database(trim(text));
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

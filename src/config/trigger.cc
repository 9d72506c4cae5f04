#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "config/values.h"

namespace slipway::config {
namespace {

// "p95" -> 0.95, "p999" -> 0.999
std::optional<double> quantile_of(std::string_view digits) {
  if (digits.size() < 2 || digits.size() > 4) return std::nullopt;
  const auto value = parse_int(digits);
  if (!value || *value <= 0) return std::nullopt;
  return *value / std::pow(10.0, static_cast<double>(digits.size()));
}

std::optional<Trigger> parse_latency(Trigger trigger, std::string_view name,
                                     std::string_view limit) {
  const auto quantile = quantile_of(name.substr(std::string_view("latency_p").size()));
  if (!quantile) return std::nullopt;
  trigger.kind = Trigger::Kind::LatencyQuantile;
  trigger.quantile = *quantile;
  if (limit.ends_with("x baseline")) {
    limit.remove_suffix(std::string_view("x baseline").size());
    const auto times = parse_number(trim(limit));
    if (!times || *times < 1 || *times > 1000) return std::nullopt;
    trigger.relative_to_baseline = true;
    trigger.limit = *times;
    return trigger;
  }
  const auto duration = parse_duration(limit);
  if (!duration || duration->count() <= 0) return std::nullopt;
  trigger.limit = static_cast<double>(duration->count());
  return trigger;
}

bool is_alert_name(std::string_view name) {
  constexpr std::size_t kMost = 100;
  return !name.empty() && name.size() <= kMost &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == ':';
         });
}

}  // namespace

std::optional<Trigger> parse_trigger(std::string_view text) {
  Trigger trigger;
  trigger.text = std::string(text);
  if (trim(text) == "health failing") {
    trigger.kind = Trigger::Kind::HealthFailing;
    return trigger;
  }
  constexpr std::string_view kAlert = "alert ";
  if (trim(text).starts_with(kAlert)) {
    trigger.kind = Trigger::Kind::Alert;
    trigger.alert = std::string(trim(trim(text).substr(kAlert.size())));
    return is_alert_name(trigger.alert) ? std::optional<Trigger>(trigger) : std::nullopt;
  }
  const auto sign = text.find('>');
  if (sign == std::string_view::npos) return std::nullopt;
  const auto name = trim(text.substr(0, sign));
  const auto limit = trim(text.substr(sign + 1));
  if (name.starts_with("latency_p")) return parse_latency(trigger, name, limit);
  const auto percent = parse_percent(limit);
  if (name != "error_rate" || !percent) return std::nullopt;
  trigger.limit = *percent;
  return trigger;
}

}  // namespace slipway::config

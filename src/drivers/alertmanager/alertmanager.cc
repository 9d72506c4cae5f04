#include "drivers/alertmanager/alertmanager.h"

#include <algorithm>
#include <cctype>

namespace slipway::drivers::alertmanager {
namespace {
// Alertmanager forgets an alert without an end after its own resolve_timeout; one that waits for a
// person must not go by itself.
constexpr std::int64_t kOpenFor_ms = 7 * 24 * 3'600'000LL;
constexpr std::int64_t kEventFor_ms = 5 * 60'000LL;

// Letters, digits and '_', not beginning with a digit: anything else is refused.
std::string name_for(const std::string& text) {
  std::string out = text;
  std::replace_if(
      out.begin(), out.end(),
      [](unsigned char c) { return !(std::isalnum(c) != 0 && c < 0x80) && c != '_'; }, '_');
  return out.empty() || (out.front() >= '0' && out.front() <= '9') ? "_" + out : out;
}

Json alert_of(const ports::Notice& notice, ports::Severity severity) {
  Json labels = Json::object()
                    .set("alertname", "Slipway")
                    .set("app", notice.app)
                    .set("environment", notice.environment)
                    .set("subject", notice.subject)
                    .set("severity", name_of(severity));
  if (!notice.release.empty()) labels.set("release", notice.release);
  Json annotations =
      Json::object().set("summary", notice.text).set("kind", notice.kind).set("key", notice.key);
  for (const auto& [name, value] : notice.facts) {
    if (!value.empty()) annotations.set(name_for(name), value);
  }
  Json alert = Json::object().set("labels", labels).set("annotations", annotations);
  if (!notice.links.empty()) alert.set("generatorURL", notice.links.front().second);
  return alert;
}

std::string at(std::int64_t ms) { return to_iso8601(from_unix_ms(ms)); }

class Alertmanager final : public ports::Notifier {
 public:
  explicit Alertmanager(posting::Place place) : place_(std::move(place)) {}
  ports::Outcome send(const ports::Notice& notice) override {
    auto call = posting::json_call(place_, "/api/v2/alerts", alerts_of(notice));
    if (!place_.secret.empty()) call.fields.push_back({"Authorization", "Bearer " + place_.secret});
    return posting::post(place_, call);
  }

 private:
  posting::Place place_;
};
}  // namespace

Json alerts_of(const ports::Notice& notice) {
  Json alerts = Json::array();
  if (notice.turn != ports::Turn::Closes) {
    const auto lasts = notice.turn == ports::Turn::Opens ? kOpenFor_ms : kEventFor_ms;
    alerts.push_back(alert_of(notice, notice.severity)
                         .set("startsAt", at(notice.at_ms))
                         .set("endsAt", at(notice.at_ms + lasts)));
    return alerts;
  }
  for (const auto severity :
       {ports::Severity::Warning, ports::Severity::Critical, ports::Severity::Note})
    alerts.push_back(alert_of(notice, severity).set("endsAt", at(notice.at_ms)));
  return alerts;
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place) {
  return std::make_unique<Alertmanager>(std::move(place));
}

}  // namespace slipway::drivers::alertmanager

#include "daemon/incoming_alerts.h"

#include <algorithm>
#include <ctime>

#include "base/crash_point.h"
#include "release/alert_trigger.h"

namespace slipway::daemon {
namespace {
constexpr std::size_t kMostAlerts = 1'000;  // in a message, and kept of an environment
constexpr std::size_t kMostFingerprint = 64;
constexpr std::size_t kMostSummary = 500;
// What slipway's own channel puts into Alertmanager comes back when that routes everything.
constexpr std::string_view kOwn = "Slipway";

bool is_fingerprint(const std::string& text) {
  return !text.empty() && text.size() <= kMostFingerprint &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

std::string summary_of(const Json& alert) {
  const Json& words = alert.at("annotations");
  for (const char* name : {"summary", "description", "message"}) {
    std::string text = words.text(name);
    if (text.size() > kMostSummary) text.resize(kMostSummary);
    if (!text.empty()) return text;
  }
  return "";
}

bool fits(const config::IncidentAlert& rule, const Json& labels) {
  return rule.alert == labels.text("alertname") &&
         std::all_of(rule.labels.begin(), rule.labels.end(), [&](const auto& wanted) {
           return labels.text(wanted.first) == wanted.second;
         });
}
}  // namespace

std::optional<std::int64_t> rfc3339_ms(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  std::int64_t ms = static_cast<std::int64_t>(::timegm(&parts)) * 1'000;
  if (*rest == '.') {
    int scale = 100;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, scale /= 10) ms += (*rest - '0') * scale;
  }
  if (rest[0] == 'Z' && rest[1] == '\0') return ms;
  const std::string zone(rest);  // "+02:00"
  const bool is_zone = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
  if (!is_zone) return std::nullopt;
  const auto two = [&](std::size_t at) { return (zone[at] - '0') * 10 + zone[at + 1] - '0'; };
  for (const std::size_t at : {1, 2, 4, 5}) {
    if (zone[at] < '0' || zone[at] > '9') return std::nullopt;
  }
  const std::int64_t offset = (two(1) * 60 + two(4)) * 60'000LL;
  return zone[0] == '+' ? ms - offset : ms + offset;
}

Result<void> IncomingAlerts::fires(const ports::AppRef& app, const Json& alert,
                                   const config::Incidents& settings, Json& opened) {
  const Json& labels = alert.at("labels");
  const std::string name = labels.text("alertname");
  const std::string fingerprint = alert.text("fingerprint");
  const std::string key = release::alert_prefix(app) + fingerprint;
  const std::string summary = summary_of(alert);
  // Since when: as it was first said. A later message of the same must not make it younger.
  const auto known = TRY(house_.store.value(key));
  if (!known) {
    const auto now = house_.now_ms();
    const auto since = rfc3339_ms(alert.text("startsAt")).value_or(now);
    TRY(house_.store.set_value(key, Json::object()
                                        .set("alert", name)
                                        .set("since_ms", std::min(since, now))
                                        .set("summary", summary)));
    house_.log.note("alerts",
                    "Alertmanager: " + name + " fires" + (summary.empty() ? "" : ": " + summary));
  }
  crash_point("alerts.after-kept");
  for (const auto& rule : settings.alerts) {
    if (!fits(rule, labels)) continue;
    Incident draft;
    draft.app = app;
    draft.sev = sev_named(rule.severity).value_or(Sev::Two);
    draft.impact = summary.empty() ? "alert " + name : summary;
    draft.by = "alert " + name;
    draft.alert = fingerprint;
    opened.push_back(TRY(incidents_.open(std::move(draft))).id);
    break;
  }
  return ok();
}

Result<Json> IncomingAlerts::take(const ports::AppRef& app, const Json& message) {
  if (!message.is_object() || message.text("version") != "4" || !message.at("alerts").is_array()) {
    return Error(Code::Malformed, "this is no message of Alertmanager's webhook, version 4",
                 "send it from a webhook_config of Alertmanager");
  }
  const auto settings = TRY(lookout_.settings(app));
  const auto& alerts = message.at("alerts").items();
  const auto kept = TRY(house_.store.values(release::alert_prefix(app)));
  if (alerts.size() + kept.size() > kMostAlerts) {
    return Error(Code::TooLarge, "more than 1000 alerts of " + app.app + " fire at once",
                 "group them, or route fewer of them here");
  }
  int firing = 0;
  int resolved = 0;
  int ignored = 0;
  Json opened = Json::array();
  for (const auto& alert : alerts) {
    const std::string name = alert.at("labels").text("alertname");
    const std::string fingerprint = alert.text("fingerprint");
    const bool over = alert.text("status") == "resolved";
    if (name.empty() || name == kOwn || !is_fingerprint(fingerprint)) {
      ++ignored;
    } else if (over) {
      ++resolved;
      TRY(house_.store.remove_value(release::alert_prefix(app) + fingerprint));
      TRY(incidents_.alert_is_over(app, fingerprint));
    } else {
      ++firing;
      TRY(fires(app, alert, settings.incidents, opened));
    }
  }
  return Json::object()
      .set("firing", firing)
      .set("resolved", resolved)
      .set("ignored", ignored)
      .set("incidents", opened);
}

}  // namespace slipway::daemon

#include "drivers/pagerduty/pagerduty.h"

namespace slipway::drivers::pagerduty {
namespace {
constexpr std::size_t kMostSummary = 1'024;
constexpr std::size_t kMostKey = 255;

Json links_of(const ports::Notice& notice) {
  Json links = Json::array();
  for (const auto& [text, url] : notice.links)
    links.push_back(Json::object().set("href", url).set("text", text));
  return links;
}

Json details_of(const ports::Notice& notice) {
  Json details = Json::object().set("key", notice.key).set("kind", notice.kind);
  for (const auto& [name, value] : notice.facts) details.set(name, value);
  return details;
}

Json payload_of(const ports::Notice& notice) {
  return Json::object()
      .set("summary", posting::shortened(notice.text, kMostSummary))
      .set("source", notice.app + "/" + notice.environment)
      .set("timestamp", to_iso8601(from_unix_ms(notice.at_ms)))
      .set("custom_details", details_of(notice));
}

Event alert(const ports::Notice& notice, const std::string& routing_key, const char* action) {
  Json body = Json::object()
                  .set("routing_key", routing_key)
                  .set("event_action", action)
                  .set("dedup_key", posting::shortened("slipway/" + notice.subject, kMostKey));
  if (notice.turn == ports::Turn::Opens) {
    body.set("payload", payload_of(notice)
                            .set("severity", name_of(notice.severity))
                            .set("component", notice.app)
                            .set("group", notice.environment)
                            .set("class", notice.kind));
    body.set("client", "slipway");
    body.set("links", links_of(notice));
  }
  return {"/v2/enqueue", body};
}

Event change(const ports::Notice& notice, const std::string& routing_key) {
  return {"/v2/change/enqueue", Json::object()
                                    .set("routing_key", routing_key)
                                    .set("payload", payload_of(notice))
                                    .set("links", links_of(notice))};
}

class PagerDuty final : public ports::Notifier {
 public:
  explicit PagerDuty(posting::Place place) : place_(std::move(place)) {}
  ports::Outcome send(const ports::Notice& notice) override {
    auto outcome = ports::Outcome::applied();
    for (const auto& event : events_of(notice, place_.secret)) {
      outcome = posting::post(place_, posting::json_call(place_, event.path, event.body));
      if (outcome.kind != ports::Outcome::Kind::Applied) break;
    }
    return outcome;
  }

 private:
  posting::Place place_;
};
}  // namespace

std::vector<Event> events_of(const ports::Notice& notice, const std::string& routing_key) {
  if (notice.turn == ports::Turn::Opens) return {alert(notice, routing_key, "trigger")};
  std::vector<Event> events;
  if (notice.turn == ports::Turn::Closes) events.push_back(alert(notice, routing_key, "resolve"));
  if (!notice.release.empty() || events.empty()) events.push_back(change(notice, routing_key));
  return events;
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place) {
  if (place.url.empty()) place.url = kAddress;
  return std::make_unique<PagerDuty>(std::move(place));
}

}  // namespace slipway::drivers::pagerduty

#include "drivers/sentry/sentry.h"

namespace slipway::drivers::sentry {
namespace {
constexpr std::size_t kMostName = 64;  // bytes, of a deploy

std::string releases_path(const std::string& organization) {
  return "/api/0/organizations/" + http::percent_encoded(organization) + "/releases/";
}

class Sentry final : public ports::Notifier {
 public:
  Sentry(posting::Place place, std::string organization, std::vector<std::string> projects)
      : place_(std::move(place)),
        organization_(std::move(organization)),
        projects_(std::move(projects)) {}

  ports::Outcome send(const ports::Notice& notice) override {
    if (notice.kind == "test") return look();
    const auto marks = marks_of(notice, organization_, projects_);
    if (!marks) return ports::Outcome::applied();
    auto outcome = mark(marks->release_path, marks->release);
    if (outcome.kind == ports::Outcome::Kind::Applied)
      outcome = mark(marks->deploy_path, marks->deploy);
    return outcome;
  }

 private:
  // A mark of nothing would stand among the real ones: whether it would be taken is enough.
  ports::Outcome look() {
    http::WebCall call;
    call.method = "GET";
    call.url = posting::without_slash(place_.url) + releases_path(organization_) + "?per_page=1";
    call.fields.push_back({"Authorization", "Bearer " + place_.secret});
    call.ca = place_.ca;
    call.timeout = place_.timeout;
    return posting::post(place_, call);
  }

  ports::Outcome mark(const std::string& path, const Json& body) {
    auto call = posting::json_call(place_, path, body);
    call.fields.push_back({"Authorization", "Bearer " + place_.secret});
    return posting::post(place_, call);
  }

  posting::Place place_;
  std::string organization_;
  std::vector<std::string> projects_;
};
}  // namespace

std::optional<Marks> marks_of(const ports::Notice& notice, const std::string& organization,
                              const std::vector<std::string>& projects) {
  if (notice.live.empty()) return std::nullopt;
  const std::string at = to_iso8601(from_unix_ms(notice.at_ms));
  Marks marks;
  marks.release_path = releases_path(organization);
  marks.release =
      Json::object().set("version", notice.live).set("projects", Json::array_of(projects));
  marks.deploy_path = marks.release_path + http::percent_encoded(notice.live) + "/deploys/";
  marks.deploy = Json::object()
                     .set("environment", notice.environment)
                     .set("name", posting::shortened(notice.key, kMostName))
                     .set("dateFinished", at);
  for (const auto& [text, url] : notice.links) {
    if (text == "Open the app") marks.deploy.set("url", url);
  }
  return marks;
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place, std::string organization,
                                               std::vector<std::string> projects) {
  if (place.url.empty()) place.url = kAddress;
  return std::make_unique<Sentry>(std::move(place), std::move(organization), std::move(projects));
}

}  // namespace slipway::drivers::sentry

#include "drivers/slack/slack.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::drivers::slack {
namespace {
// Block Kit's limits.
constexpr std::size_t kMostHeader = 150;
constexpr std::size_t kMostText = 3'000;
constexpr std::size_t kMostField = 2'000;
constexpr std::size_t kMostFields = 10;
constexpr std::size_t kMostButton = 75;
constexpr std::size_t kMostButtons = 25;

using posting::shortened;

// The three characters that Slack's markup reads.
std::string escaped(const std::string& text) {
  return replace_all(replace_all(replace_all(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

Json plain(const std::string& text) {
  return Json::object().set("type", "plain_text").set("text", text).set("emoji", true);
}
Json markup(const std::string& text) {
  return Json::object().set("type", "mrkdwn").set("text", text);
}

std::string sign_of(const ports::Notice& notice) {
  if (notice.turn == ports::Turn::Closes && notice.severity == ports::Severity::Note)
    return ":white_check_mark: ";
  switch (notice.severity) {
    case ports::Severity::Note:
      return "";
    case ports::Severity::Warning:
      return ":warning: ";
    case ports::Severity::Critical:
      return ":rotating_light: ";
  }
  return "";
}

Json fields_of(const ports::Notice& notice) {
  Json fields = Json::array();
  for (const auto& [name, value] : notice.facts) {
    if (fields.size() >= kMostFields) break;
    fields.push_back(markup(shortened("*" + escaped(name) + "*\n" + escaped(value), kMostField)));
  }
  return Json::object().set("type", "section").set("fields", fields);
}

Json buttons_of(const ports::Notice& notice) {
  Json buttons = Json::array();
  for (const auto& [text, url] : notice.links) {
    if (buttons.size() >= kMostButtons) break;
    buttons.push_back(Json::object()
                          .set("type", "button")
                          .set("text", plain(shortened(text, kMostButton)))
                          .set("url", url));
  }
  return Json::object().set("type", "actions").set("elements", buttons);
}

class Slack final : public ports::Notifier {
 public:
  explicit Slack(posting::Place place) : place_(std::move(place)) {}
  ports::Outcome send(const ports::Notice& notice) override {
    return posting::post(place_, posting::json_call(place_, "", message_of(notice)));
  }

 private:
  posting::Place place_;
};
}  // namespace

Json message_of(const ports::Notice& notice) {
  const std::string title = sign_of(notice) + notice.app + " " + notice.environment + ": " +
                            (notice.version.empty() ? "" : notice.version + " ") +
                            replace_all(notice.kind, "_", " ");
  Json blocks = Json::array();
  blocks.push_back(
      Json::object().set("type", "header").set("text", plain(shortened(title, kMostHeader))));
  blocks.push_back(Json::object()
                       .set("type", "section")
                       .set("text", markup(shortened(escaped(notice.text), kMostText))));
  if (!notice.facts.empty()) blocks.push_back(fields_of(notice));
  if (!notice.links.empty()) blocks.push_back(buttons_of(notice));
  Json elements = Json::array();
  elements.push_back(markup(escaped(notice.key) + "  " + to_iso8601(from_unix_ms(notice.at_ms))));
  blocks.push_back(Json::object().set("type", "context").set("elements", elements));
  return Json::object().set("text", escaped(notice.text)).set("blocks", blocks);
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place) {
  place.url = place.secret;
  return std::make_unique<Slack>(std::move(place));
}

}  // namespace slipway::drivers::slack

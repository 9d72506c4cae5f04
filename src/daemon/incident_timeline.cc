#include "daemon/incident_timeline.h"

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"

namespace slipway::daemon {
namespace {
// A cell of a table is one line, and no bar ends it early.
std::string cell(const std::string& text) {
  return replace_all(replace_all(replace_all(text, "|", "\\|"), "\r", ""), "\n", " ");
}

std::string instant(std::int64_t at_ms) {
  return replace_all(to_iso8601(from_unix_ms(at_ms)).substr(0, 19), "T", " ");
}

std::string joined(const std::string& head, const std::string& rest) {
  return rest.empty() ? head : head + ": " + rest;
}
}  // namespace

std::vector<Moment> moments_of_release(const std::string& release, const Json& story,
                                       const Json& approvals) {
  std::vector<Moment> out;
  for (const auto& scene : story.items()) {
    const std::string what = scene.text("what") == "undo" ? "undo " : "";
    const std::string text = scene.text("text");
    const std::string head = scene.text("result").empty()
                                 ? what + scene.text("step")
                                 : what + scene.text("step") + " " + scene.text("result");
    out.push_back({scene.integer("at_ms"), "release " + release,
                   joined(text.empty() ? head : head + " (" + text + ")", scene.text("why"))});
  }
  for (const auto& one : approvals.items()) {
    out.push_back({one.integer("at_ms"), "approval " + release,
                   joined(one.text("by") + " by " + one.text("via"), one.text("note"))});
  }
  return out;
}

std::vector<Moment> moments_of_notices(const Json& notices) {
  std::vector<Moment> out;
  for (const auto& notice : notices.items()) {
    std::vector<std::string> where;
    for (const auto& one : notice.at("deliveries").items())
      where.push_back(one.text("channel") + ": " + one.text("state"));
    const std::string kind = notice.text("kind");
    const bool alert = kind == "alert" || kind == "resolved";
    out.push_back({notice.integer("at_ms"), alert ? "alert" : "notice",
                   notice.text("text") + (where.empty() ? "" : " (" + join(where, ", ") + ")")});
  }
  return out;
}

std::vector<Moment> moments_of_incident(const Incident& incident) {
  std::vector<Moment> out;
  for (const auto& event : incident.events) {
    const std::string by = event.by.empty() ? "" : " by " + event.by;
    out.push_back({event.at_ms, "incident", joined(event.kind + by, event.text)});
  }
  return out;
}

std::string timeline_markdown(const Incident& incident,
                              const std::vector<std::pair<std::string, std::string>>& message,
                              std::vector<Moment> moments) {
  std::stable_sort(moments.begin(), moments.end(),
                   [](const Moment& a, const Moment& b) { return a.at_ms < b.at_ms; });
  std::string out = "# Incident " + incident.id + ": " + label_of(incident.sev) + " in " +
                    incident.app.environment + " of " + incident.app.app +
                    "\n\n|  |  |\n|---|---|\n";
  for (const auto& [name, value] : message) out += "| " + name + " | " + cell(value) + " |\n";
  if (!incident.release.empty()) {
    out += "| Release | " + cell(incident.version + " (" + incident.release + ")") + " |\n";
  }
  out += "| Opened by | " + cell(incident.by) + " |\n\n## Timeline (UTC)\n\n";
  out += "| Time | Source | What |\n|---|---|---|\n";
  for (const auto& one : moments) {
    out += "| " + instant(one.at_ms) + " | " + cell(one.source) + " | " + cell(one.text) + " |\n";
  }
  return out;
}

}  // namespace slipway::daemon

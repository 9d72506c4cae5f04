#include "cli/incident_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/target.h"

namespace slipway::cli {
namespace {
std::string label(const Json& incident) {
  std::string out = incident.text("severity");
  for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}
}  // namespace

std::string incidents_text(const Json& list) {
  const auto& rows = list.at("incidents").items();
  if (rows.empty()) return "there is no incident\n";
  std::string out;
  for (const auto& row : rows) {
    const std::string release = row.text("release");
    out += fmt::format("{}  {}  {}  {:<13}  {} {}  {}  {}\n", row.text("id"),
                       date_text(row.integer("opened_ms")), label(row), row.text("status"),
                       row.text("app"), row.text("environment"), release.empty() ? "-" : release,
                       row.text("impact"));
  }
  return out;
}

std::string newest_word(const Json& incident) {
  const auto& events = incident.at("events").items();
  return events.empty() ? "" : events.back().text("text");
}

std::string incident_text(const Json& incident) {
  const std::string release = incident.text("release");
  std::string out = fmt::format(
      "{}  {} in {} of {}{}\n\n{}\nWhat happened\n", incident.text("id"), label(incident),
      incident.text("environment"), incident.text("app"),
      release.empty() ? "" : fmt::format(", about {} ({})", release, incident.text("version")),
      incident.text("message"));
  for (const auto& event : incident.at("events").items()) {
    const std::string by = event.text("by");
    out += fmt::format("  {}  {}{}: {}\n", clock_text(event.integer("at_ms")), event.text("kind"),
                       by.empty() ? "" : " by " + by, event.text("text"));
  }
  const auto assess = incident.integer("assess_by_ms");
  if (assess > 0) {
    out += fmt::format(
        "\nto be assessed by {} UTC: slipway incident assess {} --roll-back, or "
        "--keep --reason TEXT\n",
        clock_text(assess), incident.text("id"));
  }
  return out;
}

}  // namespace slipway::cli

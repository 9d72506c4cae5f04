#include "daemon/incident.h"

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/units.h"

namespace slipway::daemon {
namespace {
using State = Response::State;
constexpr std::array<std::string_view, 3> kSevs{"sev1", "sev2", "sev3"};
constexpr std::array<std::string_view, 6> kStates{"none", "wanted",     "under_way",
                                                  "done", "impossible", "kept"};
constexpr int kRemindAfterThirds = 2;  // of the time to assess it in

std::string instant(std::int64_t at_ms) {
  return to_iso8601(from_unix_ms(at_ms)).substr(0, 19) + "Z";
}

Json events_json(const std::vector<IncidentEvent>& events) {
  Json out = Json::array();
  for (const auto& one : events) {
    out.push_back(Json::object()
                      .set("at_ms", one.at_ms)
                      .set("kind", one.kind)
                      .set("by", one.by)
                      .set("text", one.text));
  }
  return out;
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

// The template knows three; what is on the list is known for what it is.
std::string status_text(const Incident& incident) {
  if (incident.status == "listed") return "Identified";
  return capital(incident.status);
}

std::string subject_of(const Incident& incident) {
  return incident.release.empty() ? "the release"
                                  : incident.version + " (" + incident.release + ")";
}

std::string resolution_text(const Incident& incident) {
  const auto& response = incident.response;
  const std::string said = incident.resolution.empty() ? "" : incident.resolution;
  if (!incident.is_open()) return said;
  switch (response.state) {
    case State::Wanted:
      return "rolling back " + subject_of(incident) + " at once";
    case State::UnderWay:
      return "rolling back " + subject_of(incident) + ": " + response.why;
    case State::Done:
      return response.why;
    case State::Impossible:
      return "cannot be rolled back, a person is needed: " + response.why;
    case State::Kept:
      return said.empty() ? "it stays as it is" : said;
    case State::None:
      break;
  }
  if (incident.sev == Sev::Three) return "to be corrected in the next release";
  if (incident.assess_by_ms == 0) return "waits for a person";
  const bool back = incident.on_expiry == config::OnAssessExpiry::RollBack;
  return "being assessed; without a word by " + instant(incident.assess_by_ms) + " " +
         (back ? subject_of(incident) + " is rolled back" : std::string("it waits for a person"));
}

std::string eta_text(const Incident& incident, std::int64_t now_ms, std::int64_t left_ms) {
  if (!incident.is_open()) return "resolved at " + instant(incident.closed_ms);
  if (!incident.eta.empty()) return incident.eta;
  if (incident.response.state == State::Done) return "it has no traffic any more";
  if (incident.response.state == State::UnderWay && left_ms >= 0)
    return "about " + instant(now_ms + left_ms);
  if (incident.sev == Sev::Three) return "with the next release";
  if (incident.response.state == State::None && incident.assess_by_ms > 0)
    return "a decision by " + instant(incident.assess_by_ms);
  return "not known yet";
}

ports::Severity severity_of(const Incident& incident) {
  if (!incident.is_open() || incident.sev == Sev::Three) return ports::Severity::Note;
  return incident.sev == Sev::One ? ports::Severity::Critical : ports::Severity::Warning;
}

void read_events(const Json& body, Incident& out) {
  for (const auto& one : body.at("events").items()) {
    out.events.push_back(
        {one.integer("at_ms"), one.text("kind"), one.text("by"), one.text("text")});
  }
}
}  // namespace

std::string_view name_of(Sev sev) { return kSevs[static_cast<std::size_t>(sev)]; }
std::string label_of(Sev sev) { return "SEV" + std::to_string(static_cast<int>(sev) + 1); }

std::optional<Sev> sev_named(std::string_view name) {
  for (std::size_t i = 0; i < kSevs.size(); ++i) {
    if (kSevs[i] == name) return static_cast<Sev>(i);
  }
  return std::nullopt;
}

std::string_view name_of(State state) { return kStates[static_cast<std::size_t>(state)]; }

ports::IncidentRow row_of(const Incident& incident) {
  ports::IncidentRow row{
      incident.number, incident.id,      incident.app,       std::string(name_of(incident.sev)),
      incident.status, incident.release, incident.opened_ms, incident.closed_ms,
      Json::object()};
  row.body.set("version", incident.version)
      .set("impact", incident.impact)
      .set("by", incident.by)
      .set("alert", incident.alert)
      .set("assess_by_ms", incident.assess_by_ms)
      .set("remind_at_ms", incident.remind_at_ms)
      .set("on_expiry", name_of(incident.on_expiry))
      .set("response", Json::object()
                           .set("state", name_of(incident.response.state))
                           .set("release", incident.response.release)
                           .set("why", incident.response.why)
                           .set("since_ms", incident.response.since_ms))
      .set("resolution", incident.resolution)
      .set("eta", incident.eta)
      .set("told", incident.told)
      .set("alert_over", incident.alert_over)
      .set("events", events_json(incident.events));
  return row;
}

Incident incident_of(const ports::IncidentRow& row) {
  Incident out;
  out.number = row.number;
  out.id = row.id;
  out.app = row.app;
  out.sev = sev_named(row.severity).value_or(Sev::Two);
  out.status = row.status;
  out.release = row.release;
  out.opened_ms = row.opened_ms;
  out.closed_ms = row.closed_ms;
  const Json& body = row.body;
  out.version = body.text("version");
  out.impact = body.text("impact");
  out.by = body.text("by");
  out.alert = body.text("alert");
  out.assess_by_ms = body.integer("assess_by_ms");
  out.remind_at_ms = body.integer("remind_at_ms");
  if (body.text("on_expiry") == name_of(config::OnAssessExpiry::Hold))
    out.on_expiry = config::OnAssessExpiry::Hold;
  const Json& response = body.at("response");
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (response.text("state") == kStates[i]) out.response.state = static_cast<State>(i);
  }
  out.response.release = response.text("release");
  out.response.why = response.text("why");
  out.response.since_ms = response.integer("since_ms");
  out.resolution = body.text("resolution");
  out.eta = body.text("eta");
  out.told = body.flag("told");
  out.alert_over = body.flag("alert_over");
  read_events(body, out);
  return out;
}

// The first ones and the newest ones are kept: how it began, and where it stands.
void add_event(Incident& incident, IncidentEvent event) {
  if (incident.events.size() >= kMostEvents)
    incident.events.erase(incident.events.begin() + kMostEvents / 2);
  incident.events.push_back(std::move(event));
}

Incident opened(Incident draft, const config::Incidents& settings, std::int64_t now_ms) {
  draft.opened_ms = now_ms;
  draft.status = draft.sev == Sev::Three ? "listed" : "investigating";
  draft.on_expiry = settings.on_expiry;
  if (draft.sev == Sev::One) draft.response = {State::Wanted, "", "", now_ms};
  if (draft.sev == Sev::Two) {
    draft.assess_by_ms = now_ms + settings.assess_within.count();
    draft.remind_at_ms = now_ms + settings.assess_within.count() * kRemindAfterThirds / 3;
  }
  add_event(draft, {now_ms, "opened", draft.by, label_of(draft.sev) + ": " + draft.impact});
  return draft;
}

std::vector<std::pair<std::string, std::string>> message_lines(const Incident& incident,
                                                               std::int64_t now_ms,
                                                               std::int64_t left_ms) {
  return {{"Status", status_text(incident)},
          {"Severity", label_of(incident.sev)},
          {"Impact", incident.impact},
          {"Start Time", instant(incident.opened_ms)},
          {"Resolution", resolution_text(incident)},
          {"ETA", eta_text(incident, now_ms, left_ms)}};
}

std::string message_text(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::string out = "DEPLOYMENT INCIDENT\n\n";
  for (const auto& [name, value] : lines) out += name + ": " + value + "\n";
  return out;
}

ports::Notice notice_of(const Incident& incident, const Word& word, std::int64_t now_ms,
                        std::int64_t left_ms) {
  ports::Notice out;
  out.key = incident.id + "/" + word.key;
  out.kind = "incident";
  out.subject = incident.app.app + "/" + incident.app.environment + "/" + incident.id;
  out.severity = severity_of(incident);
  out.turn = word.turn;
  out.app = incident.app.app;
  out.environment = incident.app.environment;
  out.release = incident.release;
  out.version = incident.version;
  out.by = incident.by;
  out.text = incident.app.app + " " + incident.app.environment + ": incident " + incident.id +
             " (" + label_of(incident.sev) + "): " + word.text;
  out.at_ms = now_ms;
  out.facts = message_lines(incident, now_ms, left_ms);
  out.facts.emplace_back("incident", incident.id);
  if (!incident.release.empty()) out.facts.emplace_back("release", incident.release);
  return out;
}

}  // namespace slipway::daemon

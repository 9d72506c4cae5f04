#pragma once
// Incident: what is wrong for customers, what is done about it, and the message that says so. Pure;
// incidents.h keeps it and acts.
#include <optional>
#include <string>
#include <vector>

#include "config/incidents.h"
#include "ports/incident.h"
#include "ports/notice.h"

namespace slipway::daemon {

// SEV1: the release is rolled back at once. SEV2: somebody says within a time what to do. SEV3: it
// is on the list for the next release.
enum class Sev { One, Two, Three };
std::string_view name_of(Sev sev);  // "sev1"
std::string label_of(Sev sev);      // "SEV1"
std::optional<Sev> sev_named(std::string_view name);

// What is done about it. None: nothing is decided yet, or nothing is to be done.
struct Response {
  enum class State {
    None,
    Wanted,      // the release is to be rolled back; nothing has been done yet, or not known to be
    UnderWay,    // `release` goes back: the one it is about, or the rollback that replaces it
    Done,        // what was bad has no traffic any more
    Impossible,  // and why; a person is needed
    Kept,        // somebody said that it stays as it is
  };
  State state = State::None;
  std::string release;
  std::string why;
  std::int64_t since_ms = 0;  // it was wanted; a rollback of this incident that is older is not it
};
std::string_view name_of(Response::State state);

struct IncidentEvent {
  std::int64_t at_ms = 0;
  std::string kind;  // opened, reminder, expired, assessed, response, released, alert, closed
  std::string by;    // empty: slipway itself
  std::string text;
};

struct Incident {
  std::int64_t number = 0;
  std::string id;
  ports::AppRef app;
  Sev sev = Sev::Two;
  std::string status;  // investigating | identified | listed | resolved
  std::string release;
  std::string version;  // of the release
  std::string impact;
  std::string by;
  std::string alert;  // the fingerprint of the alert that opened it; empty: a person did
  std::int64_t opened_ms = 0;
  std::int64_t closed_ms = 0;
  std::int64_t assess_by_ms = 0;  // 0: nobody has to
  std::int64_t remind_at_ms = 0;  // 0: told already, or never to be
  config::OnAssessExpiry on_expiry = config::OnAssessExpiry::RollBack;
  Response response;
  std::string resolution;  // in the words of who closed or assessed it
  std::string eta;         // in the words of who assessed it
  std::vector<IncidentEvent> events;
  bool told = false;        // that it was opened
  bool alert_over = false;  // it is closed as soon as nothing is under way
  bool is_open() const { return closed_ms == 0; }
};
ports::IncidentRow row_of(const Incident& incident);
Incident incident_of(const ports::IncidentRow& row);

inline constexpr std::size_t kMostEvents = 500;
void add_event(Incident& incident, IncidentEvent event);

// A new one, with its clock set where it has one.
Incident opened(Incident draft, const config::Incidents& settings, std::int64_t now_ms);

// The lines of the message that people send each other, in its order: Status, Severity, Impact,
// Start Time, Resolution, ETA. left_ms: of the rollback under way; negative: not known.
std::vector<std::pair<std::string, std::string>> message_lines(const Incident& incident,
                                                               std::int64_t now_ms,
                                                               std::int64_t left_ms);
std::string message_text(const std::vector<std::pair<std::string, std::string>>& lines);

// What channels get. key: what of it ("opened"); the same word is the same notice.
struct Word {
  std::string key;
  std::string text;
  ports::Turn turn = ports::Turn::Event;
};
ports::Notice notice_of(const Incident& incident, const Word& word, std::int64_t now_ms,
                        std::int64_t left_ms);

}  // namespace slipway::daemon

#pragma once
// Gates: what must hold before a release may begin: windows, freezes, approvals, checklists; and
// what an emergency may leave out. Texts stay as written; config/when.h reads them.
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "config/gate_check.h"

namespace slipway::config {

struct Window {
  std::vector<std::string> days;   // "tue-thu"; empty: every day
  std::vector<std::string> hours;  // "10:00-14:00"; empty: all day
  std::string zone = "UTC";        // also of the freezes
  Patience patience;
  bool is_open_always() const { return days.empty() && hours.empty(); }
  friend bool operator==(const Window&, const Window&) = default;
};

// One event of a calendar file, on whole days.
struct Holiday {
  std::string name;
  std::string date;     // the first day: "2026-12-25"
  int days = 1;         // how many
  std::string repeats;  // the event's RRULE, FREQ=YEARLY alone; empty: once
  std::vector<std::string> except;
  friend bool operator==(const Holiday&, const Holiday&) = default;
};

// Exactly one of dates, week_of and holidays_file is written.
struct Freeze {
  std::vector<std::string> dates;  // day rules: "12-20..12-26", "black-friday"
  std::string week_of;             // a day rule; Monday to Sunday around it
  std::string holidays_file;       // an .ics file, relative to slipway.yaml
  std::vector<Holiday> holidays;   // what it holds; read where the file is
  std::string why;
  friend bool operator==(const Freeze&, const Freeze&) = default;
};

// Who must say yes: people by the name of their token, or roles.
struct Approvals {
  int need = 0;  // 0: nobody is asked
  std::vector<std::string> from;
  std::map<std::string, std::vector<std::string>> roles;  // those that `from` names
  Patience patience;
  friend bool operator==(const Approvals&, const Approvals&) = default;
};

struct Gates {
  Approvals approvals;
  Window window;
  std::vector<Freeze> freeze;
  std::vector<GateCheck> checks;  // in the order they are looked at
  std::vector<std::string> hotfix_skips{"window", "freeze"};
  bool has_calendar() const { return !window.is_open_always() || !freeze.empty(); }
  friend bool operator==(const Gates&, const Gates&) = default;
};

Json to_json(const Gates& gates);
Gates gates_from_json(const Json& json);  // what is absent reads as the default

}  // namespace slipway::config

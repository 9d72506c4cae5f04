#pragma once
// What happens when something is wrong for customers: how long a SEV2 may be assessed, and which
// alerts from outside open an incident. Values only.
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::config {

// An alert that Alertmanager sends, and the incident it opens.
struct IncidentAlert {
  std::string alert;                          // its alertname
  std::map<std::string, std::string> labels;  // which it must have as well
  std::string severity = "sev2";
  friend bool operator==(const IncidentAlert&, const IncidentAlert&) = default;
};

enum class OnAssessExpiry { RollBack, Hold };

struct Incidents {
  Millis assess_within{900'000};  // SEV2
  OnAssessExpiry on_expiry = OnAssessExpiry::RollBack;
  std::vector<IncidentAlert> alerts;
  friend bool operator==(const Incidents&, const Incidents&) = default;
};
std::string_view name_of(OnAssessExpiry outcome);  // "roll_back"
Json to_json(const Incidents& incidents);
Incidents incidents_from_json(const Json& json);  // what is absent reads as the default

}  // namespace slipway::config

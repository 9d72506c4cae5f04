#pragma once
// The timeline of an incident, as Markdown that can be put into a report: what the release's
// journal, its approvals, the alerts and the notices say, beside what people said. Pure.
#include <string>
#include <vector>

#include "base/json.h"
#include "daemon/incident.h"

namespace slipway::daemon {

struct Moment {
  std::int64_t at_ms = 0;
  std::string source;  // release r-0042, approval, alert, notice, incident
  std::string text;
};

// What of a release's documents (story.h, notices) belongs into it.
std::vector<Moment> moments_of_release(const std::string& release, const Json& story,
                                       const Json& approvals);
std::vector<Moment> moments_of_notices(const Json& notices);
std::vector<Moment> moments_of_incident(const Incident& incident);

// Sorted by time; what is told alike stays in its order.
std::string timeline_markdown(const Incident& incident,
                              const std::vector<std::pair<std::string, std::string>>& message,
                              std::vector<Moment> moments);

}  // namespace slipway::daemon

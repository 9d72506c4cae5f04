#pragma once
// Incidents in words. Pure.
#include <string>

#include "base/json.h"

namespace slipway::cli {

std::string incidents_text(const Json& list);     // GET /v1/incidents: one line each
std::string incident_text(const Json& incident);  // one, with its message and what happened
// What the last word on it is, in one line.
std::string newest_word(const Json& incident);

}  // namespace slipway::cli

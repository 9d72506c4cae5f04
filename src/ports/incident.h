#pragma once
// Incident: something is wrong for customers, from the moment somebody or an alert says so until
// somebody says it is over. The row is what the store finds it by; its story is in `body`
// (docs/formats/store.md).
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "ports/router.h"

namespace slipway::ports {

struct IncidentRow {
  std::int64_t number = 0;  // i-0007 is 7
  std::string id;
  AppRef app;
  std::string severity;  // sev1 | sev2 | sev3
  std::string status;    // investigating | identified | listed | resolved
  std::string release;   // the one it is about; empty: none was live
  std::int64_t opened_ms = 0;
  std::int64_t closed_ms = 0;  // 0: open
  Json body;
};

std::string incident_name(std::int64_t number);  // "i-0007"
Error no_such_incident(const std::string& id);

}  // namespace slipway::ports

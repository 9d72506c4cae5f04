#pragma once
// Health documents: JSON that says by itself how a service and its parts are. Understood are a
// top-level "status", nested "checks" (objects or arrays), and any other member that is a status
// word, a boolean or an object with a "status". Pure.
#include <string>
#include <string_view>
#include <vector>

#include "ports/checks.h"

namespace slipway::drivers::http_probe {

struct HealthReport {
  bool understood = false;  // a JSON object that says something about health
  bool healthy = true;      // the document's own verdict: top-level status, else all parts
  std::string why;          // the first unhealthy part: "database: timeout after 2000 ms"
  std::vector<ports::ProbeView::Part> parts;
};
HealthReport read_health(std::string_view body);

}  // namespace slipway::drivers::http_probe

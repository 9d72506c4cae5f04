#include "ports/incident.h"

namespace slipway::ports {

std::string incident_name(std::int64_t number) {
  const std::string digits = std::to_string(number);
  return "i-" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

Error no_such_incident(const std::string& id) {
  return {Code::NotFound, "there is no incident " + id, "list them: slipway incident list"};
}

}  // namespace slipway::ports

#pragma once
// Alerts that Alertmanager sends (its webhook, version 4). What fires is kept in the store, where a
// running release looks (release/alert_trigger.h); those that incidents.alerts names open an
// incident, and close it when they are over. The same message again changes nothing, so
// Alertmanager may send it as often as it likes.
#include "daemon/incidents.h"

namespace slipway::daemon {

class IncomingAlerts {
 public:
  IncomingAlerts(House& house, Lookout& lookout, Incidents& incidents)
      : house_(house), lookout_(lookout), incidents_(incidents) {}
  // {firing, resolved, ignored, incidents}
  Result<Json> take(const ports::AppRef& app, const Json& message);

 private:
  Result<void> fires(const ports::AppRef& app, const Json& alert, const config::Incidents& settings,
                     Json& opened);

  House& house_;
  Lookout& lookout_;
  Incidents& incidents_;
};

// "2018-08-03T09:52:26.739266876+02:00" in milliseconds since 1970; nullopt: it is no such time.
std::optional<std::int64_t> rfc3339_ms(const std::string& text);

}  // namespace slipway::daemon

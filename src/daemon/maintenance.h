#pragma once
// Maintenance by hand: kept in the store, in force until it is switched off by hand. A release
// keeps the mode it finds; where its strategy ends in serving (recreate), reconcile() puts the page
// back.
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "daemon/lookout.h"

namespace slipway::daemon {

struct MaintenanceWish {
  bool on = false;
  std::string message;
  std::optional<std::int64_t> retry_after_s;  // not said: as slipway.yaml has it
  std::vector<std::string> allow;
  std::string by;
  std::int64_t since_ms = 0;
};
Json to_json(const MaintenanceWish& wish);
Result<MaintenanceWish> maintenance_from_json(const Json& json);

class Maintenance {
 public:
  Maintenance(House& house, Lookout& lookout, Releases& releases)
      : house_(house), lookout_(lookout), releases_(releases) {}

  // LeaseHeld while a release runs; Refused when the page is to go while the app stands still.
  // details: what an error adds to its document.
  Result<void> set(const ports::AppRef& app, MaintenanceWish wish, Json& details);
  // What a person has asked for; `on` is false when nothing is.
  Result<MaintenanceWish> wish(const ports::AppRef& app);
  // Makes the router do what was asked for. Call while no release runs there.
  Result<void> reconcile(const ports::AppRef& app, const ports::Lease& lease);
  // At the end of a standstill: the page goes, unless a person has asked for it.
  Result<void> let_go(const ports::AppRef& app, const ports::Lease& lease);

 private:
  Result<void> write(const ports::AppRef& app, const ports::Lease& lease,
                     const MaintenanceWish& wish);
  // What the router does once it has taken over its last change, or when it takes too long.
  Result<ports::SplitView> look(const ports::AppRef& app);

  House& house_;
  Lookout& lookout_;
  Releases& releases_;
  std::atomic<int> writes_{0};  // names each write to a router
};

}  // namespace slipway::daemon

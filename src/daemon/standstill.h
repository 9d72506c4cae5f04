#pragma once
// Standstill: while a verb puts back the database of an app, the services that use it are stopped
// and the maintenance page is shown. Kept in the store, in force until the verb ends it: a daemon
// that comes back finds it, and so does the verb. Nothing is released meanwhile, except what ends
// it (a rollback behind a restore).
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/lookout.h"
#include "daemon/maintenance.h"
#include "release/standstill.h"

namespace slipway::daemon {

struct Standing {
  // Stopping: requests under way are waited for, then instances are stopped. Stopped: the database
  // may be worked on. Releasing: a release goes on behind the page, and decides what comes next.
  // Starting: the live release is started, and the page goes once it is healthy.
  enum class Phase { Stopping, Stopped, Releasing, Starting };
  Phase phase = Phase::Stopping;
  std::vector<std::string> services;
  std::string why;  // "restore of the database", for people
  std::string by;
  std::int64_t since_ms = 0;
  std::int64_t shown_ms = 0;     // since when the page is there; 0: not yet
  std::int64_t released_ms = 0;  // since when it may be Releasing
  std::string trouble;           // why the release behind it failed; "" else
  Json note;                     // the verb's own: how far it is
};
std::string_view name_of(Standing::Phase phase);
Json to_json(const Standing& standing);
Result<Standing> standing_from_json(const Json& json);

// What is in force there; nullopt: nothing.
Result<std::optional<Standing>> standing_of(ports::Store& store, const ports::AppRef& app);
Result<void> keep_standing(ports::Store& store, const ports::AppRef& app, const Standing& standing);
// Refused while one is in force, unless the request says that it ends it; that is put down then.
Result<void> enter_release(ports::Store& store, const ports::AppRef& app, bool ends_standstill,
                           std::int64_t now_ms);

class Standstill {
 public:
  Standstill(House& house, Lookout& lookout, Releases& releases, Maintenance& maintenance)
      : house_(house), lookout_(lookout), releases_(releases), maintenance_(maintenance) {}

  struct Wish {
    std::string why;
    std::string by;
    Json note;
  };
  // Begins one, or takes the note of the one in force; one that was ending stops again.
  Result<Standing> begin(const ports::AppRef& app, const Wish& wish, Json& details);
  // From here on the app is started. `taken_back`: migrations the database does not have any more.
  Result<void> end(const ports::AppRef& app, const std::vector<std::string>& taken_back,
                   const std::string& by, Json& details);
  // With what it waits for just now.
  Json document(const ports::AppRef& app, const std::optional<Standing>& standing) const;

  // Upkeep's part, between releases. The services that must not be started; empty: none.
  Result<std::vector<std::string>> settle(const ports::AppRef& app);
  // One look and what it asks for; when to come back, 0: no need.
  Result<Millis> step(const ports::AppRef& app, release::World& world, const ports::Lease& lease);

 private:
  Result<bool> shows_page(const ports::AppRef& app, release::World& world);
  void say(const ports::AppRef& app, const std::string& text);

  House& house_;
  Lookout& lookout_;
  Releases& releases_;
  Maintenance& maintenance_;
  mutable std::mutex mutex_;
  std::map<ports::AppRef, std::string> waits_for_;
};

}  // namespace slipway::daemon

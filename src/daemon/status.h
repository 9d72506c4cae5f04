#pragma once
// Status: one document that says what runs where and what is going on. Looks at platform and router
// when asked; rates and health come from the watcher.
#include <string>

#include "daemon/gates.h"
#include "daemon/lookout.h"
#include "daemon/maintenance.h"
#include "daemon/running_release.h"
#include "daemon/standstill.h"
#include "daemon/timed_store.h"
#include "daemon/upkeep.h"
#include "daemon/watcher.h"

namespace slipway::daemon {

class Status {
 public:
  Status(House& house, TimedStore& store, Lookout& lookout, Releases& releases,
         Maintenance& maintenance, Standstill& standstill, Watcher& watcher, Upkeep& upkeep)
      : house_(house),
        store_(store),
        lookout_(lookout),
        releases_(releases),
        maintenance_(maintenance),
        standstill_(standstill),
        watcher_(watcher),
        upkeep_(upkeep) {}

  // Empty app or environment: every one.
  Result<Json> environments(const std::string& app, const std::string& environment);
  // What keeps the daemon from doing its work.
  Json problems() const;
  void tell_figures();  // gauges that follow from the store

 private:
  struct Scene;  // what was gathered of one environment
  Result<Json> environment(const ports::AppRef& app);
  Result<Scene> gather(const ports::AppRef& app);
  void look(Scene& scene);
  std::string version_of(const std::string& release);
  Json live(const Scene& scene);
  Json previous(const Scene& scene);
  Json running(const Scene& scene);
  Ballot ballot(const ports::ReleaseRow& row, const RunningRelease::View& view);
  Json instances(const Scene& scene);
  Json split(const Scene& scene);
  Json counts(const Scene& scene);

  House& house_;
  TimedStore& store_;
  Lookout& lookout_;
  Releases& releases_;
  Maintenance& maintenance_;
  Standstill& standstill_;
  Watcher& watcher_;
  Upkeep& upkeep_;
};

}  // namespace slipway::daemon

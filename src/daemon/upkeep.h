#pragma once
// Upkeep: one thread that, between releases, stops what is neither live nor warm by promise, starts
// again what is live but gone (a reboot), puts the maintenance page back, and takes a standstill
// on. At the start, after each release, when a warm release's time is over, and now and then. Once
// an hour it takes old notices of no release out of the store, and the marks of links that have
// expired.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/maintenance.h"
#include "daemon/standstill.h"

namespace slipway::daemon {

class Upkeep {
 public:
  Upkeep(House& house, Lookout& lookout, Releases& releases, Maintenance& maintenance,
         Standstill& standstill)
      : house_(house),
        lookout_(lookout),
        releases_(releases),
        maintenance_(maintenance),
        standstill_(standstill) {}
  ~Upkeep() { close(); }

  void start();
  void close();
  void poke(const ports::AppRef& app);  // look there now
  // Why the newest look failed there; nullopt when it went well.
  std::optional<Error> trouble(const ports::AppRef& app) const;

 private:
  void work();
  std::vector<ports::AppRef> due();
  Millis pause() const;  // until the next look is due, within bounds
  void look(const ports::AppRef& app);
  Result<Millis> tidy(const ports::AppRef& app);
  void forget();

  House& house_;
  Lookout& lookout_;
  Releases& releases_;
  Maintenance& maintenance_;
  Standstill& standstill_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<ports::AppRef, Millis> next_;  // monotonic
  std::map<ports::AppRef, Error> troubles_;
  std::optional<Millis> forgot_;  // the thread's own; monotonic
  bool poked_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace slipway::daemon

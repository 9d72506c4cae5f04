#pragma once
// Watcher: one thread that looks at every environment once a second: what the router counted, and
// whether the instances are healthy. What it saw is kept in memory for status and metrics, and
// shown to the alert rules (alarms.h); no release is decided about here.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "daemon/alarms.h"
#include "daemon/database_watch.h"
#include "daemon/event_hub.h"
#include "daemon/lookout.h"
#include "daemon/rates.h"

namespace slipway::daemon {

class Releases;

class Watcher {
 public:
  Watcher(House& house, Lookout& lookout, EventHub& hub)
      : house_(house), lookout_(lookout), hub_(hub), alarms_(house), database_(house) {}
  ~Watcher() { close(); }
  // Before start().
  void add_measures(DatabaseWatch::More more) { database_.add(std::move(more)); }
  void start();
  void close();

  struct Seen {
    ports::Counts counts;
    Rates rates;
  };
  std::optional<Seen> seen(const ports::AppRef& app, const std::string& release) const;
  // The newest look at an instance; nullopt: not yet looked at.
  std::optional<ports::ProbeView> health(const ports::AppRef& app,
                                         const std::string& address) const;

 private:
  struct Health {
    ports::ProbeView view;
    Millis at{0};
  };
  struct Place {                                // what is known of one environment
    std::map<std::string, RateWindow> windows;  // by release
    std::map<std::string, Health> health;       // by address
  };
  struct Drivers {
    std::string settings;  // what they were made for
    std::unique_ptr<DriverSet> set;
  };
  void work();
  void look(const ports::AppRef& app);
  Result<void> count(const ports::AppRef& app, DriverSet& drivers,
                     const std::vector<ports::Slot>& slots);
  void probe(const ports::AppRef& app, DriverSet& drivers, const config::Environment& settings,
             const std::vector<ports::Slot>& slots);
  void tell_figures(const ports::AppRef& app, const std::string& release, const RateWindow& window);
  void forget_figures(const ports::AppRef& app, const std::string& release);
  alerts::Reading reading_of(const ports::AppRef& app, const config::Environment& settings) const;
  bool is_closing() const;

  House& house_;
  Lookout& lookout_;
  EventHub& hub_;
  Alarms alarms_;                             // the thread's own
  DatabaseWatch database_;                    // the thread's own
  std::map<ports::AppRef, Drivers> drivers_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<ports::AppRef, Place> places_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace slipway::daemon

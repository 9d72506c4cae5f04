#pragma once
// DatabaseWatch: lets slipway db watch look at an app's database every few seconds, in a process of
// its own, and keeps what it said for the figures and the alert rules. One thread's own; never
// waits. Queries stay in the look: nothing of them is kept here.
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "alerts/alerts.h"
#include "daemon/house.h"

namespace slipway::daemon {

class DatabaseWatch {
 public:
  explicit DatabaseWatch(House& house) : house_(house) {}
  // What somebody else knows of an app's database; asked after each look, on the same thread.
  using More = std::function<std::map<std::string, double>(const ports::AppRef& app)>;
  void add(More more) { more_ = std::move(more); }
  // Begins a look when one is due, and takes in the one that has ended.
  void look(const ports::AppRef& app, const config::Environment& settings, DriverSet& drivers);
  void fill(const ports::AppRef& app, alerts::Reading& reading) const;

 private:
  struct Deadlocks {
    Millis at{0};
    std::int64_t total = 0;
  };
  struct Place {
    std::optional<Millis> asked;  // monotonic
    bool is_under_way = false;
    std::map<std::string, double> measures;
    std::string trouble;
    std::deque<Deadlocks> deadlocks;         // of the last minutes, oldest first
    std::vector<telemetry::Labels> holders;  // series there are
  };
  void take_in(const ports::AppRef& app, Place& place, const ports::ErrandView& view);
  void count_deadlocks(Place& place, std::int64_t total);
  void tell_figures(const ports::AppRef& app, const Place& place);
  void tell_holders(const ports::AppRef& app, Place& place, const Json& answer);
  void forget(const ports::AppRef& app, Place& place);

  House& house_;
  More more_;
  std::map<ports::AppRef, Place> places_;
};

// The promise of database.backup.rpo is kept an eye on without anybody asking for it.
bool needs_own_rules(const config::Environment& settings);
config::Environment with_own_rules(const config::Environment& settings);

void declare_database_figures(telemetry::Metrics& metrics);

// What the database's server has and who holds it, asked now; waits a few seconds at most.
plan::Seats ask_seats(DriverSet& drivers, const config::Environment& settings);
plan::Seats seats_of(const Json& look, const std::string& app_role);

}  // namespace slipway::daemon

#pragma once
// Calendar: may a release begin at this instant; why not; when is the next time. Pure: the rules
// come from the configuration, the zone's bytes from whoever can read files.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/gates.h"
#include "config/when.h"
#include "plan/holidays.h"
#include "plan/zone.h"

namespace slipway::plan {

class Calendar {
 public:
  // Malformed when a stored rule cannot be read (it was written by another version).
  static Result<Calendar> make(const config::Gates& gates, Zone zone);

  // All instants are seconds since 1970-01-01 UTC.
  bool is_open(std::int64_t unix_s) const;
  // One sentence that names the rule; empty when it is open.
  std::string why_closed(std::int64_t unix_s) const;
  // When it is open again, at `unix_s` or later; nullopt: not within two years.
  std::optional<std::int64_t> next_opening(std::int64_t unix_s) const;
  // When it closes, later than `unix_s`; nullopt: not within two years.
  std::optional<std::int64_t> next_closing(std::int64_t unix_s) const;
  // "Tue 2026-11-24 10:00 CET"
  std::string text_of(std::int64_t unix_s) const;
  const Zone& zone() const { return zone_; }

 private:
  struct Freeze {
    std::vector<config::DayRule> days;
    std::optional<config::DayRule> week_of;
    std::vector<HolidayDays> holidays;
    std::string text;  // "12-20..12-26"
    std::string why;
  };
  struct Local {
    DayNumber day = 0;
    int second = 0;  // of the day
  };
  explicit Calendar(Zone zone) : zone_(std::move(zone)) {}
  static Result<Freeze> read_freeze(const config::Freeze& written);
  Local local_of(std::int64_t unix_s) const;
  bool is_in_window(const Local& local) const;
  // The sentence of the first freeze on that day; empty: none.
  std::string frozen_by(DayNumber day) const;
  static std::string sentence_of(const Freeze& freeze, DayNumber day);
  std::optional<std::int64_t> first_on(DayNumber day, std::int64_t after, bool open) const;
  std::optional<std::int64_t> next_where(std::int64_t unix_s, bool open) const;
  // Where the answer may change on that day of the zone's clock, in order.
  std::vector<std::int64_t> boundaries_of(DayNumber day) const;

  Zone zone_;
  config::WeekdaySet weekdays_ = config::kEveryDay;
  std::vector<config::HourRange> hours_;  // empty: all day
  std::string window_text_;
  std::vector<Freeze> freezes_;
};

// "the window tue-thu 10:00-14:00 UTC", for plans and messages; empty without one.
std::string window_text(const config::Window& window);
// "12-20..12-26", "week of black-friday", "3 holidays of holidays.ics"
std::string freeze_text(const config::Freeze& freeze);

}  // namespace slipway::plan

#pragma once
// Zone: a time zone's offsets, from the bytes of its TZif file (RFC 9636). Strict: a file that is
// damaged, cut short or has leap seconds is refused. Pure: who has a file system hands the bytes
// in.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::plan {

// A POSIX TZ rule ("CET-1CEST,M3.5.0,M10.5.0/3"): what holds after the last transition of a file.
class PosixRule {
 public:
  static std::optional<PosixRule> parse(std::string_view text);

  struct Local {
    std::int32_t offset = 0;  // seconds east of UTC
    std::string name;         // "CEST"
    bool is_summer = false;
  };
  const Local& at(std::int64_t unix_s) const;
  // The changes of one year, in order; none when the rule has no summer time.
  std::vector<std::int64_t> changes(int year) const;

 private:
  struct Change {
    enum class Kind { MonthWeek, JulianWithoutLeap, DayOfYear };
    Kind kind = Kind::MonthWeek;
    int month = 0;
    int week = 0;
    int day = 0;               // MonthWeek: 0 is Sunday; else the number of the day
    std::int32_t time = 7200;  // local seconds after that day's midnight
  };
  friend class RuleReader;
  static std::int64_t local_second(const Change& change, int year);

  Local standard_;
  std::optional<Local> summer_;
  Change begin_;  // of summer time, in standard time
  Change end_;    // of summer time, in summer time
};

class Zone {
 public:
  static Zone utc();
  // Malformed names the zone and what is wrong with its file.
  static Result<Zone> parse(std::string name, std::string_view tzif);

  const std::string& name() const { return name_; }
  std::int32_t offset_at(std::int64_t unix_s) const;  // seconds east of UTC
  std::string abbreviation_at(std::int64_t unix_s) const;
  // The instants at which this zone's clock shows that second: two when it is set back over it,
  // none when it is set forward over it.
  std::vector<std::int64_t> instants_of(std::int64_t local_s) const;
  // The changes of offset after `from` up to `to`, in order.
  std::vector<std::int64_t> changes_between(std::int64_t from, std::int64_t to) const;

 private:
  struct Kind {
    std::int32_t offset = 0;
    std::string name;
  };
  struct Change {
    std::int64_t at = 0;
    std::size_t kind = 0;
  };
  const Kind* recorded_at(std::int64_t unix_s) const;  // null: the rule decides

  std::string name_;
  std::vector<Kind> kinds_;  // never empty; the first holds before the first change
  std::vector<Change> changes_;
  std::optional<PosixRule> rule_;
};

}  // namespace slipway::plan

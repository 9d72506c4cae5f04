#pragma once
// WeekdaySet, hours and dates as people write them in `window` and `freeze`: "tue-thu",
// "22:00-02:00", "12-20..12-26", "4th thu of november", "black-friday". Only the grammar; what a
// rule means at an instant is plan/calendar.h.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::config {

// Bit 0 is Monday, bit 6 Sunday.
using WeekdaySet = unsigned;
constexpr WeekdaySet kEveryDay = 0x7f;

// "tue", "tuesday", "tue-thu", "fri-mon" (across Sunday), "mon, wed-fri".
std::optional<WeekdaySet> parse_weekdays(std::string_view text);
// 0 is Monday.
std::optional<int> weekday_named(std::string_view name);
std::string_view short_weekday(int weekday);  // "Mon"

// Minutes since midnight. end <= begin: the range ends on the next day.
struct HourRange {
  int begin = 0;
  int end = 0;
  friend bool operator==(const HourRange&, const HourRange&) = default;
};
// "10:00-14:00", "22:00-02:00", "00:00-24:00"; both ends alike is no range.
std::optional<HourRange> parse_hours(std::string_view text);

// year 0: every year.
struct Date {
  int year = 0;
  int month = 1;
  int day = 1;
  friend bool operator==(const Date&, const Date&) = default;
};
// "2026-12-24" or "12-24"; the day must be one of its month (02-29 is, in leap years).
std::optional<Date> parse_date(std::string_view text);

// The days of a year that have a name.
enum class Feast {
  NewYear,
  GoodFriday,
  Easter,
  EasterMonday,
  Ascension,
  WhitMonday,
  Thanksgiving,
  BlackFriday,
  CyberMonday,
  ChristmasEve,
  Christmas,
  BoxingDay,
  NewYearsEve,
};
std::optional<Feast> feast_named(std::string_view name);
std::vector<std::string> feast_names();

struct DayRule {
  enum class Kind {
    Range,  // from..to, both ends included; a single date is a range of one day
    Nth,    // the nth weekday of a month, or of every month
    Named,  // a feast
  };
  Kind kind = Kind::Range;
  Date from;
  Date to;          // before `from` without a year: across the end of the year
  int nth = 1;      // 1..5, or -1: the last
  int weekday = 0;  // 0 is Monday
  int month = 0;    // 0: every month
  Feast feast = Feast::NewYear;
  friend bool operator==(const DayRule&, const DayRule&) = default;
};
// "2026-12-24", "12-24", "12-20..12-26", "2026-12-20..2027-01-03", "4th thu of november",
// "last fri of month", "black-friday".
std::optional<DayRule> parse_day_rule(std::string_view text);
// The rule is one day of each year, not a range: what `week_of` needs.
bool is_single_day(const DayRule& rule);

// "UTC", "Europe/Berlin": the form alone; whether the zone exists is known where its file is read.
bool is_zone_name(std::string_view text);

}  // namespace slipway::config

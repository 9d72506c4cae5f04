#pragma once
// Days of the Gregorian calendar, counted from 1970-01-01 (day 0, a Thursday). Pure arithmetic.
#include <cstdint>

namespace slipway::plan {

using DayNumber = std::int64_t;
constexpr std::int64_t kSecondsOfDay = 86'400;

struct YearMonthDay {
  int year = 1970;
  int month = 1;
  int day = 1;
  friend auto operator<=>(const YearMonthDay&, const YearMonthDay&) = default;
};

DayNumber day_number(int year, int month, int day);
YearMonthDay civil_of(DayNumber day);
int weekday_of(DayNumber day);  // 0 is Monday
bool is_leap_year(int year);
int days_in_month(int year, int month);
// The nth (1..5, -1 the last) such weekday of a month; false when it does not exist.
bool nth_weekday(int year, int month, int weekday, int nth, DayNumber& out);
DayNumber easter_sunday(int year);
// Rounded towards the past: the day of a second before 1970 too.
DayNumber day_of_second(std::int64_t seconds);

}  // namespace slipway::plan

#include "plan/civil.h"

#include <chrono>

namespace slipway::plan {

using std::chrono::sys_days;
using std::chrono::year_month_day;

DayNumber day_number(int year, int month, int day) {
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  return sys_days(date).time_since_epoch().count();
}

YearMonthDay civil_of(DayNumber day) {
  const year_month_day date{sys_days(std::chrono::days(day))};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

int weekday_of(DayNumber day) {
  const auto since_monday = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return static_cast<int>(since_monday < 0 ? since_monday + 7 : since_monday);
}

bool is_leap_year(int year) { return std::chrono::year(year).is_leap(); }

int days_in_month(int year, int month) {
  const auto next = month == 12 ? day_number(year + 1, 1, 1) : day_number(year, month + 1, 1);
  return static_cast<int>(next - day_number(year, month, 1));
}

bool nth_weekday(int year, int month, int weekday, int nth, DayNumber& out) {
  const DayNumber first = day_number(year, month, 1);
  const DayNumber last = first + days_in_month(year, month) - 1;
  if (nth < 0) {
    out = last - (weekday_of(last) - weekday + 7) % 7 + 7 * (nth + 1);
    return out >= first;
  }
  out = first + (weekday - weekday_of(first) + 7) % 7 + 7 * (nth - 1);
  return out <= last;
}

// The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
DayNumber easter_sunday(int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
  const int f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;
  return day_number(year, f / 31, f % 31 + 1);
}

DayNumber day_of_second(std::int64_t seconds) {
  const auto day = seconds / kSecondsOfDay;
  return seconds % kSecondsOfDay < 0 ? day - 1 : day;
}

}  // namespace slipway::plan

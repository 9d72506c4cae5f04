#include "plan/day_rules.h"

#include "base/assert.h"

namespace slipway::plan {
namespace {
using config::DayRule;
using config::Feast;

DayNumber thanksgiving(int year) {
  DayNumber out = 0;
  const bool found = nth_weekday(year, 11, 3, 4, out);
  ASSERT(found);
  return out;
}

int month_day(int month, int day) { return month * 100 + day; }

bool is_in_range(const DayRule& rule, DayNumber day) {
  const auto date = civil_of(day);
  const auto& from = rule.from;
  const auto& to = rule.to;
  if (from.year != 0) {
    return day >= day_number(from.year, from.month, from.day) &&
           day <= day_number(to.year, to.month, to.day);
  }
  const int here = month_day(date.month, date.day);
  const int first = month_day(from.month, from.day);
  const int last = month_day(to.month, to.day);
  return first <= last ? here >= first && here <= last : here >= first || here <= last;
}
}  // namespace

DayNumber day_of_feast(Feast feast, int year) {
  switch (feast) {
    case Feast::NewYear:
      return day_number(year, 1, 1);
    case Feast::GoodFriday:
      return easter_sunday(year) - 2;
    case Feast::Easter:
      return easter_sunday(year);
    case Feast::EasterMonday:
      return easter_sunday(year) + 1;
    case Feast::Ascension:
      return easter_sunday(year) + 39;
    case Feast::WhitMonday:
      return easter_sunday(year) + 50;
    case Feast::Thanksgiving:
      return thanksgiving(year);
    case Feast::BlackFriday:
      return thanksgiving(year) + 1;
    case Feast::CyberMonday:
      return thanksgiving(year) + 4;
    case Feast::ChristmasEve:
      return day_number(year, 12, 24);
    case Feast::Christmas:
      return day_number(year, 12, 25);
    case Feast::BoxingDay:
      return day_number(year, 12, 26);
    case Feast::NewYearsEve:
      return day_number(year, 12, 31);
  }
  ASSERT(false);
}

bool covers(const DayRule& rule, DayNumber day) {
  const auto date = civil_of(day);
  if (rule.kind == DayRule::Kind::Range) return is_in_range(rule, day);
  if (rule.kind == DayRule::Kind::Named) return day_of_feast(rule.feast, date.year) == day;
  if (rule.month != 0 && rule.month != date.month) return false;
  DayNumber nth = 0;
  return nth_weekday(date.year, date.month, rule.weekday, rule.nth, nth) && nth == day;
}

bool covers_week_of(const DayRule& rule, DayNumber day) {
  const DayNumber monday = day - weekday_of(day);
  for (DayNumber one = monday; one < monday + 7; ++one) {
    if (covers(rule, one)) return true;
  }
  return false;
}

}  // namespace slipway::plan

// Windows and freezes in words. The table of instants against Python is in tests/calendar.
#include "plan/calendar.h"

#include <gtest/gtest.h>

#include "plan/day_rules.h"
#include "plan/gate_files.h"

namespace slipway::plan {
namespace {

std::int64_t at(int year, int month, int day, int hour = 0, int minute = 0) {
  return day_number(year, month, day) * kSecondsOfDay + hour * 3600 + minute * 60;
}

config::Gates shopflow() {
  config::Gates gates;
  gates.window.days = {"tue-thu"};
  gates.window.hours = {"10:00-14:00"};
  config::Freeze christmas;
  christmas.dates = {"12-20..12-26"};
  christmas.why = "holidays";
  config::Freeze black_friday;
  black_friday.week_of = "black-friday";
  gates.freeze = {christmas, black_friday};
  return gates;
}

Calendar calendar_of(const config::Gates& gates) {
  auto made = Calendar::make(gates, Zone::utc());
  EXPECT_TRUE(made) << made.error().sentence();
  return std::move(made).value();
}

TEST(Calendar, SaysWhichRuleSaysNo) {
  const auto calendar = calendar_of(shopflow());
  EXPECT_EQ(calendar.why_closed(at(2026, 11, 17, 10)), "");
  EXPECT_EQ(calendar.why_closed(at(2026, 11, 21, 15, 50)),
            "it is Sat 2026-11-21 15:50 UTC, outside of the window tue-thu 10:00-14:00 UTC");
  EXPECT_EQ(calendar.why_closed(at(2026, 12, 22, 11)),
            "Tue 2026-12-22 is frozen: 12-20..12-26 (holidays)");
  EXPECT_EQ(calendar.why_closed(at(2026, 11, 24, 11)),
            "Tue 2026-11-24 is frozen: week of black-friday");
}

TEST(Calendar, TheEndOfAWindowDoesNotBelongToIt) {
  const auto calendar = calendar_of(shopflow());
  EXPECT_TRUE(calendar.is_open(at(2026, 11, 17, 13, 59) + 59));
  EXPECT_FALSE(calendar.is_open(at(2026, 11, 17, 14)));
  EXPECT_FALSE(calendar.is_open(at(2026, 11, 17, 10) - 1));
}

TEST(Calendar, TheNextOpeningIsAfterTheFreeze) {
  const auto calendar = calendar_of(shopflow());
  EXPECT_EQ(calendar.next_opening(at(2026, 11, 21, 15, 50)), at(2026, 12, 1, 10));
  EXPECT_EQ(calendar.next_opening(at(2026, 11, 17, 11)), at(2026, 11, 17, 11));
  EXPECT_EQ(calendar.next_closing(at(2026, 11, 17, 11)), at(2026, 11, 17, 14));
  EXPECT_EQ(calendar.next_opening(at(2026, 12, 17, 14)), at(2026, 12, 29, 10));
}

TEST(Calendar, WhatNeverOpensSaysSo) {
  config::Gates gates = shopflow();
  gates.freeze[0].dates = {"01-01..12-31"};
  EXPECT_EQ(calendar_of(gates).next_opening(at(2026, 11, 17)), std::nullopt);
}

TEST(Calendar, WithoutRulesItIsAlwaysOpen) {
  const auto calendar = calendar_of({});
  EXPECT_TRUE(calendar.is_open(at(2026, 12, 25)));
  EXPECT_EQ(calendar.next_closing(at(2026, 12, 25)), std::nullopt);
}

TEST(Calendar, HoursAcrossMidnightBelongToTheDayTheyBeginOn) {
  config::Gates gates;
  gates.window.days = {"fri"};
  gates.window.hours = {"22:00-02:00"};
  const auto calendar = calendar_of(gates);
  EXPECT_TRUE(calendar.is_open(at(2026, 11, 20, 23)));
  EXPECT_TRUE(calendar.is_open(at(2026, 11, 21, 1, 59)));
  EXPECT_FALSE(calendar.is_open(at(2026, 11, 21, 2)));
  EXPECT_FALSE(calendar.is_open(at(2026, 11, 20, 1)));
}

TEST(Calendar, AHolidayIsNamed) {
  config::Gates gates;
  config::Freeze freeze;
  freeze.holidays_file = "deploy/holidays.ics";
  gates.freeze = {freeze};
  const auto read = read_holidays(gates, [](const std::string& path) -> Result<std::string> {
    EXPECT_EQ(path, "deploy/holidays.ics");
    return std::string(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Unity\nDTSTART;VALUE=DATE:20201003\n"
        "RRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n");
  });
  ASSERT_TRUE(read) << read.error().sentence();
  const auto calendar = calendar_of(gates);
  EXPECT_EQ(calendar.why_closed(at(2026, 10, 3, 9)),
            "Sat 2026-10-03 is frozen: Unity, one of the 1 holiday of holidays.ics");
  EXPECT_EQ(calendar.next_opening(at(2026, 10, 3, 9)), at(2026, 10, 4));
}

TEST(Calendar, AMissingHolidayFileIsTold) {
  config::Gates gates;
  gates.freeze.emplace_back().holidays_file = "gone.ics";
  const auto read = read_holidays(gates, [](const std::string&) -> Result<std::string> {
    return Error(Code::NotFound, "there is no gone.ics", "");
  });
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("gone.ics"), std::string::npos);
}

TEST(Calendar, FeastsMoveAsTheyShould) {
  using config::Feast;
  EXPECT_EQ(civil_of(day_of_feast(Feast::Easter, 2026)), (YearMonthDay{2026, 4, 5}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::Easter, 2038)), (YearMonthDay{2038, 4, 25}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::Easter, 1981)), (YearMonthDay{1981, 4, 19}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::BlackFriday, 2026)), (YearMonthDay{2026, 11, 27}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::BlackFriday, 2024)), (YearMonthDay{2024, 11, 29}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::CyberMonday, 2024)), (YearMonthDay{2024, 12, 2}));
  EXPECT_EQ(civil_of(day_of_feast(Feast::Ascension, 2026)), (YearMonthDay{2026, 5, 14}));
}

}  // namespace
}  // namespace slipway::plan

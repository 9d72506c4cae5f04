// The grammar of weekdays, hours and dates.
#include "config/when.h"

#include <gtest/gtest.h>

namespace slipway::config {
namespace {

TEST(When, WeekdaysAreRangesListsAndGoAcrossSunday) {
  EXPECT_EQ(parse_weekdays("tue-thu"), 0b0001110U);
  EXPECT_EQ(parse_weekdays("mon, wed-fri"), 0b0011101U);
  EXPECT_EQ(parse_weekdays("fri-mon"), 0b1110001U);
  EXPECT_EQ(parse_weekdays("Saturday"), 0b0100000U);
  EXPECT_EQ(parse_weekdays("tues-thurs"), 0b0001110U);
  EXPECT_EQ(parse_weekdays("mon-sun"), kEveryDay);
}

TEST(When, WhatIsNoWeekdayIsNone) {
  for (const auto* text :
       {"", "tu", "mo-fr", "tue-", "-thu", "mon,,tue", "monda", "weekday", "1-5", "mon-tue-wed"}) {
    EXPECT_FALSE(parse_weekdays(text)) << text;
  }
}

TEST(When, HoursMayEndOnTheNextDay) {
  EXPECT_EQ(parse_hours("10:00-14:00"), (HourRange{600, 840}));
  EXPECT_EQ(parse_hours("9:30 - 17:00"), (HourRange{570, 1020}));
  EXPECT_EQ(parse_hours("22:00-02:00"), (HourRange{1320, 120}));
  EXPECT_EQ(parse_hours("00:00-24:00"), (HourRange{0, 1440}));
  EXPECT_EQ(parse_hours("22:00-00:00"), (HourRange{1320, 0}));
}

TEST(When, WhatIsNoHoursIsNone) {
  for (const auto* text :
       {"", "10-14", "10:00", "10:00-10:00", "24:00-02:00", "10:60-11:00", "25:00-26:00",
        "10:0-11:00", "-1:00-2:00", "10:00-24:01", "010:00-11:00"}) {
    EXPECT_FALSE(parse_hours(text)) << text;
  }
}

TEST(When, DatesAreWithOrWithoutAYear) {
  EXPECT_EQ(parse_date("2026-12-24"), (Date{2026, 12, 24}));
  EXPECT_EQ(parse_date("12-24"), (Date{0, 12, 24}));
  EXPECT_EQ(parse_date("02-29"), (Date{0, 2, 29}));
  EXPECT_EQ(parse_date("2028-02-29"), (Date{2028, 2, 29}));
  for (const auto* text : {"2027-02-29", "2100-02-29", "13-01", "00-10", "04-31", "12-0", "1-1",
                           "2026-1-1", "24.12.2026", "2026/12/24", "", "1969-12-31"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(When, ADayRuleIsADateARangeANthWeekdayOrAName) {
  const auto range = parse_day_rule("12-20..12-26");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->from, (Date{0, 12, 20}));
  EXPECT_EQ(range->to, (Date{0, 12, 26}));
  EXPECT_FALSE(is_single_day(*range));
  const auto nth = parse_day_rule("4th thu of november");
  ASSERT_TRUE(nth);
  EXPECT_EQ(nth->nth, 4);
  EXPECT_EQ(nth->weekday, 3);
  EXPECT_EQ(nth->month, 11);
  EXPECT_TRUE(is_single_day(*nth));
  const auto last = parse_day_rule("last fri of every month");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->nth, -1);
  EXPECT_EQ(last->month, 0);
  EXPECT_FALSE(is_single_day(*last));
  for (const auto& name : feast_names()) EXPECT_TRUE(parse_day_rule(name)) << name;
}

TEST(When, WhatIsNoDayRuleIsNone) {
  for (const auto* text : {"", "..", "12-20..", "..12-26", "2026-12-20..12-26",
                           "2026-12-26..2026-12-20", "sixth fri of may", "4th thu november",
                           "blackfriday", "last fri", "12-20...12-26", "first of may"}) {
    EXPECT_FALSE(parse_day_rule(text)) << text;
  }
}

TEST(When, AZoneIsNamedAsInTheDatabaseAndNeverAPathElsewhere) {
  for (const auto* text : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(is_zone_name(text)) << text;
  }
  for (const auto* text :
       {"", "/etc/passwd", "../UTC", "Europe/", "Europe//Berlin", "A/./B", "a b"}) {
    EXPECT_FALSE(is_zone_name(text)) << text;
  }
}

}  // namespace
}  // namespace slipway::config

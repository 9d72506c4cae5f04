// Calendar files: what is read, what recurs, and what is refused instead of being left out.
#include "plan/holidays.h"

#include <gtest/gtest.h>

namespace slipway::plan {
namespace {

std::string calendar_with(const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n" +
         lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

bool is_holiday(const std::string& lines, int year, int month, int day) {
  const auto read = read_ics(calendar_with(lines), "holidays.ics");
  EXPECT_TRUE(read) << read.error().sentence();
  if (!read || read->size() != 1) return false;
  const auto days = HolidayDays::make(read->front());
  EXPECT_TRUE(days) << days.error().sentence();
  return days && days->covers(day_number(year, month, day));
}

std::string why_refused(const std::string& text) {
  const auto read = read_ics(text, "holidays.ics");
  return read ? "" : read.error().what;
}

TEST(Holidays, AnEventOnWholeDaysEndsBeforeItsEnd) {
  const std::string event =
      "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, here\r\n";
  EXPECT_FALSE(is_holiday(event, 2026, 12, 23));
  EXPECT_TRUE(is_holiday(event, 2026, 12, 24));
  EXPECT_TRUE(is_holiday(event, 2026, 12, 26));
  EXPECT_FALSE(is_holiday(event, 2026, 12, 27));
  EXPECT_FALSE(is_holiday(event, 2027, 12, 24));
  EXPECT_EQ(read_ics(calendar_with(event), "h.ics")->front().name, "Christmas, here");
}

TEST(Holidays, ALongLineGoesOnAfterASpace) {
  const std::string event = "DTSTART;VALUE=DATE:20261224\r\nSUMM\r\n ARY:Christ\r\n\tmas\r\n";
  EXPECT_EQ(read_ics(calendar_with(event), "h.ics")->front().name, "Christmas");
}

TEST(Holidays, ComesBackEveryYearOnItsDate) {
  const std::string event = "DTSTART;VALUE=DATE:20201003\r\nRRULE:FREQ=YEARLY\r\n";
  EXPECT_TRUE(is_holiday(event, 2020, 10, 3));
  EXPECT_TRUE(is_holiday(event, 2031, 10, 3));
  EXPECT_FALSE(is_holiday(event, 2019, 10, 3));
  EXPECT_FALSE(is_holiday(event, 2026, 10, 4));
}

TEST(Holidays, ComesBackOnTheNthWeekdayOfAMonth) {
  const std::string event =
      "DTSTART;VALUE=DATE:20201126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n";
  EXPECT_TRUE(is_holiday(event, 2026, 11, 26));
  EXPECT_FALSE(is_holiday(event, 2026, 11, 19));
  const std::string last =
      "DTSTART;VALUE=DATE:20200525\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO\r\n";
  EXPECT_TRUE(is_holiday(last, 2026, 5, 25));
  EXPECT_FALSE(is_holiday(last, 2026, 5, 18));
}

TEST(Holidays, EndsAfterItsCountOrItsLastDayAndLeavesOutExceptions) {
  const std::string thrice = "DTSTART;VALUE=DATE:20240601\r\nRRULE:FREQ=YEARLY;COUNT=3\r\n";
  EXPECT_TRUE(is_holiday(thrice, 2026, 6, 1));
  EXPECT_FALSE(is_holiday(thrice, 2027, 6, 1));
  const std::string until =
      "DTSTART;VALUE=DATE:20240601\r\nRRULE:FREQ=YEARLY;UNTIL=20260601T000000Z\r\n";
  EXPECT_TRUE(is_holiday(until, 2026, 6, 1));
  EXPECT_FALSE(is_holiday(until, 2027, 6, 1));
  const std::string every_other = "DTSTART;VALUE=DATE:20240601\r\nRRULE:FREQ=YEARLY;INTERVAL=2\r\n";
  EXPECT_FALSE(is_holiday(every_other, 2025, 6, 1));
  EXPECT_TRUE(is_holiday(every_other, 2026, 6, 1));
  const std::string except =
      "DTSTART;VALUE=DATE:20240601\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20260601\r\n";
  EXPECT_FALSE(is_holiday(except, 2026, 6, 1));
  EXPECT_TRUE(is_holiday(except, 2027, 6, 1));
}

TEST(Holidays, ALeapDayComesBackInLeapYears) {
  const std::string event = "DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY\r\nDURATION:P1D\r\n";
  EXPECT_TRUE(is_holiday(event, 2028, 2, 29));
  EXPECT_FALSE(is_holiday(event, 2027, 3, 1));
}

TEST(Holidays, WhatIsNotUnderstoodIsAnErrorWithItsLine) {
  const struct {
    std::string lines;
    std::string why;
  } kCases[] = {
      {"DTSTART:20261224T100000Z\r\n",
       "holidays.ics:6: DTSTART:20261224T100000Z: only events on whole days"},
      {"DTSTART;VALUE=DATE:20260230\r\n", "whole days"},
      {"DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=WEEKLY\r\n", "FREQ=WEEKLY is not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;BYWEEKNO=20\r\n",
       "BYWEEKNO=20 is not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;BYDAY=FR\r\n",
       "BYDAY=FR is not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nRDATE;VALUE=DATE:20261231\r\n",
       "RDATE:20261231: it is not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nRECURRENCE-ID:1\r\n", "not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nSNOW:deep\r\n", "SNOW:deep: it is not carried out"},
      {"DTSTART;VALUE=DATE:20261224\r\nDURATION:PT3H\r\n", "not a number of whole days"},
      {"DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261224\r\n", "lasts 0 days"},
      {"DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;BYMONTH=11\r\n",
       "its own rule does not name"},
      {"SUMMARY:nothing\r\n", "no DTSTART"},
  };
  for (const auto& one : kCases) {
    EXPECT_NE(why_refused(calendar_with(one.lines)).find(one.why), std::string::npos)
        << one.lines << why_refused(calendar_with(one.lines));
  }
  EXPECT_NE(why_refused("hello\n").find("begins with BEGIN:VCALENDAR"), std::string::npos);
  EXPECT_NE(why_refused("").find("ends before"), std::string::npos);
  EXPECT_NE(why_refused("BEGIN:VCALENDAR\nBEGIN:VEVENT\n").find("ends before"), std::string::npos);
  EXPECT_NE(why_refused("BEGIN:VCALENDAR\nBEGIN:VTODO\n").find("only events"), std::string::npos);
}

TEST(Holidays, WhatIsCancelledOrOnlyDescribesIsNoMatter) {
  const auto read = read_ics(calendar_with("DTSTART;VALUE=DATE:20261224\r\nSTATUS:CANCELLED\r\n"),
                             "holidays.ics");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
  EXPECT_EQ(
      why_refused(calendar_with("DTSTART;VALUE=DATE:20261224\r\nX-APPLE:1\r\nTRANSP:TRANSPARENT\r\n"
                                "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n")),
      "");
}

}  // namespace
}  // namespace slipway::plan

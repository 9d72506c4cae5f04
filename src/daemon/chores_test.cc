#include "daemon/chores.h"

#include <gtest/gtest.h>

#include "daemon/caretaker.h"

namespace slipway::daemon {
namespace {
using State = ports::ErrandView::State;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kNow = 1'800'000'000'000;

config::BackupSettings daily() {
  config::BackupSettings out;
  out.is_set = true;
  out.full = Millis(kDay);
  out.incremental = Millis(kHour);
  out.restore_test = Millis(7 * kDay);
  return out;
}

// Lives through a time in steps of a minute, every chore taking effect at once. "F", "I", "T".
struct Life {
  explicit Life(config::BackupSettings the_settings) : settings(std::move(the_settings)) {}
  std::string through(std::int64_t time, bool succeeds = true) {
    std::string out;
    for (const auto end = now + time; now < end; now += kMinute)
      for (auto chore = due(settings, diary, now); chore; chore = due(settings, diary, now)) {
        out += *chore == Chore::FullBackup ? 'F' : *chore == Chore::Backup ? 'I' : 'T';
        auto& done = diary.of(*chore);
        done.tried_ms = now;
        done.has_failed = !succeeds;
        if (succeeds) done.well_ms = now;
      }
    return out;
  }
  config::BackupSettings settings;
  Diary diary;
  std::int64_t now = kNow;
};

TEST(Chores, TheFirstBackupIsFullAndIsTriedAtOnce) {
  Life life(daily());
  EXPECT_EQ(life.through(kHour), "FT");
}

TEST(Chores, ADayHasOneFullOneAndOneForEachOtherHour) {
  Life life(daily());
  life.through(kHour);
  const auto day = life.through(kDay);
  EXPECT_EQ(std::count(day.begin(), day.end(), 'F'), 1) << day;
  EXPECT_EQ(std::count(day.begin(), day.end(), 'I'), 23) << day;
  EXPECT_EQ(std::count(day.begin(), day.end(), 'T'), 0) << day;
  const auto week = life.through(7 * kDay);
  EXPECT_EQ(std::count(week.begin(), week.end(), 'T'), 1) << week;
}

TEST(Chores, WhatWasMissedIsMadeUpForOnce) {
  Life life(daily());
  life.through(kHour);
  life.now += 10 * kDay;  // the daemon was down
  EXPECT_EQ(life.through(30 * kMinute), "FT");
}

TEST(Chores, AFailureIsTriedAgainAfterAWhileAndHoldsNothingElseUp) {
  Life life(daily());
  life.through(kHour);
  life.now = kNow + kDay - kMinute;
  life.through(kMinute);
  // The full one fails: every ten minutes again, incremental ones go on beside it.
  const auto hour = life.through(kHour, false);
  EXPECT_EQ(std::count(hour.begin(), hour.end(), 'F'), 6) << hour;
  EXPECT_GE(std::count(hour.begin(), hour.end(), 'I'), 1) << hour;
  EXPECT_EQ(life.through(kMinute).front(), 'F');
}

TEST(Chores, WhatMetSomebodyAtWorkIsTriedAgainSoon) {
  const auto settings = daily();
  Diary diary;
  diary.full = {kNow, kNow, false};
  diary.test = {0, kNow, false, true};
  EXPECT_EQ(due(settings, diary, kNow + 29'000), std::nullopt);
  EXPECT_EQ(due(settings, diary, kNow + 30'000), Chore::RestoreTest);
  // One that failed before is not tried more often for that.
  diary.test.has_failed = true;
  EXPECT_EQ(due(settings, diary, kNow + 30'000), std::nullopt);
}

TEST(Chores, WithoutABackupNothingIsAddedAndNothingTested) {
  Life life(daily());
  EXPECT_EQ(life.through(11 * kMinute, false), "FF");
  life.settings.is_set = false;
  EXPECT_EQ(life.through(kDay), "");
}

TEST(Chores, AClockThatWasSetBackDoesNotEndThem) {
  Life life(daily());
  life.through(kHour);
  life.now = kNow - 30 * kDay;
  EXPECT_EQ(life.through(kMinute).front(), 'F');
}

TEST(Chores, TheDiaryComesBackFromTheStore) {
  Life life(daily());
  life.through(kDay);
  life.diary.rto_seconds = 4.5;
  const auto back = diary_from_json(to_json(life.diary));
  EXPECT_EQ(back.full, life.diary.full);
  EXPECT_EQ(back.backup, life.diary.backup);
  EXPECT_EQ(back.test, life.diary.test);
  EXPECT_EQ(back.rto_seconds, 4.5);
  EXPECT_EQ(diary_from_json(Json()).full, Done());
}

TEST(ChoreNotices, AFailureIsToldOnceAndItsEndToo) {
  const ports::AppRef app{"shop", "production"};
  const ports::ErrandView failed{State::Failed, {}, "the disk is full", ""};
  const ports::ErrandView well{State::Done, Json::object(), "", ""};
  const Done fine{kNow, kNow, false};
  const Done broken{kNow, kNow, true};
  const auto begun = notice_of(Chore::Backup, app, fine, failed, kNow);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->text, "shop production: backup failed: the disk is full");
  EXPECT_EQ(begun->turn, ports::Turn::Opens);
  EXPECT_FALSE(notice_of(Chore::Backup, app, broken, failed, kNow));
  EXPECT_FALSE(notice_of(Chore::Backup, app, fine, well, kNow));
  const auto over = notice_of(Chore::Backup, app, broken, well, kNow);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->turn, ports::Turn::Closes);
  EXPECT_EQ(over->subject, begun->subject);
}

TEST(ChoreNotices, ARestoreTestSaysWhatItFound) {
  const ports::AppRef app{"shop", "production"};
  Json report = Json::object();
  report.set("entry", "E1").set("rto_seconds", 5.25);
  const auto good = notice_of(Chore::RestoreTest, app, {}, {State::Done, report, "", ""}, kNow);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->text, "shop production: restore test: E1 is good, back in 5.2s");
  report.set("faults", Json::array_of(std::vector<std::string>{"a is 0 bytes long", "b", "c"}));
  const auto bad = notice_of(Chore::RestoreTest, app, {}, {State::Failed, report, "", ""}, kNow);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->severity, ports::Severity::Critical);
  EXPECT_EQ(bad->text,
            "shop production: restore test failed: E1 is not good: a is 0 bytes long, and 2 more");
}

}  // namespace
}  // namespace slipway::daemon

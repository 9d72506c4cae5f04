#include <gtest/gtest.h>

#include "verdict/judge_kit_test.h"

namespace slipway::verdict {
namespace {

TEST(JudgeGuard, IsOnUnlessHistoryShowsNoBursts) {
  Settings settings;
  EXPECT_TRUE(guard_is_on(settings));
  settings.history = Millis(6 * 3'600'000);
  settings.dispersion = 1.1;
  EXPECT_FALSE(guard_is_on(settings));
  settings.dispersion = 1.5;
  EXPECT_TRUE(guard_is_on(settings));
  settings.dispersion = 1.1;
  settings.history = Millis(6 * 3'600'000 - 1);
  EXPECT_TRUE(guard_is_on(settings));
  settings.guard = Guard::Off;
  EXPECT_FALSE(guard_is_on(settings));
}

TEST(JudgeGuard, DoesNotTakeBackForOneBurst) {
  Story story(settings_of({error_rate(5), error_regression(2)}, Guard::On));
  story.counts(100, 0, 900, 0);
  story.repeat(60, Answer::NotEnough);
  for (int second = 0; second < 3; ++second) {  // it may lie across two blocks
    EXPECT_NE(story.counts(100, 50, 900, 0).answer, Answer::Fail);
  }
  EXPECT_TRUE(story.judge().last().quarantine);
  for (int second = 0; second < 300; ++second) {
    EXPECT_NE(story.counts(100, 0, 900, 0).answer, Answer::Fail);
  }
  EXPECT_FALSE(story.judge().last().quarantine);
  EXPECT_EQ(story.judge().last().answer, Answer::Pass);
}

TEST(JudgeGuard, TakesBackOnceThreeBlocksAgree) {
  Story story(settings_of({error_rate(5)}, Guard::On));
  story.counts(100, 50, 900, 0);
  EXPECT_TRUE(story.judge().last().quarantine);
  const Decision said = story.repeat(60);
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_GT(said.after, Millis(10'000));
  EXPECT_LE(said.after, Millis(15'000));
}

TEST(JudgeGuard, WishesForQuarantineWithTheRequestThatAnUnguardedJudgeWouldFailAt) {
  Story plain(settings_of({error_rate(5)}, Guard::Off), 0.5);
  Story guarded(settings_of({error_rate(5)}, Guard::On), 0.5);
  int needed = 0;
  while (plain.counts(1, 1, 1, 0, Millis(20)).answer != Answer::Fail) {
    ++needed;
    EXPECT_FALSE(guarded.counts(1, 1, 1, 0, Millis(20)).quarantine) << needed;
    ASSERT_LT(needed, 100);
  }
  EXPECT_TRUE(guarded.counts(1, 1, 1, 0, Millis(20)).quarantine);
}

TEST(JudgeGuard, ConfirmsAFaultWithTheLittleThatQuarantineLeaves) {
  Story story(settings_of({error_rate(5)}, Guard::On));
  story.counts(100, 50, 900, 0);
  ASSERT_TRUE(story.judge().last().quarantine);
  story.tick().weight = 0.01;
  story.counts(10, 5, 990, 0);
  const Decision said = story.repeat(60);
  EXPECT_EQ(said.answer, Answer::Fail);
}

TEST(JudgeGuard, DoesNotHoldForAShortBurstOfBoth) {
  Story story(settings_of({error_rate(5)}, Guard::On));
  story.counts(100, 0, 900, 0);
  story.repeat(60, Answer::Pass);
  story.counts(100, 50, 900, 450);
  const Decision said = story.counts(100, 50, 900, 450);
  EXPECT_NE(said.answer, Answer::Hold);
  EXPECT_FALSE(said.quarantine);
}

TEST(Dispersion, IsOneForSingleEventsAndMoreForBursts) {
  std::mt19937 random(7);
  Dispersion steady;
  Dispersion bursty;
  for (int block = 0; block < 20'000; ++block) {
    int events = 0;
    for (int request = 0; request < 500; ++request) events += random() % 500 == 0 ? 1 : 0;
    steady.add(events);
    bursty.add(random() % 50 == 0 ? 50 : 0);
  }
  EXPECT_NEAR(steady.index(), 1, 0.1);
  EXPECT_GT(bursty.index(), 20);
  EXPECT_EQ(Dispersion().index(), 0);
}
}  // namespace
}  // namespace slipway::verdict

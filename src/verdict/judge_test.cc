#include "verdict/judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "verdict/judge_kit_test.h"

namespace slipway::verdict {
namespace {

TEST(Judge, TakesBackACanaryThatBreaksItsLimitAndIsToBlame) {
  Story story(settings_of({error_rate(5)}));
  EXPECT_EQ(story.counts(10, 0, 90, 0).answer, Answer::NotEnough);
  Decision said = story.counts(10, 5, 90, 0);
  EXPECT_EQ(said.answer, Answer::NotEnough);
  said = story.counts(10, 5, 90, 0);
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_EQ(said.after, Millis(3'000));
  EXPECT_EQ(said.numbers.canary, 30);
  EXPECT_EQ(said.numbers.canary_bad, 10);
  EXPECT_EQ(said.numbers.weight, 0.1);
  EXPECT_GE(said.numbers.log_limit, said.numbers.log_threshold);
  EXPECT_GE(said.numbers.log_blame, said.numbers.log_threshold);
}

TEST(Judge, StandsByAFailWhateverComesLater) {
  Story story(settings_of({error_rate(5)}));
  story.counts(10, 10, 90, 0);
  ASSERT_EQ(story.judge().last().answer, Answer::Fail);
  const Decision later = story.counts(1000, 0, 9000, 0);
  EXPECT_EQ(later.answer, Answer::Fail);
  EXPECT_EQ(later.numbers.canary, 10);
}

TEST(Judge, HoldsWithoutBlameWhenBothReleasesFail) {
  Story story(settings_of({error_rate(5)}));
  story.counts(100, 0, 900, 0);
  story.counts(100, 11, 900, 95);
  const Decision said = story.repeat(200);
  EXPECT_EQ(said.answer, Answer::Hold);
  EXPECT_EQ(said.reason, Reason::BothFail);
}

TEST(Judge, NeverTurnsTheBothFailHoldIntoBlameAfterAHealthyPast) {
  // A blame test that compared with the past would be stale here.
  Story story(settings_of({error_rate(5), error_regression(2)}));
  story.counts(100, 0, 900, 1);
  story.repeat(600, Answer::Pass);
  for (int second = 0; second < 1200; ++second) {
    EXPECT_NE(story.counts(100, 50, 900, 450).answer, Answer::Fail);
  }
}

TEST(Judge, DoesNotJoinALimitThatBothBrokeOnceToADifferenceOfLater) {
  for (const bool limit_first : {true, false}) {
    Story story(settings_of({error_rate(5), error_regression(2)}));
    for (int second = 0; second < 1200; ++second) {
      const bool both_fail = limit_first == (second < 600);
      const std::uint64_t few = second % 10 == 0 ? 0 : 1;  // 0.9 % against 0.1 %
      const Decision said =
          both_fail ? story.counts(100, 10, 900, 90) : story.counts(100, few, 900, 1);
      ASSERT_NE(said.answer, Answer::Fail) << second;
    }
  }
}

TEST(Judge, SaysThatBlameIsUnclearWhileTheOldReleaseLooksFine) {
  Story story(settings_of({error_rate(5)}), 0.9);  // little to compare with
  story.counts(90, 20, 10, 0);
  const Decision said = story.judge().last();
  EXPECT_EQ(said.answer, Answer::Hold);
  EXPECT_EQ(said.reason, Reason::BlameUnclear);
  EXPECT_EQ(story.repeat(60, Answer::Hold).answer, Answer::Fail);
}

TEST(Judge, TakesBackARegressionOnlyAboveBothFloorAndTimes) {
  Story worse(settings_of({error_regression(2)}));
  worse.counts(100, 5, 900, 4);
  EXPECT_EQ(worse.repeat(60).answer, Answer::Fail);
  Story below_floor(settings_of({error_regression(2)}));
  below_floor.counts(1000, 8, 9000, 9);  // 8 times as many, but 0.8 %
  EXPECT_NE(below_floor.repeat(600).answer, Answer::Fail);
  Story exactly_twice(settings_of({error_regression(2)}));
  exactly_twice.counts(100, 4, 900, 18);
  EXPECT_NE(exactly_twice.repeat(600).answer, Answer::Fail);
}

TEST(Judge, PassesWhenTheLimitIsShownToBeKept) {
  Story story(settings_of({error_rate(5)}));
  Decision said = story.counts(10, 0, 90, 0);
  for (int i = 0; i < 8; ++i) said = story.look();
  EXPECT_EQ(said.answer, Answer::NotEnough);  // 90 clean requests
  said = story.look();
  EXPECT_EQ(said.answer, Answer::Pass);  // 100
  EXPECT_EQ(said.rule, 0);
}

TEST(Judge, NeverPassesWithFewerRequestsThanTheLeast) {
  auto settings = settings_of({error_rate(50)});
  settings.least = 200;
  Story story(settings);
  EXPECT_EQ(story.counts(199, 0, 1800, 0).answer, Answer::NotEnough);
  EXPECT_EQ(story.counts(1, 0, 9, 0).answer, Answer::Pass);
}

TEST(Judge, PassesByThePlainNumbersWhenNoProofIsAskedFor) {
  auto settings = settings_of({error_rate(5), error_regression(2)});
  settings.missed = 1;
  Story story(settings);
  EXPECT_EQ(story.counts(49, 0, 400, 0).answer, Answer::NotEnough);
  EXPECT_EQ(story.counts(11, 0, 100, 0).answer, Answer::Pass);
  EXPECT_EQ(story.counts(10, 4, 100, 0).answer, Answer::NotEnough);  // 4 of 70 is above
  EXPECT_EQ(story.counts(200, 1, 100, 8).answer, Answer::Pass);
}

TEST(Judge, WantsTheProofAnewInEachStep) {
  Story story(settings_of({error_rate(5)}));
  EXPECT_EQ(story.counts(500, 0, 4500, 0).answer, Answer::Pass);
  story.tick().step = 1;
  EXPECT_EQ(story.counts(20, 0, 180, 0).answer, Answer::NotEnough);
  EXPECT_EQ(story.counts(100, 0, 900, 0).answer, Answer::Pass);
}

TEST(Judge, NeedsEveryRuleToPass) {
  Story story(settings_of({error_rate(5), error_regression(2)}));
  const Decision said = story.counts(200, 0, 1800, 0);
  EXPECT_EQ(said.answer, Answer::NotEnough);
  EXPECT_EQ(said.rule, 1);  // 1 % takes more requests than 5 %
  EXPECT_EQ(story.counts(300, 0, 2700, 0).answer, Answer::Pass);
}

TEST(Judge, PassesARegressionAboveTheFloorWhenTheOldReleaseIsNoBetter) {
  Story story(settings_of({error_regression(2)}));
  story.counts(100, 3, 900, 27);
  EXPECT_EQ(story.repeat(120).answer, Answer::Pass);
}

TEST(Judge, SaysNotEnoughWithoutTraffic) {
  Story story(settings_of({error_rate(5), error_regression(2), latency_p95(2, true), orders(5)}));
  const Decision said = story.repeat(1800);
  EXPECT_EQ(said.answer, Answer::NotEnough);
  EXPECT_EQ(said.reason, Reason::Limits);
  EXPECT_FALSE(said.quarantine);
}

TEST(Judge, PassesWithoutRules) {
  Story story(settings_of({}));
  EXPECT_EQ(story.look().answer, Answer::Pass);
}

TEST(Judge, FindsAFaultThatBeginsLate) {
  Story story(settings_of({error_rate(5), error_regression(2)}));
  story.counts(10, 0, 90, 0);
  story.repeat(600, Answer::Pass);
  int seconds = 0;
  Decision said = story.judge().last();
  while (said.answer != Answer::Fail && seconds < 60) {
    said = story.counts(10, 5, 90, 0);
    ++seconds;
  }
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_LE(seconds, 4);
}

TEST(Judge, FindsAFaultLongAfterItsHorizon) {
  auto settings = settings_of({error_rate(5)});
  settings.horizon = Millis(60'000);
  Story story(settings);
  story.counts(10, 0, 90, 0);
  story.repeat(600, Answer::Pass);
  story.counts(10, 10, 90, 0);
  EXPECT_EQ(story.repeat(20).answer, Answer::Fail);
}

TEST(Judge, FindsABrokenOrderAmongGoodResponses) {
  Story story(settings_of({error_rate(5), orders(5)}));
  story.lot().canary.counters = {{5, 5}};
  story.lot().baseline.counters = {{90, 0}};
  story.counts(100, 0, 900, 0);
  const Decision said = story.repeat(60, Answer::NotEnough);
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_EQ(said.rule, 1);
}

TEST(Judge, FindsABrokenRouteThatIsLostInTheWhole) {
  auto settings = settings_of({error_rate(5), error_regression(2)});
  settings.strata = {"all", "/checkout"};
  Story story(settings);
  story.tick().strata.resize(2);
  story.lot(1).canary = {2, 1};
  story.lot(1).baseline = {18, 0};
  story.counts(100, 1, 900, 1);
  const Decision said = story.repeat(60);
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_EQ(said.stratum, 1);
}

TEST(Judge, AsksEachOfManyRulesAndRoutesForMoreEvidence) {
  auto settings = settings_of({error_rate(5)});
  Story one(settings);
  settings.strata = {"all", "/a", "/b", "/c"};
  Story four(settings);
  EXPECT_NEAR(four.look().numbers.log_threshold - one.look().numbers.log_threshold, std::log(4),
              1e-9);
}

TEST(Judge, DoesNotKeepARouteWithoutTrafficFromPassing) {
  auto settings = settings_of({error_rate(5)});
  settings.strata = {"all", "/rare"};
  Story story(settings);
  EXPECT_EQ(story.counts(500, 0, 4500, 0).answer, Answer::Pass);
}

TEST(Judge, HoldsWhenTheOldReleaseIsNoPlaceToGoBackTo) {
  Story story(settings_of({error_rate(5)}));
  story.tick().old = Old::Unhealthy;
  Decision said = story.counts(10, 10, 90, 0);
  EXPECT_EQ(said.answer, Answer::Hold);
  EXPECT_EQ(said.reason, Reason::OldUnhealthy);
  story.tick().old = Old::Healthy;
  EXPECT_EQ(story.counts(10, 10, 90, 0).answer, Answer::Fail);
}

TEST(Judge, JudgesAFirstReleaseByItsLimitsAlone) {
  Story story(settings_of({error_rate(5), error_regression(2), latency_p95(2, true)}), 1);
  story.tick().old = Old::Absent;
  EXPECT_EQ(story.counts(1000, 0, 0, 0).answer, Answer::Pass);
  EXPECT_EQ(story.counts(100, 60, 0, 0).answer, Answer::Fail);
}

TEST(Judge, GoesOnJudgingByTheLimitAfterEverythingWasShifted) {
  Story story(settings_of({error_rate(5)}));
  story.counts(10, 0, 90, 0);
  story.repeat(120, Answer::Pass);
  story.tick().weight = 1;
  story.counts(100, 0, 0, 0);
  EXPECT_EQ(story.repeat(300, Answer::Pass).answer, Answer::Pass);
  story.counts(100, 30, 0, 0);
  EXPECT_EQ(story.repeat(10).answer, Answer::Fail);
}

TEST(Judge, DoesNotBlameAfterTheShiftForWhatTheOldReleaseDidAsWell) {
  Story story(settings_of({error_rate(5)}));
  story.counts(10, 1, 90, 9);  // both at 10 %
  story.repeat(60, Answer::NotEnough);
  story.tick().weight = 1;
  for (int second = 0; second < 600; ++second) {
    EXPECT_NE(story.counts(100, 15, 0, 0).answer, Answer::Fail);
  }
  story.counts(100, 90, 0, 0);  // but for what is far beyond it
  EXPECT_EQ(story.repeat(10, Answer::NotEnough).answer, Answer::Fail);
}

TEST(Judge, HoldsOnCountsThatCannotBeAndGoesOnAfterwards) {
  Story story(settings_of({error_rate(5)}));
  Decision said = story.counts(10, 11, 90, 0);
  EXPECT_EQ(said.answer, Answer::Hold);
  EXPECT_EQ(said.reason, Reason::Nonsense);
  for (const double weight : {std::nan(""), -0.1, 1.5, std::numeric_limits<double>::infinity()}) {
    story.tick().weight = weight;
    EXPECT_EQ(story.counts(10, 0, 90, 0).reason, Reason::Nonsense);
  }
  story.tick().weight = 0.1;
  EXPECT_EQ(story.look().reason, Reason::Limits);
  EXPECT_EQ(story.look(Millis(-3'000)).reason, Reason::Nonsense);  // time went back
  story.look(Millis(3'000));
  EXPECT_EQ(story.counts(10, 10, 90, 0).answer, Answer::Fail);
}

TEST(Judge, IsNotSilencedByTrafficThatOverflowsAProduct) {
  Story story(settings_of({error_rate(5), error_regression(2)}), 0.5);
  story.counts(1'000'000'000, 0, 1'000'000'000, 0);
  EXPECT_EQ(story.repeat(10, Answer::Pass).answer, Answer::Pass);
  Decision said = story.counts(1'000'000'000, 500'000'000, 1'000'000'000, 0);
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_TRUE(std::isfinite(said.numbers.log_blame));
}

TEST(Judge, DoesNotBlameACanaryForAShareOfTheTrafficThatItWasNotTold) {
  // Sticky clients: 7 % of the requests instead of 10 %, both sides equally bad.
  Story story(settings_of({error_rate(5), error_regression(2), latency_p95(2, true)}));
  story.lot().canary.latency_us = latencies(70, 5, 200'000);
  story.lot().baseline.latency_us = latencies(930, 62, 200'000);
  for (int second = 0; second < 1800; ++second) {
    EXPECT_NE(story.counts(70, 4, 930, 56).answer, Answer::Fail);
  }
}

TEST(Judge, DoesNotBlameACanaryForRequestsThatWereRoutedAtAnotherWeight) {
  Story story(settings_of({latency_p95(2, true)}));
  auto& lot = story.lot();
  lot.canary.latency_us = latencies(100, 1, 200'000);
  lot.baseline.latency_us = latencies(900, 9, 200'000);
  story.counts(100, 0, 900, 0);
  story.repeat(120, Answer::NotEnough);
  story.tick().weight = 0.9;  // but what finishes was routed at 10 % still
  for (int look = 0; look < 10; ++look) {
    EXPECT_NE(story.look(Millis(100)).answer, Answer::Fail);
  }
}

TEST(Judge, CatchesUpWithAPauseOfTheDaemon) {
  Story story(settings_of({error_rate(5)}));
  story.counts(10, 0, 90, 0);
  EXPECT_EQ(story.look(Millis(std::int64_t{30} * 86'400'000)).answer, Answer::NotEnough);
  EXPECT_EQ(story.counts(20, 20, 90, 0).answer, Answer::Fail);
}
}  // namespace
}  // namespace slipway::verdict

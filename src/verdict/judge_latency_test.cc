#include <gtest/gtest.h>

#include "verdict/judge_kit_test.h"

namespace slipway::verdict {
namespace {
constexpr std::uint32_t kSlow = 400'000;

// 10 canary and 90 baseline requests a second; of the canary's, `slow` are.
Decision second(Story& story, std::uint64_t slow, std::uint64_t baseline_slow = 3) {
  story.lot().canary.latency_us = latencies(10, slow, kSlow);
  story.lot().baseline.latency_us = latencies(90, baseline_slow, kSlow);
  return story.counts(10, 0, 90, 0);
}
Decision seconds(Story& story, int count, std::uint64_t slow, std::uint64_t baseline_slow = 3) {
  Decision said = story.judge().last();
  for (int i = 0; i < count && said.answer != Answer::Fail; ++i)
    said = second(story, slow, baseline_slow);
  return said;
}

TEST(JudgeLatency, ComparesWithTheOldReleasesQuantileOfTheMinuteBefore) {
  Story story(settings_of({latency_p95(2, true)}));
  EXPECT_NE(seconds(story, 120, 0).answer, Answer::Fail);
  EXPECT_EQ(seconds(story, 60, 5).answer, Answer::Fail);
}

TEST(JudgeLatency, IgnoresAColdStart) {
  Story story(settings_of({latency_p95(2, true)}));
  EXPECT_EQ(seconds(story, 60, 10).answer, Answer::NotEnough);
  EXPECT_NE(seconds(story, 120, 0).answer, Answer::Fail);
  story.tick().young = true;  // another instance has been started
  EXPECT_NE(seconds(story, 60, 10).answer, Answer::Fail);
  story.tick().young = false;
  EXPECT_EQ(seconds(story, 60, 10).answer, Answer::Fail);
}

TEST(JudgeLatency, StillCountsErrorsWhileItWarmsUp) {
  Story story(settings_of({error_rate(5), latency_p95(2, true)}));
  EXPECT_EQ(story.counts(10, 10, 90, 0).answer, Answer::Fail);
}

TEST(JudgeLatency, DoesNotBlameACanaryWhenBothGetSlower) {
  Story story(settings_of({latency_p95(2, true)}));
  seconds(story, 120, 0);
  EXPECT_NE(seconds(story, 600, 3, 27).answer, Answer::Fail);
}

TEST(JudgeLatency, HoldsForAnAbsoluteLimitThatBothBreak) {
  Story story(settings_of({latency_p95(200, false)}));
  seconds(story, 70, 0);
  const Decision said = seconds(story, 120, 3, 27);
  EXPECT_EQ(said.answer, Answer::Hold);
  EXPECT_EQ(said.reason, Reason::BothFail);
}

TEST(JudgeLatency, TakesBackForAnAbsoluteLimitThatTheCanaryBreaks) {
  Story story(settings_of({latency_p95(200, false)}));
  seconds(story, 61, 0, 0);
  EXPECT_EQ(seconds(story, 120, 3, 0).answer, Answer::Fail);
}

TEST(JudgeLatency, ToleratesAsManySlowRequestsAsTheQuantileAllows) {
  Story story(settings_of({latency_p95(200, false)}));
  seconds(story, 61, 0, 0);
  for (int i = 0; i < 300; ++i) {  // 4 % at the canary
    EXPECT_NE(seconds(story, 2, 0, 3).answer, Answer::Fail);
    EXPECT_NE(second(story, 1, 3).answer, Answer::Fail);
  }
}

TEST(JudgeLatency, PassesWhenTheQuantileIsShownToBeKept) {
  Story story(settings_of({latency_p95(2, true)}));
  EXPECT_EQ(seconds(story, 60, 0).answer, Answer::NotEnough);
  EXPECT_EQ(seconds(story, 20, 0).answer, Answer::Pass);
}

TEST(JudgeLatency, JudgesThreeQuantilesTogether) {
  Rule rule{Rule::Kind::Latency, 0, 2, true, "latency > 2x baseline"};
  Story story(settings_of({rule}));
  seconds(story, 120, 0);
  EXPECT_EQ(seconds(story, 30, 5).answer, Answer::Fail);
}

TEST(JudgeLatency, GoesOnAfterTheShiftWithTheLastQuantileOfTheOldRelease) {
  Story story(settings_of({latency_p95(2, true)}));
  seconds(story, 120, 0);
  story.tick().weight = 1;
  story.lot().baseline = {};
  story.lot().canary.latency_us = latencies(100, 1, kSlow);
  story.lot().canary.requests = 100;
  EXPECT_NE(story.repeat(120, Answer::Pass).answer, Answer::Fail);
  story.lot().canary.latency_us = latencies(100, 30, kSlow);
  EXPECT_EQ(story.repeat(30, Answer::Pass).answer, Answer::Fail);
}

TEST(JudgeLatency, IsUndecidedUntilTheOldReleaseHasBeenSeen) {
  Story story(settings_of({latency_p95(2, true)}));
  story.lot().canary.latency_us = latencies(10, 10, kSlow);
  story.lot().baseline.latency_us = latencies(1, 0, kSlow);
  EXPECT_EQ(story.counts(10, 0, 1, 0).answer, Answer::NotEnough);
  EXPECT_EQ(story.repeat(150).answer, Answer::NotEnough);
}

// 4 canary and 36 baseline requests a second at one route among many; of the canary's, `slow` are.
Decision seconds_of_route(Story& story, int count, std::uint64_t slow, std::uint64_t both = 0) {
  story.tick().strata.resize(2);
  auto& whole = story.lot();
  whole.canary = {100, 0, latencies(100, slow, kSlow)};
  whole.baseline = {900, 0, latencies(900, both * 9, kSlow)};
  story.lot(1).canary = {4, 0, latencies(4, slow + both, kSlow)};
  story.lot(1).baseline = {36, 0, latencies(36, both * 9, kSlow)};
  Decision said = story.judge().last();
  for (int i = 0; i < count && said.answer != Answer::Fail; ++i) said = story.look();
  return said;
}
Story with_cart(Rule rule) {
  Settings settings = settings_of({std::move(rule)});
  settings.strata.emplace_back("/cart");
  return Story(settings);
}

TEST(JudgeLatency, FindsARouteThatIsSlowerThanItWasWhileTheWholeIsNot) {
  Story story = with_cart(latency_p95(2, true));
  EXPECT_NE(seconds_of_route(story, 120, 0).answer, Answer::Fail);
  EXPECT_EQ(seconds_of_route(story, 120, 2).answer, Answer::Fail);
  EXPECT_EQ(story.judge().last().stratum, 1);
  EXPECT_NE(story.sentence().find("/cart: "), std::string::npos) << story.sentence();
}

TEST(JudgeLatency, DoesNotBlameACanaryForARouteThatGetsSlowerForBoth) {
  Story story = with_cart(latency_p95(2, true));
  seconds_of_route(story, 120, 0);
  EXPECT_NE(seconds_of_route(story, 600, 0, 2).answer, Answer::Fail);
}

TEST(JudgeLatency, ARouteMayBeSlowerThanTheLimitOfTheWhole) {
  Story story = with_cart(latency_p95(200, false));
  EXPECT_EQ(seconds_of_route(story, 300, 0, 2).answer, Answer::Pass);
}

TEST(JudgeLatency, WithoutTheOldReleaseBesideItARouteIsNotCompared) {
  Story story = with_cart(latency_p95(2, true));
  seconds_of_route(story, 120, 0);
  story.tick().weight = 1;
  story.lot().baseline = story.lot(1).baseline = {};
  story.lot(1).canary.latency_us = latencies(4, 4, kSlow);
  EXPECT_NE(story.repeat(300, Answer::Pass).answer, Answer::Fail);
}

// As the edge counts routes: a canary that is slower by less than the limit shares a bucket with
// what is beyond it, and an innocent one must never pay for that.
TEST(JudgeLatency, NeverTakesBackForTheWidthOfARoutesBuckets) {
  Story story = with_cart(latency_p95(1.2, true));
  story.tick().weight = 0.5;
  story.tick().strata.resize(2);
  const Buckets usual{{53'247, 36}};         // 49,152 to 53,247 us: t is its end
  const Buckets at_most_1_2x{{65'535, 36}};  // 61,440 on: reaches below 1.2 t = 63,896
  for (auto* lot : {&story.lot(0), &story.lot(1)}) {
    lot->canary = {36, 0, lot == &story.lot(1) ? at_most_1_2x : usual};
    lot->baseline = {36, 0, usual};
  }
  EXPECT_NE(story.repeat(300, Answer::Pass).answer, Answer::Fail);
  story.lot(1).canary.latency_us = {{73'727, 36}};
  Decision said;
  for (int i = 0; i < 120 && said.answer != Answer::Fail; ++i) said = story.look();
  EXPECT_EQ(said.answer, Answer::Fail);
}

TEST(Reference, IsRenewedEachMinuteByWhatHoldsEnoughRequests) {
  Reference reference({0.95});
  reference.add(Millis(1'000), latencies(199, 0, kSlow));
  EXPECT_EQ(reference.limit_us(0), 0);
  reference.add(Millis(2'000), {{50'000, 1}});
  EXPECT_NEAR(reference.limit_us(0), 50'000, 800);
  reference.add(Millis(30'000), latencies(1000, 1000, kSlow));
  EXPECT_NEAR(reference.limit_us(0), 50'000, 800);  // not yet
  reference.add(Millis(62'000), latencies(10, 0, kSlow));
  EXPECT_NEAR(reference.limit_us(0), 400'000, 6'300);
  reference.add(Millis(130'000), latencies(100, 0, kSlow));
  EXPECT_NEAR(reference.limit_us(0), 400'000, 6'300);  // too few to tell
}

TEST(Reference, CountsABucketThatReachesBelowTheLimitAsWithinIt) {
  const Buckets buckets{{99'327, 1}, {100'351, 10}, {101'375, 100}};  // 1,024 us wide
  EXPECT_EQ(above_and_within(buckets, 100'000), (std::pair{100.0, 11.0}));
  EXPECT_EQ(above_and_within(buckets, 99'327), (std::pair{110.0, 1.0}));
  EXPECT_EQ(above_and_within({{40, 1}, {41, 2}}, 40), (std::pair{2.0, 1.0}));
  EXPECT_EQ(above_and_within({{0xffff'ffff, 1}}, 40), (std::pair{1.0, 0.0}));
  const Buckets wide{{106'495, 1}, {114'687, 10}};  // 8,192 us wide
  EXPECT_EQ(above_and_within(wide, 100'000, kStepsOfRoute), (std::pair{10.0, 1.0}));
}
}  // namespace
}  // namespace slipway::verdict

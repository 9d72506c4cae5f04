#include <gtest/gtest.h>

#include "verdict/judge_kit_test.h"
#include "verdict/words.h"

namespace slipway::verdict {
namespace {

Settings four_rules() {
  return settings_of({error_rate(5), error_regression(2), latency_p95(2, true), orders(5)});
}

Decision said(Answer answer, int rule, const Numbers& numbers, Millis after = Millis(5'400)) {
  Decision decision;
  decision.answer = answer;
  decision.rule = rule;
  decision.numbers = numbers;
  decision.numbers.weight = 0.1;
  decision.numbers.log_threshold = std::log(4000);
  decision.after = after;
  return decision;
}

std::string told(const Decision& decision, const Settings& settings = four_rules()) {
  return sentence(decision, words_of(settings, decision));
}

TEST(JudgeWords, TellARollbackWithItsNumbersAndHowSureItIs) {
  EXPECT_EQ(
      told(said(Answer::Fail, 1, {118, 12, 1050, 1})),
      "Rolled back after 5.4 s: 12 of 118 canary responses failed (10%) against 1 of 1,050 on "
      "the old release; the limit is 1% and 2x; a healthy canary would show this in fewer than "
      "1 of 4,000 deployments.");
  EXPECT_EQ(told(said(Answer::Fail, 0, {118, 12, 0, 0}, Millis(90'300))),
            "Rolled back after 1m30s: 12 of 118 canary responses failed (10%); the limit is 5%; a "
            "healthy canary would show this in fewer than 1 of 4,000 deployments.");
}

TEST(JudgeWords, TellOrdersAndLatencyInTheirOwnTerms) {
  EXPECT_EQ(told(said(Answer::Fail, 3, {40, 13, 360, 2})),
            "Rolled back after 5.4 s: 13 of 40 canary orders went wrong (32%) against 2 of 360 on "
            "the old release; the limit is 5%; a healthy canary would show this in fewer than 1 of "
            "4,000 deployments.");
  EXPECT_EQ(told(said(Answer::Fail, 2, {305, 37, 2745, 140})),
            "Rolled back after 5.4 s: 37 of 305 canary requests (12%) took longer than 2x the old "
            "release's p95; 5% may; a healthy canary would show this in fewer than 1 of 4,000 "
            "deployments.");
  EXPECT_EQ(
      told(said(Answer::Fail, 0, {305, 37, 2745, 20}), settings_of({latency_p95(1000, false)})),
      "Rolled back after 5.4 s: 37 of 305 canary requests (12%) took longer than 1s against "
      "20 of 2,745 on the old release; 5% may; a healthy canary would show this in fewer than "
      "1 of 4,000 deployments.");
}

TEST(JudgeWords, NameTheRoute) {
  auto settings = four_rules();
  settings.strata = {"all", "/checkout"};
  Decision decision = said(Answer::Fail, 1, {118, 12, 1050, 1});
  decision.stratum = 1;
  EXPECT_EQ(words_of(settings, decision).evidence.substr(0, 24), "/checkout: 12 of 118 can");
}

TEST(JudgeWords, TellAHoldWithoutBlamingTheCanary) {
  Decision decision = said(Answer::Hold, 0, {100, 11, 900, 90});
  decision.reason = Reason::BothFail;
  EXPECT_EQ(told(decision),
            "Held: canary 11% and old release 10% both fail; not this release's doing.");
  decision.reason = Reason::BlameUnclear;
  EXPECT_EQ(
      told(decision),
      "Held: 11 of 100 canary responses failed (11%) against 90 of 900 on the old release; the "
      "limit is 5%; not yet shown to be this release's doing.");
  decision.reason = Reason::OldUnhealthy;
  EXPECT_EQ(
      told(decision),
      "Held: 11 of 100 canary responses failed (11%) against 90 of 900 on the old release; the "
      "old release is not healthy enough to go back to.");
  decision.reason = Reason::Nonsense;
  EXPECT_EQ(told(decision),
            "Held: the counts of the last look cannot be; nothing can be judged by them.");
}

TEST(JudgeWords, TellWhatCouldHaveBeenSeenWhenUndecided) {
  EXPECT_EQ(
      told(said(Answer::NotEnough, 1, {61, 0, 549, 0}, Millis(900'000))),
      "Undecided: 61 canary requests in 15m; 0 of 61 canary responses failed (0%) against 0 of "
      "549 on the old release; the limit is 1% and 2x; only failure rates above about 11% "
      "could have been seen.");
  EXPECT_EQ(told(said(Answer::NotEnough, 0, {2, 0, 0, 0})),
            "Undecided: 2 canary requests in 5.4 s; 0 of 2 canary responses failed (0%); the limit "
            "is 5%; only nothing: there were too few requests could have been seen.");
}

TEST(JudgeWords, TellAPassWithWhatWouldHaveShown) {
  EXPECT_EQ(told(said(Answer::Pass, 0, {1000, 3, 9000, 9})),
            "Passed: 3 of 1,000 canary responses failed (0.3%) against 9 of 9,000 on the old "
            "release; the limit is 5%; failure rates above about 8.2% would have shown.");
}

TEST(JudgeWords, TellThatThereAreNoLimits) {
  EXPECT_EQ(told(said(Answer::Pass, -1, {}), settings_of({})),
            "Passed: no limits are set; nothing would have shown.");
}

TEST(JudgeWords, SmallestVisibleShrinksWithTraffic) {
  double before = 1;
  for (const double requests : {20.0, 100.0, 1000.0, 100'000.0}) {
    const double now =
        smallest_share(error_rate(5), said(Answer::Pass, 0, {requests, 0, 0, 0}).numbers);
    EXPECT_LT(now, before) << requests;
    EXPECT_GT(now, 0.05);
    before = now;
  }
}

TEST(JudgeWords, SayTheWholeStoryOfARelease) {
  Story story(four_rules());
  story.counts(20, 0, 180, 0);
  story.counts(20, 8, 180, 1, Millis(1'400));
  EXPECT_EQ(
      story.sentence(),
      "Rolled back after 2.4 s: 8 of 40 canary responses failed (20%) against 1 of 360 on the "
      "old release; the limit is 1% and 2x; a healthy canary would show this in fewer than 1 "
      "of 4,000 deployments.");
}

TEST(JudgeWords, AQuarantineSaysWhatWasSeenAndThatItMayBeOneBurst) {
  Story story(settings_of({error_rate(5)}, Guard::On));
  for (int i = 0; i < 20; ++i) story.counts(10, 0, 90, 0);
  Decision said;
  for (int i = 0; i < 3 && !said.quarantine; ++i) said = story.counts(10, 9, 90, 0);
  ASSERT_TRUE(said.quarantine);
  EXPECT_EQ(said.rule, 0);
  EXPECT_NE(story.judge().tell().evidence.find("it may be one burst"), std::string::npos)
      << story.judge().tell().evidence;
}

TEST(JudgeWords, KnowsHowManyRequestsWouldShowItAgain) {
  const auto needed = [](std::uint64_t bad) {
    Story story(settings_of({error_rate(1)}, Guard::On));
    Decision said;
    for (int i = 0; i < 600 && !said.quarantine; ++i) said = story.counts(100, bad, 900, 0);
    EXPECT_TRUE(said.quarantine) << bad;
    return requests_to_show(story.judge().settings(), said);
  };
  EXPECT_LT(needed(100), 5);
  EXPECT_LT(needed(50), 10);
  EXPECT_GT(needed(10), 40);
  EXPECT_GT(needed(5), 150);
}
}  // namespace
}  // namespace slipway::verdict

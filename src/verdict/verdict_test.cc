#include "verdict/verdict.h"

#include <gtest/gtest.h>

#include <random>

#include "verdict/evidence.h"

namespace slipway::verdict {
namespace {
Rule errors_above(double percent) {
  return {Rule::Kind::ErrorRate, 0, percent, false,
          "error_rate > " + std::to_string(int(percent)) + "%"};
}
Rule errors_above_times(double times) {
  return {Rule::Kind::ErrorRate, 0, times, true, "error_rate > 2x baseline"};
}
Rule p95_above(double ms) {
  return {Rule::Kind::LatencyQuantile, 0.95, ms, false, "latency_p95 > 200ms"};
}
Rule p95_above_times(double times) {
  return {Rule::Kind::LatencyQuantile, 0.95, times, true, "latency_p95 > 2x baseline"};
}

Sample counts(std::uint64_t requests, std::uint64_t errors) { return {requests, errors, {}}; }
// `slow` of the requests took 400 ms, the others 50 ms.
Sample latencies(std::uint64_t requests, std::uint64_t slow) {
  return {requests, 0, {{50'000, requests - slow}, {400'000, slow}}};
}

Verdict one(const Rule& rule, const Sample& canary, const Sample& baseline = {}) {
  return judge({rule}, {canary, baseline, Millis(30'000)}, 50);
}

TEST(Verdict, FailsWhenTheErrorRateIsClearlyAboveTheLimit) {
  const auto verdict = one(errors_above(5), counts(1000, 120));
  EXPECT_EQ(verdict.answer, Answer::Fail);
  EXPECT_EQ(verdict.evidence,
            "error rate 12% (120 of 1000 requests) is above 5%, by more than chance explains "
            "(error_rate > 5%)");
}

TEST(Verdict, PassesWithinTheLimitAndSaysWhatItCouldHaveSeen) {
  const auto verdict = one(errors_above(5), counts(1000, 3));
  EXPECT_EQ(verdict.answer, Answer::Pass);
  EXPECT_EQ(verdict.evidence, "error rate 0.3% (3 of 1000 requests) is within 5%");
  EXPECT_EQ(verdict.smallest_visible, "an error rate of 8.21%");
}

TEST(Verdict, WantsMoreWhenItIsAboveTheLimitByWhatMayBeChance) {
  const auto verdict = one(errors_above(5), counts(60, 4));
  EXPECT_EQ(verdict.answer, Answer::NotEnough);
  EXPECT_EQ(verdict.evidence,
            "error rate 6.67% (4 of 60 requests) is above 5%, but that may be chance");
}

TEST(Verdict, DoesNotFailOnOneErrorAmongThreeRequests) {
  EXPECT_EQ(one(errors_above(0), counts(3, 1)).answer, Answer::NotEnough);
  EXPECT_EQ(one(errors_above(0), counts(3, 2)).answer, Answer::NotEnough);
  EXPECT_EQ(one(errors_above(1), counts(3, 1)).answer, Answer::NotEnough);
}

TEST(Verdict, FailsBeforeThereAreEnoughRequestsToPassWhenNearlyAllFail) {
  EXPECT_EQ(one(errors_above(5), counts(10, 9)).answer, Answer::Fail);
}

TEST(Verdict, IsNotEnoughWithTooFewRequests) {
  const auto verdict = one(errors_above(5), counts(20, 0));
  EXPECT_EQ(verdict.answer, Answer::NotEnough);
  EXPECT_EQ(verdict.evidence, "20 requests so far, 50 are needed");
  EXPECT_EQ(one(errors_above(5), counts(0, 0)).answer, Answer::NotEnough);
}

TEST(Verdict, ComparesErrorRatesWithTheOldRelease) {
  const auto worse = one(errors_above_times(2), counts(1000, 60), counts(9000, 90));
  EXPECT_EQ(worse.answer, Answer::Fail);
  EXPECT_EQ(worse.evidence,
            "error rate 6% (60 of 1000 requests) is above 2 x the old release's 1%, by more than "
            "chance explains (error_rate > 2x baseline)");
  EXPECT_EQ(one(errors_above_times(2), counts(1000, 11), counts(9000, 90)).answer, Answer::Pass);
}

TEST(Verdict, NeedsABaselineToCompareWith) {
  const auto verdict = one(errors_above_times(2), counts(1000, 60), counts(10, 0));
  EXPECT_EQ(verdict.answer, Answer::NotEnough);
  EXPECT_EQ(verdict.evidence, "the old release had 10 requests to compare with, 50 are needed");
}

TEST(Verdict, FailsWhenTheQuantileIsClearlyAboveTheLimit) {
  const auto verdict = one(p95_above(200), latencies(1000, 150));
  EXPECT_EQ(verdict.answer, Answer::Fail);
  EXPECT_EQ(
      verdict.evidence,
      "p95 400 ms (150 of 1000 requests took longer than 200 ms) is above 200 ms, by more than "
      "chance explains (latency_p95 > 200ms)");
}

TEST(Verdict, ToleratesAsManySlowRequestsAsTheQuantileAllows) {
  const auto verdict = one(p95_above(200), latencies(1000, 30));
  EXPECT_EQ(verdict.answer, Answer::Pass);
  EXPECT_EQ(verdict.evidence,
            "p95 50 ms (30 of 1000 requests took longer than 200 ms) is within 200 ms");
  EXPECT_EQ(one(p95_above(200), latencies(1000, 52)).answer, Answer::NotEnough);
}

TEST(Verdict, ComparesQuantilesWithTheOldRelease) {
  const auto worse = one(p95_above_times(2), latencies(1000, 150), latencies(9000, 90));
  EXPECT_EQ(worse.answer, Answer::Fail);
  EXPECT_EQ(
      worse.evidence,
      "p95 400 ms (150 of 1000 requests took longer than 100 ms) is above 2 x the old release's "
      "50 ms, by more than chance explains (latency_p95 > 2x baseline)");
  EXPECT_EQ(one(p95_above_times(2), latencies(1000, 20), latencies(9000, 90)).answer, Answer::Pass);
}

TEST(Verdict, DoesNotBlameTheNewReleaseForABaselineOfFewRequests) {
  // 4 % of 100 baseline requests were slow as well: its p95 may just as well be 400 ms.
  EXPECT_NE(one(p95_above_times(2), latencies(1000, 150), latencies(100, 4)).answer, Answer::Fail);
}

TEST(Verdict, TellsTheGravestOfSeveralRules) {
  Sample canary = latencies(1000, 150);
  canary.errors = 1;
  const auto verdict = judge({errors_above(5), p95_above(200)}, {canary, {}, Millis(0)}, 50);
  EXPECT_EQ(verdict.answer, Answer::Fail);
  EXPECT_EQ(verdict.evidence.substr(0, 10), "p95 400 ms");
  canary = latencies(1000, 10);
  EXPECT_EQ(judge({errors_above(5), p95_above(200)}, {canary, {}, Millis(0)}, 50).evidence,
            "error rate 0% (0 of 1000 requests) is within 5%; p95 50 ms (10 of 1000 requests took "
            "longer than 200 ms) is within 200 ms");
}

TEST(Verdict, PassesWithoutLimits) { EXPECT_EQ(judge({}, {}, 50).answer, Answer::Pass); }

TEST(Verdict, AnswersHaveNames) {
  EXPECT_EQ(name_of(Answer::Pass), "pass");
  EXPECT_EQ(name_of(Answer::Fail), "fail");
  EXPECT_EQ(name_of(Answer::NotEnough), "not enough");
}

TEST(Quantile, IsTheBoundThatEnoughRequestsStayWithin) {
  EXPECT_EQ(quantile_us({}, 0.95), 0u);
  EXPECT_EQ(quantile_us({{10, 95}, {20, 5}}, 0.95), 10u);
  EXPECT_EQ(quantile_us({{10, 94}, {20, 6}}, 0.95), 20u);
  EXPECT_EQ(quantile_us({{10, 1}, {20, 0}}, 1), 10u);
}

TEST(Evidence, SeldomAccusesAReleaseThatIsExactlyAtTheLimitHoweverOftenOneLooks) {
  std::mt19937 random(7);  // fixed: the test must not be a lottery itself
  int accused = 0;
  for (int release = 0; release < 2000; ++release) {
    double errors = 0;
    double strongest = 0;
    for (int request = 1; request <= 1000; ++request) {
      errors += random() % 100 < 5 ? 1 : 0;
      strongest = std::max(strongest, log_evidence_above(0.05, errors, request));
    }
    accused += strongest >= kLogProof ? 1 : 0;
  }
  EXPECT_LE(accused, 6);  // 2 are expected at most
}

TEST(Evidence, GrowsWithEvents) {
  for (double events = 5; events < 100; ++events) {
    EXPECT_LT(log_evidence_above(0.05, events, 100), log_evidence_above(0.05, events + 1, 100));
  }
}

TEST(Evidence, SmallestProvableShrinksWithTraffic) {
  EXPECT_EQ(smallest_provable(0.05, 0), 1);
  EXPECT_GT(smallest_provable(0.05, 100), smallest_provable(0.05, 1000));
  EXPECT_GT(smallest_provable(0.05, 100'000), 0.05);
}
}  // namespace
}  // namespace slipway::verdict

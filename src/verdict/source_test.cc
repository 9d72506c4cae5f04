#include "verdict/source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace slipway::verdict {
namespace {

using Side = SourceRule::Side;

SourceRule success(Millis hold = Millis(0)) {
  return {"order-success", Side::Below, 95, false, hold, Millis(10'000), Millis(5'000)};
}
SourceRule twice() { return {"carts-lost", Side::Above, 2, true, Millis(0)}; }

SourceReading reads(int second, std::optional<double> value,
                    std::optional<double> baseline = std::nullopt) {
  return {Millis(second * 1000), value, baseline, value ? "" : "no answer within 5s"};
}

TEST(SourceJudge, FailsAtOnceBeyondTheBoundAndNotAtIt) {
  SourceJudge judge(success());
  judge.take(reads(1, 95));
  EXPECT_EQ(judge.tell(Millis(1'000)).answer, Answer::Pass);
  judge.take(reads(11, 94.9));
  const Verdict verdict = judge.tell(Millis(11'000));
  EXPECT_EQ(verdict.answer, Answer::Fail);
  EXPECT_EQ(verdict.evidence, "order-success is 94.9, below 95");
}

TEST(SourceJudge, BeforeAnyNumberThereIsNotEnough) {
  SourceJudge judge(success());
  EXPECT_EQ(judge.tell(Millis(0)).answer, Answer::NotEnough);
  judge.take(reads(1, std::nullopt));
  EXPECT_EQ(judge.tell(Millis(1'000)).answer, Answer::NotEnough);
  EXPECT_EQ(judge.tell(Millis(1'000)).evidence,
            "order-success has no number yet: no answer within 5s");
}

TEST(SourceJudge, WhatIsNoNumberNeitherPassesNorFails) {
  for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    SourceJudge below(success());
    below.take({Millis(1'000), odd, {}, ""});
    EXPECT_EQ(below.tell(Millis(1'000)).answer, Answer::NotEnough) << odd;
    EXPECT_NE(below.tell(Millis(1'000)).evidence.find("no number"), std::string::npos);
    below.take(reads(11, 50));
    EXPECT_EQ(below.tell(Millis(11'000)).answer, Answer::Fail) << "and disables nothing";
  }
}

TEST(SourceJudge, APassGoesStale) {
  SourceJudge judge(success());
  judge.take(reads(0, 99));
  judge.take(reads(10, std::nullopt));
  EXPECT_EQ(judge.tell(Millis(35'000)).answer, Answer::Pass);
  const Verdict stale = judge.tell(Millis(36'000));
  EXPECT_EQ(stale.answer, Answer::NotEnough);
  EXPECT_EQ(stale.evidence,
            "order-success has had no number for 36s: no answer within 5s; the last was 99");
}

TEST(SourceJudge, MustFailForSoLongInARow) {
  SourceJudge judge(success(Millis(30'000)));
  judge.take(reads(0, 90));
  EXPECT_EQ(judge.tell(Millis(29'000)).answer, Answer::NotEnough)
      << "one number long ago does not fail for long";
  judge.take(reads(10, 90));
  judge.take(reads(20, 99));
  judge.take(reads(30, 90));
  judge.take(reads(50, 91));
  EXPECT_EQ(judge.tell(Millis(50'000)).answer, Answer::NotEnough);
  EXPECT_EQ(judge.tell(Millis(50'000)).evidence, "order-success is 91, below 95, for 20s of 30s");
  judge.take(reads(60, 92));
  EXPECT_EQ(judge.tell(Millis(60'000)).answer, Answer::Fail);
  EXPECT_EQ(judge.tell(Millis(60'000)).evidence, "order-success is 92, below 95, for 30s");
}

TEST(SourceJudge, AMissingNumberDoesNotEndWhatFailsButALongSilenceDoes) {
  SourceJudge judge(success(Millis(30'000)));
  judge.take(reads(0, 90));
  judge.take(reads(10, std::nullopt));
  judge.take(reads(20, std::nullopt));
  judge.take(reads(30, 90));
  EXPECT_EQ(judge.tell(Millis(30'000)).answer, Answer::Fail);
  SourceJudge silent(success(Millis(30'000)));
  silent.take(reads(0, 90));
  silent.take(reads(100, 90));
  EXPECT_EQ(silent.tell(Millis(100'000)).answer, Answer::NotEnough);
}

TEST(SourceJudge, ComparesWithTheOldRelease) {
  SourceJudge judge(twice());
  judge.take(reads(1, 4, 2));
  EXPECT_EQ(judge.tell(Millis(1'000)).answer, Answer::Pass) << "exactly twice";
  judge.take(reads(11, 5, 2));
  EXPECT_EQ(judge.tell(Millis(11'000)).evidence,
            "carts-lost is 5 against 2 on the old release, above 2x baseline");
  EXPECT_EQ(judge.tell(Millis(11'000)).answer, Answer::Fail);
  judge.take(reads(21, 5, std::nullopt));
  SourceJudge fresh(twice());
  fresh.take(reads(1, 5));
  EXPECT_EQ(fresh.tell(Millis(1'000)).answer, Answer::NotEnough);
}

TEST(SourceJudge, AnOldReleaseWithoutOrdersIsNoMeasureForFewer) {
  SourceJudge fewer({"orders", Side::Below, 0.9, true});
  fewer.take(reads(1, 0, 0));
  EXPECT_EQ(fewer.tell(Millis(1'000)).answer, Answer::NotEnough);
  fewer.take(reads(11, 5, -3));
  EXPECT_EQ(fewer.tell(Millis(11'000)).answer, Answer::NotEnough);
  SourceJudge more(twice());
  more.take(reads(1, 0, 0));
  EXPECT_EQ(more.tell(Millis(1'000)).answer, Answer::Pass);
}

}  // namespace
}  // namespace slipway::verdict

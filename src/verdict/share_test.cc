#include "verdict/share.h"

#include <gtest/gtest.h>

namespace slipway::verdict {
namespace {
constexpr Millis kSettle{1'000};

TEST(Share, IsWhatWasToldWhileTheCountsAgree) {
  Share share(kSettle);
  for (int second = 1; second <= 1000; ++second) {
    share.add(Millis(second * 1'000), 0.1, 100 + second % 3, 900 - second % 3);
    EXPECT_EQ(share.weight(), (Weight{0.1, 0.1}));
  }
}

TEST(Share, HoldsBothWeightsWhileRequestsOfTheOneBeforeFinish) {
  Share share(kSettle);
  share.add(Millis(1'000), 0, 0, 100);
  share.add(Millis(1'100), 0.25, 1, 99);
  EXPECT_EQ(share.weight(), (Weight{0, 0.25}));
  share.add(Millis(2'000), 0.25, 20, 80);
  EXPECT_EQ(share.weight(), (Weight{0, 0.25}));
  share.add(Millis(2'100), 0.25, 25, 75);
  EXPECT_EQ(share.weight(), (Weight{0.25, 0.25}));
  share.add(Millis(2'200), 0.01, 25, 75);
  EXPECT_EQ(share.weight(), (Weight{0.01, 0.25}));
}

TEST(Share, WidensToWhatIsCountedWhenThatIsNoChance) {
  Share share(kSettle);
  share.add(Millis(1'000), 0.1, 140, 1860);
  EXPECT_LT(share.weight().low, 0.07);
  EXPECT_EQ(share.weight().high, 0.1);
  Share more(kSettle);
  more.add(Millis(1'000), 0.1, 300, 1700);
  EXPECT_EQ(more.weight().low, 0.1);
  EXPECT_GT(more.weight().high, 0.15);
}

TEST(Share, DoesNotJudgeTheShareByAFewRequests) {
  Share share(kSettle);
  share.add(Millis(1'000), 0.1, 60, 100);
  EXPECT_EQ(share.weight(), (Weight{0.1, 0.1}));
}

TEST(Share, LeavesNothingAndEverythingAlone) {
  for (const double told : {0.0, 1.0}) {
    Share share(kSettle);
    share.add(Millis(1'000), told, 500, 500);
    EXPECT_EQ(share.weight(), (Weight{told, told}));
  }
}
}  // namespace
}  // namespace slipway::verdict

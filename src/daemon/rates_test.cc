#include "daemon/rates.h"

#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

ports::Counts counts(std::uint64_t requests, std::uint64_t errors, std::uint64_t fast,
                     std::uint64_t slow) {
  ports::Counts out;
  out.requests = requests;
  out.errors = errors;
  out.latency_us = {{10'000, fast}, {500'000, slow}};
  return out;
}

TEST(RateWindow, OneLookTellsNothing) {
  RateWindow window;
  window.add(Millis(0), counts(1000, 5, 900, 100));
  EXPECT_EQ(window.rates().window_s, 0);
}

TEST(RateWindow, TellsRatesOfWhatCameInBetween) {
  RateWindow window;
  window.add(Millis(1000), counts(1000, 500, 1000, 0));
  window.add(Millis(3000), counts(1200, 502, 1190, 10));
  const Rates rates = window.rates();
  EXPECT_DOUBLE_EQ(rates.window_s, 2);
  EXPECT_DOUBLE_EQ(rates.requests_per_s, 100);
  EXPECT_DOUBLE_EQ(rates.error_rate_percent, 1);
  EXPECT_DOUBLE_EQ(rates.p50_ms, 10);
  EXPECT_DOUBLE_EQ(rates.p95_ms, 10);
  EXPECT_DOUBLE_EQ(rates.p99_ms, 500);
}

TEST(RateWindow, ForgetsWhatIsOlderThanTheWindow) {
  RateWindow window;
  for (int second = 0; second <= 60; ++second) {
    window.add(Millis(second * 1000),
               counts(second < 40 ? 0 : 100 * static_cast<std::uint64_t>(second - 39), 0, 0, 0));
  }
  EXPECT_DOUBLE_EQ(window.rates().window_s, 10);
  EXPECT_DOUBLE_EQ(window.rates().requests_per_s, 100);
}

TEST(RateWindow, ARouterThatBeganAnewBeginsTheWindowAnew) {
  RateWindow window;
  window.add(Millis(0), counts(1000, 0, 0, 0));
  window.add(Millis(1000), counts(10, 0, 0, 0));
  EXPECT_EQ(window.rates().window_s, 0);
  window.add(Millis(2000), counts(30, 0, 0, 0));
  EXPECT_DOUBLE_EQ(window.rates().requests_per_s, 20);
}

TEST(RateWindow, NoRequestsIsNoErrorRate) {
  RateWindow window;
  window.add(Millis(0), counts(5, 5, 0, 0));
  window.add(Millis(1000), counts(5, 5, 0, 0));
  EXPECT_EQ(window.rates().error_rate_percent, 0);
  EXPECT_EQ(window.rates().p99_ms, 0);
}

}  // namespace
}  // namespace slipway::daemon

// Whether users suffer.
#include "database/migrations/pulse.h"

#include <gtest/gtest.h>

namespace slipway::database::migrations {
namespace {

constexpr Millis kMost(500);

TEST(Pulse, IsReadFromALine) {
  const auto pulse = pulse_in(R"({"requests":120,"p95_ms":8,"p99_ms":20})");
  ASSERT_TRUE(pulse);
  EXPECT_EQ(pulse->requests, 120u);
  EXPECT_EQ(pulse->p95, Millis(8));
  EXPECT_EQ(pulse->p99, Millis(20));
  for (const char* line : {"", "{}", "[]", "12", R"({"requests":-1})", "{\"requests\""})
    EXPECT_FALSE(pulse_in(line)) << line;
}

TEST(Pulse, AnOldOneSaysNothing) {
  Pulses pulses;
  EXPECT_FALSE(pulses.newest(Millis(0)));
  pulses.hear({1, Millis(2), Millis(3)}, Millis(1'000));
  EXPECT_TRUE(pulses.newest(Millis(4'000)));
  EXPECT_FALSE(pulses.newest(Millis(4'001)));
}

TEST(Pulse, UsersSufferWhenItIsSlowAndWasNotSoBefore) {
  const Pulse calm{100, Millis(10), Millis(20)};
  const Pulse slow{100, Millis(30), Millis(900)};
  EXPECT_EQ(suffering(calm, calm, Part::P99, kMost), "");
  EXPECT_NE(suffering(calm, slow, Part::P99, kMost), "");
  EXPECT_EQ(suffering(calm, slow, Part::P95, kMost), "");
  EXPECT_EQ(suffering(slow, slow, Part::P99, kMost), "");  // the app was as slow before
  EXPECT_NE(suffering(std::nullopt, slow, Part::P99, kMost), "");
  EXPECT_EQ(suffering(calm, {5, Millis(900), Millis(900)}, Part::P99, kMost),
            "the app answered 5 requests, and 100 before");
  EXPECT_EQ(suffering(Pulse{10, {}, {}}, {0, Millis(0), Millis(0)}, Part::P99, kMost), "");
  EXPECT_EQ(suffering(calm, slow, Part::P99, Millis(0)), "");  // nobody wants to know
}

}  // namespace
}  // namespace slipway::database::migrations

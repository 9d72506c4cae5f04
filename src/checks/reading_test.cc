#include "checks/reading.h"

#include <gtest/gtest.h>

namespace slipway::checks {
namespace {

TEST(Moment, IsReadWithItsZoneAndWithoutItNotAtAll) {
  EXPECT_EQ(moment_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(moment_of("2026-11-21T15:50:00Z"), 1'795'276'200'000);
  EXPECT_EQ(moment_of("2026-11-21T16:50:00.123456789+01:00"), 1'795'276'200'000);
  EXPECT_EQ(moment_of("2026-11-21 10:20:00-0530"), 1'795'276'200'000);
  EXPECT_EQ(moment_of("2024-02-29T00:00:00Z"), 1'709'164'800'000);
  for (const auto* text : {"", "2026-11-21", "2026-11-21T15:50:00", "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
                           "2026-11-21T15:50:00+99:00", "2026-11-21T15:50:00Zx", "-026-11-21T0"})
    EXPECT_FALSE(moment_of(text)) << text;
}

TEST(Version, IsFoundInNamesOfImagesAndTags) {
  EXPECT_TRUE(is_about("v1.5.0", "v1.5.0"));
  EXPECT_TRUE(is_about("registry.example:5000/shop:v1.5.0@sha256:12", "v1.5.0"));
  EXPECT_TRUE(is_about("refs/tags/v1.5.0", "1.5.0"));
  EXPECT_FALSE(is_about("shop:v1.5.01", "v1.5.0"));
  EXPECT_FALSE(is_about("shop:v1.4.0", "v1.5.0"));
  EXPECT_FALSE(is_about("", "v1.5.0"));
}

TEST(Shown, IsOneLineOfBoundedLength) {
  EXPECT_EQ(shown("a\nb\x1b[31mc"), "a b [31mc");
  EXPECT_EQ(shown(std::string(200, 'x'), 10), "xxxxxxxxxx…");
}

}  // namespace
}  // namespace slipway::checks

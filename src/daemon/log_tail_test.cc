#include "daemon/log_tail.h"

#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {
using Lines = std::vector<std::string>;

TEST(NewLines, AreThoseBehindWhatWasSeen) {
  EXPECT_EQ(new_lines({"a", "b"}, {"a", "b", "c", "d"}), (Lines{"c", "d"}));
  EXPECT_EQ(new_lines({}, {"a"}), (Lines{"a"}));
  EXPECT_EQ(new_lines({"a"}, {"a"}), (Lines{}));
}

TEST(NewLines, AreFoundWhenTheFrontHasScrolledAway) {
  EXPECT_EQ(new_lines({"a", "b", "c"}, {"b", "c", "d"}), (Lines{"d"}));
  EXPECT_EQ(new_lines({"a", "b"}, {"x", "y"}), (Lines{"x", "y"}));
}

TEST(NewLines, TheSameTextTwiceIsToldTwice) {
  EXPECT_EQ(new_lines({"a", "x"}, {"a", "x", "x"}), (Lines{"x"}));
  EXPECT_EQ(new_lines({"a"}, {"a", "b", "a"}), (Lines{"b", "a"}));
}

}  // namespace
}  // namespace slipway::daemon

#include "cli/parse.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {
Result<Given> parsed(std::string_view verb, const std::vector<std::string>& words) {
  return parse(*find_verb(verb), words);
}

TEST(Parse, TheLastArgumentMayTakeAllThatIsLeft) {
  const auto given = parsed("edge split", {"blog", "a=80", "b=20"});
  ASSERT_TRUE(given) << given.error().sentence();
  EXPECT_EQ(given->text("NAME"), "blog");
  EXPECT_EQ(given->all("RELEASE=PERCENT"), (std::vector<std::string>{"a=80", "b=20"}));
  EXPECT_FALSE(parsed("edge split", {"blog"}));
}

TEST(Parse, TakesArgumentsOptionsAndFlagsInAnyOrder) {
  const auto given = parsed("deploy", {"--supersede", "production", "-f", "a.yaml", "v1.2.0"});
  ASSERT_TRUE(given) << given.error().what;
  EXPECT_EQ(given->text("ENV"), "production");
  EXPECT_EQ(given->text("VERSION"), "v1.2.0");
  EXPECT_EQ(given->text("--file"), "a.yaml");
  EXPECT_TRUE(given->has("--supersede"));
  EXPECT_FALSE(given->has("--yes"));
}

TEST(Parse, LeavesOutTheOptionalArgumentWhenThereIsOneWord) {
  const auto given = parsed("deploy", {"v1.2.0"});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->text("ENV"), "");
  EXPECT_EQ(given->text("VERSION"), "v1.2.0");
}

TEST(Parse, UsesTheDefaultOfTheTable) {
  const auto given = parsed("deploy", {"v1"});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->text("--until"), "done");
  EXPECT_FALSE(given->has("--until"));
}

TEST(Parse, RefusesTooFewAndTooManyWords) {
  const auto few = parsed("deploy", {});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, Code::Usage);
  EXPECT_EQ(few.error().what, "slipway deploy needs [ENV] VERSION");
  const auto many = parsed("deploy", {"a", "b", "c"});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().what, "slipway deploy does not take \"c\"");
}

TEST(Parse, SuggestsTheNearestOption) {
  const auto given = parsed("deploy", {"v1", "--supersde"});
  ASSERT_FALSE(given);
  EXPECT_NE(given.error().next.find("did you mean --supersede?"), std::string::npos);
}

TEST(Parse, RefusesAValueThatIsNoChoice) {
  const auto given = parsed("deploy", {"v1", "--until", "lunch"});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().what, "--until lunch is not one of promoted, done");
  EXPECT_FALSE(parsed("completion", {"tcsh"}));
}

TEST(Parse, RefusesAnOptionWithoutItsValueAndOneGivenTwice) {
  EXPECT_FALSE(parsed("deploy", {"v1", "--until"}));
  const auto twice = parsed("deploy", {"v1", "--until", "done", "--until", "promoted"});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().what, "--until is given more than once");
}

TEST(Parse, KeepsEveryValueOfAnOptionThatMayRepeat) {
  const auto given =
      parsed("edge deploy", {"blog", "--target", "a:1", "--target", "b:2", "--host=x.example"});
  ASSERT_TRUE(given) << given.error().what;
  EXPECT_EQ(given->all("--target"), (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(given->text("NAME"), "blog");
  EXPECT_EQ(given->all("--host"), (std::vector<std::string>{"x.example"}));
}

TEST(Parse, ReadsNumbersAndDurationsWithinTheirBounds) {
  const auto given = parsed("logs", {"-n", "12x"});
  ASSERT_TRUE(given);
  EXPECT_FALSE(given->number("--lines", 1, 100));
  EXPECT_EQ(*parsed("logs", {"-n", "12"})->number("--lines", 1, 100), 12);
  EXPECT_FALSE(parsed("logs", {"-n", "101"})->number("--lines", 1, 100));
  EXPECT_EQ(*parsed("edge stop", {"x"})->duration("--drain-timeout"), Millis(30'000));
  EXPECT_FALSE(parsed("edge stop", {"x", "--drain-timeout", "soon"})->duration("--drain-timeout"));
}

TEST(Parse, AsksForNothingWhenHelpIsWanted) {
  const auto given = parsed("deploy", {"--help"});
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->has("--help"));
}

TEST(Parse, AnOwnLetterHidesTheGlobalOne) {
  const auto given = parsed("logs", {"-f", "web"});
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->has("--follow"));
  EXPECT_FALSE(given->has("--file"));
  EXPECT_EQ(given->text("SERVICE"), "web");
}

}  // namespace
}  // namespace slipway::cli

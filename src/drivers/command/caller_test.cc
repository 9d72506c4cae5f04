// What an absent, broken or late answer means: the last table of docs/formats/command-driver.md.
#include "drivers/command/caller.h"

#include <gtest/gtest.h>

#include "drivers/command/drivers.h"
#include "drivers/command/wire.h"
#include "io/signals.h"

namespace slipway::drivers::command {
namespace {
using Kind = ports::Outcome::Kind;

// As main() does: a script that ends without reading its request must not end us.
const bool kPipesAreSafe = (io::ignore_sigpipe(), true);

Caller script(const std::string& command, Millis timeout = Millis(5000)) {
  return Caller({command, "/tmp", {"PATH=/usr/bin:/bin"}, timeout});
}

TEST(CommandCaller, HandsTheRequestToTheCommandAndReadsItsAnswer) {
  const auto answer = script("read line; printf '{\"said\":%s}' \"$line\"").ask(request("observe"));
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_EQ(answer->at("said").text("call"), "observe");
}

TEST(CommandCaller, RunsInTheFolderOfTheConfiguration) {
  const auto answer = script("printf '{\"dir\":\"%s\"}' \"$PWD\"").ask(request("observe"));
  EXPECT_EQ(answer->text("dir"), "/tmp");
}

TEST(CommandCaller, BelievesTheAnswerWhateverTheExitStatus) {
  EXPECT_EQ(script("echo '{\"outcome\":\"applied\"}'; exit 3").tell(request("ensure")).kind,
            Kind::Applied);
}

TEST(CommandCaller, ACommandThatDoesNotReadItsInputIsNoProblem) {
  EXPECT_EQ(script("exec <&-; echo '{\"outcome\":\"applied\"}'")
                .tell(request("ensure").set("big", std::string(300'000, 'x')))
                .kind,
            Kind::Applied);
}

TEST(CommandCaller, WithoutJsonAWriteIsUnknownWithTheLastLinesOfStandardError) {
  const auto outcome =
      script("echo first >&2; echo 'no such cluster' >&2; exit 4").tell(request("ensure"));
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::CommandFailed);
  EXPECT_NE(outcome.why.what.find("no such cluster"), std::string::npos) << outcome.why.what;
  EXPECT_NE(outcome.why.what.find("4"), std::string::npos);
  EXPECT_NE(outcome.why.what.find("ensure"), std::string::npos);
  EXPECT_FALSE(outcome.why.next.empty());
}

TEST(CommandCaller, TextOrAnArrayInsteadOfAnObjectIsNoAnswer) {
  for (const char* command : {"echo done", "echo '[1]'", "true", "echo '{\"outcome\":'"}) {
    EXPECT_EQ(script(command).tell(request("ensure")).kind, Kind::Unknown) << command;
    EXPECT_EQ(script(command).ask(request("observe")).error().code, Code::CommandFailed) << command;
  }
}

TEST(CommandCaller, ACommandThatIsNotThereHasChangedNothing) {
  const auto outcome = script("/nonexistent/driver --now").tell(request("ensure"));
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::CommandNotFound);
  EXPECT_NE(outcome.why.what.find("/nonexistent/driver"), std::string::npos);
}

TEST(CommandCaller, ALateCommandIsKilledAndUnknown) {
  const auto outcome = script("tail -f /dev/null; echo '{\"outcome\":\"applied\"}'", Millis(100))
                           .tell(request("ensure"));
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::Timeout);
}

TEST(CommandCaller, TooMuchOutputIsUnknown) {
  const auto outcome = script("head -c 5000000 /dev/zero").tell(request("ensure"));
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::TooLarge);
}

TEST(CommandCaller, AnErrorToAQuestionKeepsItsCodeAndNextStep) {
  const auto answer =
      script(
          R"(echo '{"error":{"code":"SecretUnavailable","what":"vault is sealed","next":"unseal"}}')")
          .ask(request("observe"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::SecretUnavailable);
  EXPECT_NE(answer.error().what.find("vault is sealed"), std::string::npos);
  EXPECT_EQ(answer.error().next, "unseal");
}

TEST(CommandDrivers, ACommandThatDoesNotWorkIsAnErrorWhenTheDriverIsMade) {
  const Settings broken{
      "echo 'bad token' >&2; exit 1", "/tmp", {"PATH=/usr/bin:/bin"}, Millis(5000)};
  const auto platform = make_platform(broken);
  ASSERT_FALSE(platform);
  EXPECT_NE(platform.error().what.find("bad token"), std::string::npos);
  EXPECT_FALSE(make_router(broken));
}

TEST(CommandDrivers, APreflightThatFailsBlocks) {
  const std::string command =
      R"(read line; case "$line" in *capabilities*) echo '{"side_by_side":true}';; *) exit 1;; esac)";
  const auto platform = make_platform({command, "/tmp", {"PATH=/usr/bin:/bin"}, Millis(5000)});
  ASSERT_TRUE(platform);
  const auto findings = (*platform)->preflight(plan::Plan());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].weight, ports::Finding::Weight::Blocks);
}
}  // namespace
}  // namespace slipway::drivers::command

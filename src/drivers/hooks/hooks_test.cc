#include "drivers/hooks/hooks.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>

namespace slipway::drivers::hooks {
namespace {

using Answer = ports::HookView::Answer;

io::CommandRun ended(int code, const std::string& out = "", const std::string& err = "") {
  io::CommandRun run;
  run.exit.code = code;
  run.out = out;
  run.err = err;
  return run;
}

TEST(HookAnswer, IsTheExitStatus) {
  EXPECT_EQ(answer_of(ended(0), Millis(1)).answer, Answer::Done);
  EXPECT_EQ(answer_of(ended(75), Millis(1)).answer, Answer::InProgress);
  EXPECT_EQ(answer_of(ended(75), Millis(1)).again_after, Millis(10'000));
  EXPECT_EQ(answer_of(ended(1, "", "no disk\n"), Millis(1)).answer, Answer::Failed);
  EXPECT_EQ(answer_of(ended(1, "", "no disk\n"), Millis(1)).why, "exit status 1: no disk");
  io::CommandRun killed;
  killed.exit.signal = 9;
  EXPECT_EQ(answer_of(killed, Millis(1)).answer, Answer::Failed);
  killed.timed_out = true;
  EXPECT_EQ(answer_of(killed, Millis(2'000)).why, "killed after 2s");
}

TEST(HookAnswer, SaysWhenToAskAgainWithinBounds) {
  const auto after = [](const std::string& out) {
    return answer_of(ended(75, out), Millis(1)).again_after;
  };
  EXPECT_EQ(after("half way\nagain in 30s\n"), Millis(30'000));
  EXPECT_EQ(after("again in 1ms"), Millis(1'000));
  EXPECT_EQ(after("again in 5d"), Millis(600'000));
  EXPECT_EQ(after("again in a while"), Millis(10'000));
  EXPECT_EQ(after("again in 30s\nmore words"), Millis(10'000)) << "the last line counts";
  EXPECT_EQ(answer_of(ended(75, "half way\nagain in 30s\n"), Millis(1)).why, "half way");
}

ports::HookView eventually(ports::Hooks& hooks, const std::string& key) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto view = hooks.take(key)) return *view;
    ::poll(nullptr, 0, 1);
  }
  return {Answer::Failed, "no answer came"};
}

ports::HookCall call_of(const std::string& run, Millis timeout = Millis(5'000)) {
  return {{"before_shift", run, timeout, Millis(10'000)},
          {{"SLIPWAY_STAGE", "before_shift"}, {"SLIPWAY_PERCENT", "25"}},
          "/tmp"};
}

TEST(HookCommands, SeeTheirVariablesAndFolder) {
  const auto hooks = make_hooks();
  hooks->begin("a", call_of("test \"$SLIPWAY_STAGE $SLIPWAY_PERCENT $PWD\" = "
                            "'before_shift 25 /tmp' && echo fine"));
  const auto view = eventually(*hooks, "a");
  EXPECT_EQ(view.answer, Answer::Done) << view.why;
  EXPECT_EQ(view.why, "fine");
  EXPECT_FALSE(hooks->take("a")) << "told once";
}

TEST(HookCommands, AreNotWaitedForAndKilledInTime) {
  const auto hooks = make_hooks();
  hooks->begin("a", call_of("tail -f /dev/null", Millis(300)));
  hooks->begin("a", call_of("echo second"));
  EXPECT_FALSE(hooks->take("a"));
  const auto view = eventually(*hooks, "a");
  EXPECT_EQ(view.answer, Answer::Failed);
  EXPECT_EQ(view.why, "killed after 300ms") << "the second was not begun beside the first";
  hooks->begin("a", call_of("exit 75"));
  EXPECT_EQ(eventually(*hooks, "a").answer, Answer::InProgress);
}

}  // namespace
}  // namespace slipway::drivers::hooks

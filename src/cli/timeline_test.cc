// The timeline from recorded events: what a pipe and a terminal are told.
#include "cli/timeline.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace slipway::cli {
namespace {
constexpr std::int64_t kStart = 1'763'721'000'000;  // 10:30:00

Json plan_step(const char* id, const char* kind, const char* text, const char* undo) {
  return Json::object().set("id", id).set("kind", kind).set("text", text).set("undo_text", undo);
}

Json release() {
  Json steps = Json::array();
  steps.push_back(plan_step("preflight", "preflight", "look whether everything is there", ""));
  steps.push_back(plan_step("start-web", "start", "start 2 instances of web v2", "stop them"));
  steps.push_back(plan_step("shift-100", "shift", "all traffic to v2", "all traffic to v1"));
  steps.push_back(plan_step("promote", "promote", "v2 is the live release", "v1 is again"));
  steps.push_back(plan_step("notify", "notify", "tell that it is done", ""));
  const Json row = Json::object()
                       .set("id", "r-0002")
                       .set("app", "shop")
                       .set("environment", "production")
                       .set("version", "v2")
                       .set("by", "kim")
                       .set("created_ms", kStart);
  const Json plan = Json::object()
                        .set("kind", "deploy")
                        .set("strategy", "blue-green")
                        .set("old", Json::object().set("version", "v1"))
                        .set("steps", steps);
  return Json::object().set("release", row).set("plan", plan);
}

Json record(int after_ms, const char* event, const char* phase, int step, const char* detail = "") {
  return Json::object()
      .set("at_ms", kStart + after_ms)
      .set("event", event)
      .set("detail", detail)
      .set("percent", step >= 3 ? 100 : 0)
      .set("state", Json::object().set("phase", phase).set("step", step).set("reason", ""));
}

Json ended(int after_ms, const char* outcome, int exit_code, const char* reason = "") {
  return Json::object()
      .set("outcome", outcome)
      .set("reason", reason)
      .set("exit_code", exit_code)
      .set("at_ms", kStart + after_ms);
}

std::string told(Timeline& timeline, const std::vector<Json>& records) {
  std::string out;
  for (const auto& one : records) {
    const std::string line = timeline.take_record(one);
    if (!line.empty()) out += line + "\n";
  }
  return out;
}

const std::vector<Json> kGood{
    record(10, "begin", "settling", 0),
    record(12, "settled", "acting", 1),
    record(20, "applied", "settling", 1),
    record(1532, "settled", "acting", 2, "2 instances ready"),
    record(1540, "applied", "settling", 2),
    record(1560, "settled", "acting", 3),
    record(1570, "applied", "settling", 3),
    record(1580, "settled", "acting", 4),
    record(1590, "applied", "settling", 4),
    record(1600, "settled", "completed", 4),
};

TEST(Timeline, TellsAGoodReleaseInAPipe) {
  Timeline timeline(release());
  const std::string text = told(timeline, kGood) + timeline.take_end(ended(1610, "completed", 0));
  EXPECT_EQ(
      text,
      "10:30:00  r-0002 begins: shop production: v1 -> v2 (blue-green), 5 steps\n"
      "10:30:00   1/5  preflight  done    look whether everything is there (2ms)\n"
      "10:30:01   2/5  start-web  done    start 2 instances of web v2 (1.5s): 2 instances ready\n"
      "10:30:01   3/5  shift-100  done    all traffic to v2 (28ms)\n"
      "10:30:01   4/5  promote    done    v2 is the live release (20ms)\n"
      "10:30:01   5/5  notify     done    tell that it is done (20ms)\n"
      "10:30:01  r-0002 completed: v2 is live in production (took 1.6s)");
  EXPECT_TRUE(timeline.has_ended());
  EXPECT_EQ(timeline.exit_code(), 0);
}

TEST(Timeline, KnowsWhenTheNewReleaseIsPromoted) {
  Timeline timeline(release());
  for (std::size_t i = 0; i < 7; ++i) told(timeline, {kGood[i]});
  EXPECT_FALSE(timeline.is_promoted());
  told(timeline, {kGood[7]});
  EXPECT_TRUE(timeline.is_promoted());
}

TEST(Timeline, TellsWhyAReleaseIsTakenBackAndWhatWasUndone) {
  Timeline timeline(release());
  const std::string text =
      told(timeline,
           {record(10, "begin", "settling", 0), record(12, "settled", "acting", 1),
            record(20, "applied", "settling", 1), record(900, "settled", "acting", 2),
            record(910, "applied", "settling", 2),
            record(2000, "bad", "back-settling", 2, "error rate 6.1% > 5%"),
            record(2010, "absent", "back-acting", 2), record(2050, "settled", "back-settling", 1),
            record(2300, "settled", "rolled-back", 1)}) +
      timeline.take_end(ended(2310, "rolled_back", 4, "shift-100: error rate 6.1% > 5%"));
  EXPECT_EQ(text,
            "10:30:00  r-0002 begins: shop production: v1 -> v2 (blue-green), 5 steps\n"
            "10:30:00   1/5  preflight  done    look whether everything is there (2ms)\n"
            "10:30:00   2/5  start-web  done    start 2 instances of web v2 (888ms)\n"
            "10:30:02   3/5  shift-100  failed  all traffic to v2: error rate 6.1% > 5%\n"
            "10:30:02   3/5  shift-100  undo    all traffic to v1\n"
            "10:30:02   3/5  shift-100  undone  all traffic to v1\n"
            "10:30:02   2/5  start-web  undone  stop them\n"
            "10:30:02  r-0002 rolled back, v1 has the traffic in production: shift-100: error rate "
            "6.1% > 5%");
  EXPECT_EQ(timeline.exit_code(), 4);
  EXPECT_FALSE(timeline.is_promoted());
}

TEST(Timeline, SaysWhoAborted) {
  Timeline timeline(release());
  told(timeline, {record(10, "begin", "settling", 0), record(12, "settled", "acting", 1)});
  EXPECT_EQ(timeline.take_record(record(500, "abort", "back-settling", 1, "kim: wrong version")),
            "10:30:00   2/5  start-web  aborted start 2 instances of web v2: kim: wrong version");
  EXPECT_EQ(timeline.take_end(ended(600, "aborted", 5, "wrong version")),
            "10:30:00  r-0002 aborted, v1 has the traffic in production: wrong version");
  EXPECT_EQ(timeline.exit_code(), 5);
}

TEST(Timeline, TellsAHoldOnceAndNotTwiceTheSame) {
  Timeline timeline(release());
  told(timeline, {record(10, "begin", "settling", 0), record(12, "settled", "acting", 1)});
  Json held = record(20, "inconclusive", "held", 1, "not enough data");
  held.set("state",
           Json::object().set("phase", "held").set("step", 1).set("reason", "not enough data"));
  EXPECT_EQ(timeline.take_record(held), "10:30:00   2/5  start-web  held    not enough data");
}

TEST(Timeline, TellsAQuarantine) {
  Timeline timeline(release());
  told(timeline, {record(10, "begin", "settling", 0), record(12, "settled", "acting", 1)});
  EXPECT_EQ(
      timeline.take_record(record(20, "narrow", "acting", 1, "in quarantine: 9 of 14 failed")),
      "10:30:00   2/5  start-web  narrow  start 2 instances of web v2: in quarantine: 9 of 14 "
      "failed");
}

TEST(Timeline, AStepThatFailedWithoutTakingBackIsNoted) {
  Timeline timeline(release());
  told(timeline, {kGood.begin(), kGood.end() - 1});
  EXPECT_EQ(timeline.take_record(record(1700, "bad", "completed", 4, "no answer")),
            "10:30:01   5/5  notify     noted   tell that it is done (120ms): no answer");
}

TEST(Timeline, StepsThatAPromotionLeavesOutAreSkipped) {
  Timeline timeline(release());
  told(timeline, {record(10, "begin", "settling", 0), record(12, "promote", "acting", 3)});
  const std::string screen = timeline.screen(kStart + 12, 80, 40, false);
  EXPECT_NE(screen.find("- start 2 instances of web v2"), std::string::npos) << screen;
}

TEST(Timeline, TellsAPipeOfProgressOnlyNowAndThen) {
  Timeline timeline(release());
  told(timeline, {record(10, "begin", "settling", 0), record(12, "settled", "acting", 1)});
  const auto progress = [](int after_ms, const char* text) {
    return Json::object().set("text", text).set("at_ms", kStart + after_ms);
  };
  EXPECT_EQ(timeline.take_progress(progress(100, "0 of 2 ready")),
            "10:30:00   2/5  start-web  ...     0 of 2 ready");
  EXPECT_EQ(timeline.take_progress(progress(400, "1 of 2 ready")), "");
  EXPECT_EQ(timeline.take_progress(progress(10'200, "1 of 2 ready")),
            "10:30:10   2/5  start-web  ...     1 of 2 ready");
}

TEST(Screen, ShowsEveryStepWithItsMarkAndTheBar) {
  Timeline timeline(release());
  told(timeline, {kGood.begin(), kGood.begin() + 3});
  timeline.take_progress(Json::object().set("text", "1 of 2 ready").set("at_ms", kStart + 900));
  timeline.take_estimate(3'000, kStart + 1'000);
  EXPECT_EQ(timeline.screen(kStart + 1'000, 100, 40, false),
            "shop production: v1 -> v2 (blue-green)  r-0002 by kim\n"
            "  ✓ look whether everything is there  2ms\n"
            "  ▸ start 2 instances of web v2  988ms  1 of 2 ready\n"
            "  · all traffic to v2\n"
            "  · v2 is the live release\n"
            "  · tell that it is done\n"
            "  ████████░░░░░░░░░░░░░░░░░░░░░░░░░  25%  v2 has 0% of the traffic  3.0s left\n");
}

TEST(Screen, EndsWithTheOutcome) {
  Timeline timeline(release());
  told(timeline, kGood);
  timeline.take_end(ended(1610, "completed", 0));
  const std::string screen = timeline.screen(kStart + 9'000, 100, 40, false);
  EXPECT_TRUE(screen.ends_with("  r-0002 completed: v2 is live in production (took 1.6s)\n"))
      << screen;
  EXPECT_EQ(screen.find("·"), std::string::npos) << screen;
}

TEST(Screen, FitsIntoANarrowAndLowTerminal) {
  Timeline timeline(release());
  told(timeline, {kGood.begin(), kGood.begin() + 5});
  const std::string screen = timeline.screen(kStart + 2'000, 24, 7, true);
  const auto lines = split(screen, '\n');
  EXPECT_LE(lines.size(), 8u) << screen;
  EXPECT_NE(screen.find("all traffic to v2"), std::string::npos) << screen;
  for (const auto line : lines) {
    int columns = 0;
    bool in_escape = false;
    for (const char c : line) {
      if (c == '\x1b') in_escape = true;
      if (!in_escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80) ++columns;
      if (c == 'm') in_escape = false;
    }
    EXPECT_LE(columns, 24) << line;
  }
}

TEST(Took, IsShortAndExactEnough) {
  EXPECT_EQ(took_text(340), "340ms");
  EXPECT_EQ(took_text(4'230), "4.2s");
  EXPECT_EQ(took_text(125'000), "2m05s");
  EXPECT_EQ(took_text(3'720'000), "1h02m");
}

}  // namespace
}  // namespace slipway::cli

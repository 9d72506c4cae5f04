// What a journal tells a stranger.
#include "daemon/story.h"

#include <gtest/gtest.h>

#include "release/machine.h"

namespace slipway::daemon {
namespace {
using release::Phase;

plan::Step step(const char* id, plan::StepKind kind, const char* text, const char* undo = "") {
  plan::Step out;
  out.id = id;
  out.kind = kind;
  out.text = text;
  out.undo_text = undo;
  if (kind == plan::StepKind::Gate) out.gate = std::string(id).substr(5);
  return out;
}

plan::Plan canary() {
  plan::Plan out;
  out.version = "v2";
  out.steps = {step("gate-approvals", plan::StepKind::Gate, "wait for 1 approval"),
               step("shift-10", plan::StepKind::Shift, "10% of the traffic to v2", "all to v1"),
               step("judge-10", plan::StepKind::Judge, "judge v2 for 5m"),
               step("shift-100", plan::StepKind::Shift, "all traffic to v2", "all to v1")};
  return out;
}

ports::Record record(std::int64_t at_ms, const char* event, const char* step, Phase phase,
                     int index, const char* detail = "") {
  release::State state;
  state.phase = phase;
  state.step = index;
  state.reason = phase == Phase::Held ? detail : "";
  ports::Record out;
  out.at_ms = at_ms;
  out.event = event;
  out.step = step;
  out.detail = detail;
  out.state = release::encode(state);
  return out;
}

std::string told(const Json& story) {
  std::string out;
  for (const auto& one : story.items()) {
    out += std::to_string(one.integer("at_ms")) + " " + one.text("what") + " " + one.text("step") +
           " " + one.text("result") + " " + std::to_string(one.integer("took_ms")) + " " +
           one.text("why") + "\n";
  }
  return out;
}

const std::vector<ports::Record> kTakenBack{
    record(10, "begin", "", Phase::Settling, 0),
    record(50, "settled", "gate-approvals", Phase::Acting, 1, "approved by lee (qa)"),
    record(51, "applied", "shift-10", Phase::Settling, 1),
    record(60, "settled", "shift-10", Phase::Settling, 2),
    record(70, "pause", "judge-10", Phase::Settling, 2, "kim: lunch"),
    record(90, "bad", "judge-10", Phase::BackSettling, 1, "error_rate 9% of 1,000 requests"),
    record(91, "absent", "undo-shift-10", Phase::BackActing, 1),
    record(95, "settled", "undo-shift-10", Phase::RolledBack, 1)};

TEST(Story, TellsWhatHappenedInOrderWithTimesAndReasons) {
  EXPECT_EQ(told(story_document(canary(), kTakenBack)),
            "10 step gate-approvals done 40 approved by lee (qa)\n"
            "50 step shift-10 done 10 \n"
            "60 step judge-10 failed 30 error_rate 9% of 1,000 requests\n"
            "70 word judge-10 pause -1 kim: lunch\n"
            "90 undo shift-10 undone 5 \n");
}

TEST(Story, TellsAHoldAndWhoEndedItAndWhatIsUnderWay) {
  const std::vector<ports::Record> records{
      record(10, "begin", "", Phase::Settling, 2),
      record(20, "inconclusive", "judge-10", Phase::Held, 2, "not enough data: 3 requests"),
      record(25, "recovered", "judge-10", Phase::Held, 2),
      record(40, "promote", "judge-10", Phase::Acting, 3, "kim: looks good")};
  EXPECT_EQ(told(story_document(canary(), records)),
            "10 step judge-10 promoted by hand 30 kim: looks good\n"
            "20 hold judge-10 held -1 not enough data: 3 requests\n"
            "25 daemon judge-10 taken up again -1 \n"
            "40 word judge-10 promote -1 kim: looks good\n"
            "40 step shift-100 under way -1 \n");
}

TEST(Story, SaysWhoDecidedEachGateAndWhatWasLeftOut) {
  auto plan = canary();
  plan.steps.insert(plan.steps.begin(), step("gate-window", plan::StepKind::Gate, "the window"));
  plan.skipped = {{"freeze", "override", "ada", "payments fail"}};
  plan::Approval approval;
  approval.by = "lee";
  approval.role = "qa";
  auto records = kTakenBack;
  records[1].step = "gate-approvals";
  const auto gates = decided_gates(plan, records, {approval});
  ASSERT_EQ(gates.size(), 2U);
  EXPECT_EQ(gates.items()[0].text("result"), "not reached");
  EXPECT_EQ(gates.items()[0].at("skipped").items()[0].text("by"), "ada");
  EXPECT_EQ(gates.items()[0].at("approvals").size(), 0U);
  EXPECT_EQ(gates.items()[1].text("result"), "open");
  EXPECT_EQ(gates.items()[1].text("why"), "approved by lee (qa)");
  EXPECT_EQ(gates.items()[1].at("approvals").items()[0].text("by"), "lee");
}

TEST(Story, ShowsEveryWordOfTheJudgeWithItsNumbersAlsoThoseItDoesNotKnow) {
  auto records = kTakenBack;
  records.push_back(record(96, "verdict", "shift-10", Phase::Held, 1, "e=12.5 of 6.9"));
  const auto verdicts = judgements_document(canary(), records);
  ASSERT_EQ(verdicts.size(), 2U) << verdicts.dump();
  EXPECT_EQ(verdicts.items()[0].text("answer"), "fail");
  EXPECT_EQ(verdicts.items()[0].text("evidence"), "error_rate 9% of 1,000 requests");
  EXPECT_EQ(verdicts.items()[1].text("answer"), "verdict");
}

}  // namespace
}  // namespace slipway::daemon

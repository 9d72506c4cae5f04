#include "daemon/timings.h"

#include <gtest/gtest.h>

#include "daemon/documents.h"

namespace slipway::daemon {
namespace {

plan::Plan small_plan() {
  plan::Plan plan;
  plan.steps.resize(3);
  plan.steps[0].id = "start-web";
  plan.steps[0].kind = plan::StepKind::Start;
  plan.steps[0].text = "start it";
  plan.steps[0].undo_text = "stop it";
  plan.steps[1].id = "shift-10";
  plan.steps[1].kind = plan::StepKind::Shift;
  plan.steps[1].percent = 10;
  plan.steps[2].id = "judge-10";
  plan.steps[2].kind = plan::StepKind::Judge;
  plan.steps[2].duration = Millis(5000);
  return plan;
}

release::State at(int step, release::Phase phase, std::int64_t since_ms = 0) {
  release::State state;
  state.step = step;
  state.phase = phase;
  state.since_ms = since_ms;
  return state;
}

ports::Record record(std::int64_t at_ms, const release::State& state, std::string step = {}) {
  ports::Record out;
  out.seq = 1;
  out.at_ms = at_ms;
  out.step = std::move(step);
  out.state = encode(state);
  return out;
}

TEST(Timings, AreReadFromTheJournal) {
  const auto plan = small_plan();
  const auto timings = timings_of(
      {record(1000, at(0, release::Phase::Acting)), record(1010, at(0, release::Phase::Settling)),
       record(1700, at(1, release::Phase::Acting)), record(1705, at(2, release::Phase::Settling)),
       record(6705, at(2, release::Phase::Completed))},
      plan);
  EXPECT_EQ(timings, (Timings{{"start-web", 700}, {"shift-10", 5}, {"judge-10", 5000}}));
}

TEST(TimeLeft, IsNotKnownBeforeTheFirstRelease) {
  const auto left = time_left(small_plan(), at(0, release::Phase::Settling, 1000), {}, 1500);
  EXPECT_EQ(left.step_ms, -1);
  EXPECT_EQ(left.whole_ms, -1);
}

TEST(TimeLeft, AddsWhatEachStepTookBeforeAndTheJudgePeriods) {
  const Timings timings{{"start-web", 700}, {"shift-10", 5}, {"judge-10", 1}};
  const auto left = time_left(small_plan(), at(0, release::Phase::Settling, 1000), timings, 1500);
  EXPECT_EQ(left.step_ms, 200);
  EXPECT_EQ(left.whole_ms, 5205);
}

TEST(TimeLeft, LeavesOutJudgePeriodsAfterAFullPromote) {
  auto state = at(0, release::Phase::Settling, 1000);
  state.full = true;
  EXPECT_EQ(time_left(small_plan(), state, {{"start-web", 700}, {"shift-10", 5}}, 1000).whole_ms,
            705);
}

TEST(TimeLeft, IsNotKnownWhileItIsTakenBackOrHeld) {
  const Timings timings{{"start-web", 700}, {"shift-10", 5}};
  EXPECT_EQ(time_left(small_plan(), at(1, release::Phase::BackSettling), timings, 0).whole_ms, -1);
  EXPECT_EQ(time_left(small_plan(), at(1, release::Phase::Held), timings, 0).whole_ms, -1);
}

TEST(RecordDocument, NamesTheStepInWordsAndTheShare) {
  const auto plan = small_plan();
  const auto going = record_document(record(1, at(2, release::Phase::Settling), "shift-10"), plan);
  EXPECT_EQ(going.integer("index"), 2);
  EXPECT_EQ(going.integer("of"), 3);
  EXPECT_EQ(going.number("percent"), 10);
  const auto back =
      record_document(record(1, at(0, release::Phase::BackActing), "undo-start-web"), plan);
  EXPECT_EQ(back.integer("index"), 1);
  EXPECT_EQ(back.text("text"), "stop it");
  EXPECT_TRUE(back.at("state").flag("taking_back"));
}

TEST(PercentNew, FollowsTheShiftsThatAreDone) {
  const auto plan = small_plan();
  EXPECT_EQ(percent_new(plan, at(1, release::Phase::Settling)), 0);
  EXPECT_EQ(percent_new(plan, at(2, release::Phase::Settling)), 10);
  EXPECT_EQ(percent_new(plan, at(2, release::Phase::Completed)), 100);
  EXPECT_EQ(percent_new(plan, at(2, release::Phase::RolledBack)), 0);
}

TEST(ErrorDocument, CarriesCodeNumberAndExitCode) {
  const auto document =
      error_document(Error(Code::LeaseHeld, "held", "wait"), Json::object().set("owner", "r-1"));
  const Json& error = document.at("error");
  EXPECT_EQ(error.text("code"), "LeaseHeld");
  EXPECT_EQ(error.integer("number"), 109);
  EXPECT_EQ(error.integer("exit_code"), 3);
  EXPECT_EQ(error.text("owner"), "r-1");
  EXPECT_EQ(http_status(Code::LeaseHeld), 409);
  EXPECT_EQ(http_status(Code::Internal), 500);
}

}  // namespace
}  // namespace slipway::daemon

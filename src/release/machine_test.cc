#include "release/machine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "release/table.h"

namespace slipway::release {
namespace {

using plan::Step;
using plan::StepKind;

Step make_step(const std::string& id, StepKind kind, bool undoable) {
  Step step;
  step.id = id;
  step.kind = kind;
  step.undoable = undoable;
  return step;
}

// start, probe, shift-10, judge-10, shift-100, promote, watch, drain (cleans up)
plan::Plan canary_plan() {
  plan::Plan plan;
  plan.strategy = config::Strategy::Canary;
  plan.steps = {make_step("start-web", StepKind::Start, true),
                make_step("probe-web", StepKind::Probe, false),
                make_step("shift-10", StepKind::Shift, true),
                make_step("judge-10", StepKind::Judge, false),
                make_step("shift-100", StepKind::Shift, true),
                make_step("promote", StepKind::Promote, true),
                make_step("watch", StepKind::Watch, false),
                make_step("drain-old", StepKind::Drain, false)};
  plan.steps[2].percent = 10;
  plan.steps[4].percent = 100;
  plan.steps[7].on_failure = plan::OnFailure::GoOn;
  return plan;
}

class MachineTest : public testing::Test {
 protected:
  Decision on(EventKind kind, const std::string& detail = "") {
    Event event;
    event.kind = kind;
    event.detail = detail;
    return on(event);
  }
  Decision on(const Event& event) {
    const auto decision = step(plan_, state_, event, from_unix_ms(now_ms_ += 10));
    state_ = decision.state;
    return decision;
  }
  // Applied and settled until the machine stands in front of `id`.
  void go_to(const std::string& id) {
    if (state_.phase == Phase::Planned) on(EventKind::Begin);
    while (plan_.steps[static_cast<std::size_t>(state_.step)].id != id) {
      ASSERT_FALSE(is_ended(state_.phase));
      on(state_.phase == Phase::Acting ? EventKind::Applied : EventKind::Settled);
    }
    if (state_.phase == Phase::Acting) on(EventKind::Applied);
  }
  const std::string& current() const {
    return plan_.steps[static_cast<std::size_t>(state_.step)].id;
  }

  plan::Plan plan_ = canary_plan();
  State state_;
  std::int64_t now_ms_ = 1'000'000;
};

TEST_F(MachineTest, CompletesWhenEveryStepSettles) {
  go_to("drain-old");
  const auto end = on(EventKind::Settled);
  EXPECT_EQ(end.state.phase, Phase::Completed);
  EXPECT_EQ(end.effect, Effect::Finish);
}

TEST_F(MachineTest, AStepThatOnlyLooksIsNeverActed) {
  go_to("probe-web");
  EXPECT_EQ(state_.phase, Phase::Settling);
  EXPECT_EQ(state_.attempt, 0);
}

TEST_F(MachineTest, ObservesAfterUnknownBeforeItActsAgain) {
  on(EventKind::Begin);
  const auto unknown = on(EventKind::Unknown, "timed out");
  EXPECT_EQ(unknown.effect, Effect::Observe);
  const auto absent = on(EventKind::Absent);
  EXPECT_EQ(absent.effect, Effect::Act);
  EXPECT_EQ(absent.state.attempt, 2);
  EXPECT_EQ(op_step(plan_, absent.state), "start-web");
}

TEST_F(MachineTest, ObservesFirstAfterACrashInTheMiddleOfAnEffect) {
  on(EventKind::Begin);
  EXPECT_EQ(resume(plan_, state_, from_unix_ms(now_ms_)).effect, Effect::Observe);
}

TEST_F(MachineTest, GivesUpAfterFiveAttemptsAndTakesBack) {
  on(EventKind::Begin);
  for (int attempt = 1; attempt < 5; ++attempt) {
    on(EventKind::Applied);
    EXPECT_EQ(on(EventKind::Absent).state.attempt, attempt + 1);
  }
  on(EventKind::Applied);
  EXPECT_EQ(on(EventKind::Absent).state.phase, Phase::BackSettling);
}

TEST_F(MachineTest, TakesBackNewestFirstAfterABadVerdict) {
  go_to("judge-10");
  Event bad;
  bad.kind = EventKind::Bad;
  bad.verdict = true;
  bad.detail = "6 % errors";
  on(bad);
  EXPECT_EQ(state_.cause, Cause::Verdict);
  EXPECT_EQ(state_.reason, "judge-10: 6 % errors");
  EXPECT_EQ(current(), "shift-10");
  EXPECT_EQ(op_step(plan_, state_), "undo-shift-10");
  on(EventKind::Absent);
  EXPECT_EQ(state_.phase, Phase::BackActing);
  on(EventKind::Applied);
  on(EventKind::Settled);
  EXPECT_EQ(current(), "start-web");
  const auto end = on(EventKind::Settled);
  EXPECT_EQ(end.state.phase, Phase::RolledBack);
  EXPECT_EQ(end.effect, Effect::Finish);
}

TEST_F(MachineTest, AnUndoIsNeverGivenUp) {
  go_to("shift-10");
  on(EventKind::Abort);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(on(EventKind::Absent).effect, Effect::BackAct);
    ASSERT_EQ(on(EventKind::NotApplied).effect, Effect::BackObserve);
  }
  EXPECT_EQ(state_.phase, Phase::BackSettling);
}

TEST_F(MachineTest, AbortEndsAbortedAndNotRolledBack) {
  go_to("probe-web");
  on(EventKind::Abort, "wrong version");
  EXPECT_EQ(state_.cause, Cause::Operator);
  on(EventKind::Settled);
  EXPECT_EQ(state_.phase, Phase::Aborted);
}

TEST_F(MachineTest, AbortBeforeTheFirstStepEndsAtOnce) {
  EXPECT_EQ(on(EventKind::Abort).state.phase, Phase::Aborted);
}

TEST_F(MachineTest, AbortIsRefusedOnceTheReleaseOnlyCleansUp) {
  go_to("drain-old");
  const auto late = on(EventKind::Abort);
  EXPECT_TRUE(late.refused);
  EXPECT_NE(late.refusal.find("slipway rollback"), std::string::npos);
}

TEST_F(MachineTest, CleaningUpNeverFailsARelease) {
  go_to("drain-old");
  EXPECT_EQ(on(EventKind::Overdue).state.phase, Phase::Completed);
}

TEST_F(MachineTest, PauseHoldsAtTheNextBoundaryAndResumeGoesOn) {
  go_to("probe-web");
  EXPECT_EQ(on(EventKind::Pause).effect, Effect::Observe);
  on(EventKind::Settled);
  EXPECT_EQ(state_.phase, Phase::Held);
  EXPECT_EQ(current(), "probe-web");
  const auto on_again = on(EventKind::Resume);
  EXPECT_EQ(on_again.effect, Effect::Act);
  EXPECT_EQ(current(), "shift-10");
}

TEST_F(MachineTest, PauseWhileAnEffectIsDueDoesNotLoseTheEffect) {
  on(EventKind::Begin);
  EXPECT_EQ(on(EventKind::Pause).effect, Effect::Act);
}

TEST_F(MachineTest, ThresholdsStayArmedWhileHeld) {
  go_to("judge-10");
  on(EventKind::Pause);
  on(EventKind::Settled);
  ASSERT_EQ(state_.phase, Phase::Held);
  EXPECT_EQ(on(EventKind::Settled).effect, Effect::Guard);
  on(EventKind::Bad);
  EXPECT_EQ(state_.phase, Phase::BackSettling);
}

TEST_F(MachineTest, NotEnoughDataHoldsAndIsNeitherPassNorFail) {
  go_to("judge-10");
  on(EventKind::Inconclusive, "12 requests");
  EXPECT_EQ(state_.phase, Phase::Held);
  EXPECT_FALSE(state_.at_boundary);
  const auto again = on(EventKind::Resume);
  EXPECT_EQ(again.effect, Effect::Observe);
  EXPECT_EQ(current(), "judge-10");
  on(EventKind::Inconclusive);
  on(EventKind::Promote);
  EXPECT_EQ(current(), "shift-100");
}

TEST_F(MachineTest, PromoteFullSkipsEveryJudgePeriodThatIsLeft) {
  go_to("probe-web");
  Event full;
  full.kind = EventKind::Promote;
  full.full = true;
  on(full);
  on(EventKind::Settled);
  EXPECT_EQ(current(), "shift-100");
}

TEST_F(MachineTest, PromoteIsRefusedWhereNothingWaits) {
  go_to("probe-web");
  EXPECT_TRUE(on(EventKind::Promote).refused);
}

TEST_F(MachineTest, AFatalRefusalOfTheWorldTakesBackAtOnce) {
  on(EventKind::Begin);
  on(EventKind::NotApplied, "no such command");
  EXPECT_EQ(state_.phase, Phase::BackSettling);
  EXPECT_EQ(state_.reason, "start-web: no such command");
}

TEST_F(MachineTest, ARetryableRefusalIsObservedLaterAndTriedAgain) {
  on(EventKind::Begin);
  Event busy;
  busy.kind = EventKind::NotApplied;
  busy.retryable = true;
  const auto later = on(busy);
  EXPECT_EQ(later.effect, Effect::Observe);
  EXPECT_GT(later.delay.count(), 0);
}

TEST(MachineTable, EveryEndTakesNothingButItsOwnFinish) {
  for (const auto phase : {Phase::Completed, Phase::RolledBack, Phase::Aborted}) {
    for (int e = 0; e < kEventKinds; ++e) {
      const auto kind = static_cast<EventKind>(e);
      const auto want = kind == EventKind::Recovered ? Action::Finish : Action::Refuse;
      EXPECT_EQ(action_for(phase, kind), want) << name_of(phase) << " " << name_of(kind);
    }
  }
}

TEST(MachineTable, EveryLivePhaseSurvivesACrash) {
  for (int p = 0; p < kPhases; ++p) {
    EXPECT_NE(action_for(static_cast<Phase>(p), EventKind::Recovered), Action::Refuse);
  }
}

TEST(MachineTable, ThePageIsTheOneInTheDocs) {
  const std::string path = std::string(SLIPWAY_SOURCE_DIR) + "/docs/internals/release-states.md";
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(path) << states_page();
  std::ifstream file(path);
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), states_page()) << "write it anew: UPDATE_DOCS=1 build/dev/release_test";
}

TEST(StateCodec, WhatWasEncodedComesBack) {
  State state;
  state.phase = Phase::BackSettling;
  state.step = 7;
  state.attempt = 3;
  state.reach = 9;
  state.hold = true;
  state.full = true;
  state.cause = Cause::Superseded;
  state.since_ms = 1'763'700'000'123;
  state.reason = "a reason | with a bar";
  EXPECT_EQ(decode(encode(state)), state);
}

TEST(StateCodec, DamagedTextIsRefused) {
  const std::string good = encode(State{});
  EXPECT_TRUE(decode(good));
  for (const char* bad :
       {"", "acting", "acting|1|2", "flying|0|0|0|---|none|0|", "acting|x|0|0|---|none|0|",
        "acting|-1|0|0|---|none|0|", "acting|0|0|0|--|none|0|"}) {
    EXPECT_FALSE(decode(bad)) << bad;
  }
}

}  // namespace
}  // namespace slipway::release

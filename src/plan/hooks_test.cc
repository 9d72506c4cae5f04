// Hooks in the plan: where they stand, and that they change nothing where there are none.
#include <gtest/gtest.h>

#include "plan/draft.h"

namespace slipway::plan {
namespace {

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps) out.push_back(step.id);
  return out;
}

Plan plan_with(const std::vector<std::string>& stages) {
  Plan plan;
  for (const auto& stage : stages) plan.settings.hooks.push_back({stage, "true"});
  plan.steps = {{.id = "preflight", .kind = StepKind::Preflight},
                {.id = "gate-window", .kind = StepKind::Gate},
                {.id = "start-web", .kind = StepKind::Start},
                {.id = "probe-web", .kind = StepKind::Probe},
                {.id = "shift-25", .kind = StepKind::Shift, .percent = 25},
                {.id = "promote", .kind = StepKind::Promote},
                {.id = "notify", .kind = StepKind::Notify}};
  return plan;
}

TEST(HookSteps, StandAtTheirStages) {
  Plan plan = plan_with({"before_shift", "after_start", "preflight", "after_rollback", "done"});
  weave_hooks(plan);
  EXPECT_EQ(ids(plan), (std::vector<std::string>{"preflight", "hook-preflight-3", "gate-window",
                                                 "hook-after-rollback-4", "start-web", "probe-web",
                                                 "hook-after-start-2", "hook-before-shift-25-1",
                                                 "shift-25", "promote", "hook-done-5", "notify"}));
  EXPECT_EQ(plan.steps[7].percent, 25);
  EXPECT_TRUE(plan.steps[3].undoable);
  EXPECT_EQ(plan.steps[10].on_failure, OnFailure::GoOn);
  EXPECT_EQ(plan.steps[7].on_failure, OnFailure::TakeBack);
}

TEST(HookSteps, ThoseBeforeARollbackStandReadyBeforeTheFirstChangeAndLastNoLongerThanOneRun) {
  Plan plan = plan_with({"after_rollback", "before_rollback"});
  plan.settings.hooks[1].timeout = Millis(5'000);
  weave_hooks(plan);
  ASSERT_EQ(plan.steps[2].id, "hook-before-rollback-2");
  EXPECT_EQ(plan.steps[3].id, "hook-after-rollback-1");
  EXPECT_TRUE(comes_before_undo(plan.steps[2]));
  EXPECT_FALSE(comes_before_undo(plan.steps[3]));
  EXPECT_EQ(plan.steps[2].deadline, Millis(5'000));
  EXPECT_NE(in_words(plan).find("    if it fails: undo 3, 4\n"), std::string::npos)
      << in_words(plan);
}

TEST(HookSteps, NoneChangeNothing) {
  Plan plan = plan_with({});
  const auto before = ids(plan);
  weave_hooks(plan);
  EXPECT_EQ(ids(plan), before);
}

TEST(HookSteps, ARollbackThatIsAskedForRunsThoseOfItsBeginningAndItsEndAlone) {
  Plan plan = plan_with({"before_shift", "after_rollback", "done", "before_rollback"});
  plan.kind = RequestKind::Rollback;
  const std::size_t before = plan.steps.size();
  weave_hooks(plan);
  ASSERT_EQ(plan.steps.size(), before + 2);
  EXPECT_EQ(plan.steps.front().id, "hook-before-rollback-4");
  EXPECT_FALSE(plan.steps.front().undoable);
  EXPECT_EQ(plan.steps.front().on_failure, OnFailure::TakeBack) << "it may still be aborted";
  EXPECT_EQ(plan.steps.back().id, "hook-after-rollback-2");
  EXPECT_FALSE(plan.steps.back().undoable);
  EXPECT_EQ(plan.steps.back().on_failure, OnFailure::GoOn);
}

}  // namespace
}  // namespace slipway::plan

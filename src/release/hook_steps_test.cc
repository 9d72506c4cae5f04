#include "release/hook_steps.h"

#include <gtest/gtest.h>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

using Answer = ports::HookView::Answer;

config::Hook hook(const std::string& stage, const std::string& run = "true") {
  return {stage, run, Millis(1'000), Millis(20'000)};
}

class Hooks : public testing::Test {
 protected:
  Ending deploy(std::vector<config::Hook> hooks, ScriptedMailbox* mailbox = nullptr) {
    EXPECT_TRUE(team_.release(deploy_of("v1")));
    team_.settings.hooks = std::move(hooks);
    const auto plan = team_.plan_for(deploy_of("v2"));
    id_ = team_.create(plan);
    ScriptedMailbox own(team_.clock);
    const auto end = team_.run(plan, id_, mailbox == nullptr ? own : *mailbox);
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }
  std::vector<std::string> stages() const {
    std::vector<std::string> out;
    for (const auto& call : team_.hooks.calls)
      out.push_back(call.variables.at("SLIPWAY_STAGE") + " " +
                    call.variables.at("SLIPWAY_PERCENT") + call.variables.at("SLIPWAY_OUTCOME"));
    return out;
  }

  Team team_;
  std::string id_;
};

const std::vector<config::Hook> kEveryStage{
    hook("done"),         hook("after_promote"), hook("before_promote"), hook("after_shift"),
    hook("before_shift"), hook("after_smoke"),   hook("before_smoke"),   hook("after_start"),
    hook("before_start"), hook("preflight"),     hook("after_rollback"), hook("before_rollback")};

TEST_F(Hooks, RunAtTheirStagesInTheOrderOfTheRelease) {
  team_.settings.rollout.strategy = config::Strategy::Canary;
  team_.settings.rollout.steps = {50, 100};
  EXPECT_EQ(deploy(kEveryStage).phase, Phase::Completed);
  EXPECT_EQ(stages(), (std::vector<std::string>{
                          "preflight 0", "before_start 0", "after_start 0", "before_smoke 0",
                          "after_smoke 0", "before_shift 50", "after_shift 50", "before_shift 100",
                          "after_shift 100", "before_promote 0", "after_promote 0", "done 0done"}));
  const auto& names = team_.hooks.calls.front().variables;
  EXPECT_EQ(names.at("SLIPWAY_RELEASE"), id_);
  EXPECT_EQ(names.at("SLIPWAY_VERSION"), "v2");
  EXPECT_EQ(names.at("SLIPWAY_OLD_VERSION"), "v1");
  EXPECT_EQ(names.at("SLIPWAY_OLD_RELEASE"), "r-0001");
}

TEST_F(Hooks, OneThatFailsTakesTheReleaseBackAndItsEndIsTold) {
  team_.hooks.answer = [](const ports::HookCall& call) {
    if (call.hook.stage == "after_shift") return ports::HookView{Answer::Failed, "cache is cold"};
    return ports::HookView();
  };
  const Ending end = deploy({hook("after_shift"), hook("after_rollback"), hook("done")});
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_NE(end.reason.find("hook after_shift failed: cache is cold"), std::string::npos)
      << end.reason;
  EXPECT_EQ(stages(), (std::vector<std::string>{"after_shift 100", "after_rollback 0rolled_back"}));
  EXPECT_NE(team_.hooks.calls.back().variables.at("SLIPWAY_REASON").find("cache is cold"),
            std::string::npos);
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(Hooks, AfterTheEndAFailureChangesNothing) {
  team_.hooks.answer = [](const ports::HookCall& call) {
    const bool end = call.hook.stage == "done" || call.hook.stage == "after_rollback";
    return end ? ports::HookView{Answer::Failed, "no"} : ports::HookView();
  };
  EXPECT_EQ(deploy({hook("done")}).phase, Phase::Completed);
  EXPECT_EQ(team_.hooks.calls.size(), 1u);
}

TEST_F(Hooks, AFailingHookOfARollbackIsRunOnceAndTheRollbackIsComplete) {
  team_.hooks.answer = [](const ports::HookCall&) { return ports::HookView{Answer::Failed, "no"}; };
  const Ending end = deploy({hook("before_start"), hook("after_rollback")});
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_EQ(team_.hooks.calls.size(), 2u);
}

TEST_F(Hooks, ThoseBeforeARollbackSeeWhatIsTakenBackWhileItStillStands) {
  std::vector<double> shares;
  team_.hooks.answer = [&](const ports::HookCall& call) {
    const auto split = team_.router.observe_split(team_.app);
    for (const auto& share : split->split.shares) {
      if (share.release == id_) shares.push_back(share.percent);
    }
    const bool fails = call.hook.stage == "after_shift" || call.hook.run == "false";
    return fails ? ports::HookView{Answer::Failed, "no"} : ports::HookView();
  };
  const Ending end = deploy({hook("after_rollback"), hook("before_rollback", "false"),
                             hook("before_rollback", "dump"), hook("after_shift")});
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_EQ(stages(), (std::vector<std::string>{"after_shift 100", "before_rollback 0rolled_back",
                                                "before_rollback 0rolled_back",
                                                "after_rollback 0rolled_back"}))
      << "one that fails changes nothing";
  EXPECT_EQ(team_.hooks.calls[1].hook.run, "false");
  EXPECT_EQ(team_.hooks.calls[2].hook.run, "dump");
  ASSERT_GE(shares.size(), 3u);
  EXPECT_EQ(shares[1], 100);
  EXPECT_EQ(shares[2], 100) << "nothing is undone before both have run";
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(Hooks, OneBeforeARollbackIsNotWaitedForLongerThanOneRunMayTake) {
  team_.hooks.answer = [](const ports::HookCall& call) {
    if (call.hook.stage == "after_shift") return ports::HookView{Answer::Failed, "no"};
    return ports::HookView{Answer::InProgress, "", Millis(500)};
  };
  const Ending end = deploy({hook("before_rollback"), hook("after_shift")});
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_TRUE(team_.hooks.calls.size() == 3u || team_.hooks.calls.size() == 4u)
      << "asked again, but not for the 20 s of its deadline: " << team_.hooks.calls.size();
}

TEST_F(Hooks, BeforeTheFirstChangeThereIsNoRollback) {
  team_.hooks.answer = [](const ports::HookCall&) { return ports::HookView{Answer::Failed, "no"}; };
  EXPECT_EQ(deploy({hook("preflight"), hook("before_rollback")}).phase, Phase::RolledBack);
  EXPECT_EQ(stages(), (std::vector<std::string>{"preflight 0"}));
}

TEST_F(Hooks, OneInProgressIsAskedAgainUntilItIsDone) {
  int asked = 0;
  team_.hooks.answer = [&](const ports::HookCall&) {
    return ++asked < 4 ? ports::HookView{Answer::InProgress, "warming", Millis(3'000)}
                       : ports::HookView();
  };
  const Millis begun = team_.clock.monotonic();
  EXPECT_EQ(deploy({hook("before_shift")}).phase, Phase::Completed);
  EXPECT_EQ(asked, 4);
  EXPECT_GE(team_.clock.monotonic() - begun, Millis(9'000));
  EXPECT_TRUE(team_.heard_progress("in progress: warming"));
}

TEST_F(Hooks, OneThatStaysInProgressFailsAtItsDeadline) {
  team_.hooks.answer = [](const ports::HookCall&) {
    return ports::HookView{Answer::InProgress, "warming", Millis(1'000)};
  };
  const Ending end = deploy({hook("before_shift"), hook("after_rollback")});
  EXPECT_EQ(end.phase, Phase::RolledBack) << "and the one of the end holds up nothing either";
  EXPECT_NE(end.reason.find("hook-before-shift-100-1"), std::string::npos) << end.reason;
}

TEST_F(Hooks, APersonIsHeardWhileOneRuns) {
  team_.hooks.takes = Millis(500'000);
  ScriptedMailbox mailbox(team_.clock);
  Command stop;
  stop.kind = EventKind::Abort;
  stop.by = "ada";
  stop.reason = "enough";
  mailbox.at(Millis(10'000), stop);
  EXPECT_EQ(deploy({hook("before_start")}, &mailbox).phase, Phase::Aborted);
}

TEST_F(Hooks, ADaemonThatComesBackRunsItAgain) {
  team_.hooks.takes = Millis(5'000);
  EXPECT_TRUE(team_.release(deploy_of("v1")));
  team_.settings.hooks = {hook("before_start")};
  const auto plan = team_.plan_for(deploy_of("v2"));
  id_ = team_.create(plan);
  ScriptedMailbox dies(team_.clock);
  dies.close_at(Millis(2'000));
  static_cast<void>(team_.run(plan, id_, dies));  // how far it came is looked up below
  const auto last = team_.store.last_record(id_).value();
  ASSERT_TRUE(last);
  const auto state = decode(last->state);
  ASSERT_TRUE(state);
  ASSERT_FALSE(is_ended(state->phase));
  fake::FakeHooks fresh(team_.seam);
  team_.ports.hooks = &fresh;
  ScriptedMailbox mailbox(team_.clock);
  const auto end = team_.run(plan, id_, mailbox, "daemon 2", *state);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_EQ(fresh.calls.size(), 1u);
}

TEST_F(Hooks, ARollbackThatIsAskedForTellsItsEndAlone) {
  ASSERT_EQ(deploy(kEveryStage).phase, Phase::Completed);
  team_.hooks.calls.clear();
  const auto end = team_.release(rollback_to());
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_TRUE(stages().empty())
      << "v1 was released without hooks, and its settings are what counts";
}

TEST_F(Hooks, ARollbackThatIsAskedForRunsThoseOfTheReleaseItGoesBackTo) {
  team_.settings.hooks = {hook("before_rollback"), hook("after_rollback"), hook("before_shift")};
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  team_.settings.hooks.clear();
  ASSERT_TRUE(team_.release(deploy_of("v2")));
  team_.hooks.calls.clear();
  team_.hooks.answer = [](const ports::HookCall&) { return ports::HookView{Answer::Failed, "no"}; };
  const auto end = team_.release(rollback_to());
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << "what they say changes nothing";
  EXPECT_EQ(stages(), (std::vector<std::string>{"before_rollback 0rolled_back",
                                                "after_rollback 0rolled_back"}));
}

TEST_F(Hooks, WithoutSomebodyToRunThemAReleaseIsTakenBack) {
  team_.ports.hooks = nullptr;
  EXPECT_EQ(deploy({hook("before_start"), hook("after_rollback")}).phase, Phase::RolledBack);
}

}  // namespace
}  // namespace slipway::release

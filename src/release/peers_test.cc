// What other release tools have as tests, or as open bugs (Argo Rollouts R…, Flagger F…): asked of
// ours. docs/internals/judge.md lists all of them and where each is.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

using config::Strategy;

fake::Behaviour of(const std::string& version) {
  fake::Behaviour behaviour;
  behaviour.version = version;
  return behaviour;
}

Command word(EventKind kind, bool full = false) {
  Command out;
  out.kind = kind;
  out.by = "ada";
  out.full = full;
  return out;
}

class Peers : public testing::Test {
 protected:
  Peers() {
    team_.settings.rollout.strategy = Strategy::Canary;
    team_.settings.rollout.steps = {20, 100};
  }
  Ending deploy(const std::string& version, std::vector<std::pair<Millis, Command>> words = {}) {
    team_.heard.records.clear();
    const auto plan = team_.plan_for(deploy_of(version));
    id_ = team_.create(plan);
    ScriptedMailbox mailbox(team_.clock);
    for (auto& [at, command] : words) {
      command.answer = [this](const Result<void>& answer) { answers_.push_back(answer); };
      mailbox.at(at, std::move(command));
    }
    auto end = team_.run(plan, id_, mailbox);
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }
  bool heard(const std::string& text) const {
    return std::any_of(team_.heard.records.begin(), team_.heard.records.end(),
                       [&](const auto& record) { return record.find(text) != std::string::npos; });
  }
  double percent_of(const std::string& release) {
    double out = 0;
    for (const auto& share : fake::find_route(team_.world, team_.app)->split->shares)
      if (share.release == release) out += share.percent;
    return out;
  }

  Team team_;
  std::string id_;
  std::vector<Result<void>> answers_;
};

TEST_F(Peers, R1AnAbortedReleaseIsTriedAgainAndPromoted) {
  deploy("v1");
  EXPECT_EQ(deploy("v2", {{Millis(1'500), word(EventKind::Abort)}}).phase, Phase::Aborted);
  EXPECT_EQ(team_.live(), "r-0001");
  EXPECT_EQ(deploy("v2", {{Millis(1'500), word(EventKind::Promote)}}).phase, Phase::Completed);
  EXPECT_EQ(team_.live(), id_);
}

TEST_F(Peers, R2PromoteFullGoesToTheEndFromAPauseAndFromTheMiddleOfAJudgement) {
  team_.settings.rollout.steps = {20, 40, 100};
  deploy("v1");
  for (const bool paused : {true, false}) {
    std::vector<std::pair<Millis, Command>> words;
    if (paused) words.emplace_back(Millis(1'300), word(EventKind::Pause));
    words.emplace_back(paused ? Millis(30'000) : Millis(1'600), word(EventKind::Promote, true));
    EXPECT_EQ(deploy("v2", std::move(words)).phase, Phase::Completed) << paused;
    EXPECT_FALSE(heard("shift-40")) << "promoted to the end in one shift";
  }
}

TEST_F(Peers, R2PromoteFullIsRefusedAfterAnAbort) {
  deploy("v1");
  auto slow = of("v2");
  slow.request_takes = Millis(5'000);
  team_.script(slow);
  EXPECT_EQ(deploy("v2", {{Millis(1'600), word(EventKind::Abort)},
                          {Millis(1'650), word(EventKind::Promote, true)}})
                .phase,
            Phase::Aborted);
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_FALSE(answers_[1]) << "what is being taken back is not promoted";
}

TEST_F(Peers, R3WhateverFollowsWhateverTheLiveReleaseKeepsAllItsInstances) {
  deploy("v1");
  auto bad = of("v2");
  bad.never_ready = true;
  team_.script(bad);
  for (const char* version : {"v2", "v3", "v2", "v2", "v4"}) {  // good→bad, bad→good, bad→bad
    bool whole = true;
    team_.seam.hook = [&](const fake::Point&) {
      const auto* slot = fake::find_slot(
          team_.world, {"shop", "production", "web", team_.store.live(team_.app)->release});
      whole = whole && slot != nullptr && slot->instances.size() == 2;
      return fake::Fault::None;
    };
    const auto end = deploy(version);
    team_.seam.hook = nullptr;
    EXPECT_EQ(end.phase, version == std::string("v2") ? Phase::RolledBack : Phase::Completed);
    EXPECT_TRUE(whole) << version;
  }
}

TEST_F(Peers, R4WhatFailsBeforeItsPromotionLeavesTheOldOneAndMayBeTriedAgain) {
  team_.settings.rollout.strategy = Strategy::BlueGreen;
  deploy("v1");
  auto failing = of("v2");
  failing.smoke_fails = true;
  team_.script(failing);
  EXPECT_EQ(deploy("v2").phase, Phase::RolledBack);
  EXPECT_FALSE(heard("shift")) << "no traffic has moved";
  EXPECT_EQ(percent_of("r-0001"), 100);
  auto script = std::make_shared<fake::Script>();
  team_.world.script = script;
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
}

TEST_F(Peers, R5WhatFailsAfterItsPromotionGivesTheTrafficBack) {
  team_.settings.rollout.strategy = Strategy::BlueGreen;
  team_.settings.rollout.judge.period = Millis(0);
  team_.settings.watch = Millis(30'000);
  auto failing = of("v2");
  failing.error_share = 0.4;
  team_.script(failing);
  deploy("v1");
  const auto end = deploy("v2");
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_TRUE(heard("promote applied")) << "it was live";
  EXPECT_EQ(percent_of("r-0001"), 100);
  EXPECT_EQ(team_.live(), "r-0001");
}

// Ours analyses no way back by numbers: going back is the answer to numbers. Outside the window the
// one analysis is that the target starts and answers its probes before it gets traffic.
TEST_F(Peers, R6ARollbackInsideTheWindowAnalysesNothingOutsideItTheTargetHasToProveItself) {
  deploy("v1");
  deploy("v2");
  const auto warm = team_.plan_for(rollback_to());
  team_.clock.advance(Millis(700'000));
  for (auto& slot : team_.world.slots) {
    if (slot.slot.release == "r-0001") slot.instances.clear();
  }
  const auto cold = team_.plan_for(rollback_to());
  const auto count = [](const plan::Plan& plan, plan::StepKind kind) {
    return std::count_if(plan.steps.begin(), plan.steps.end(),
                         [&](const auto& step) { return step.kind == kind; });
  };
  for (const auto* plan : {&warm, &cold}) {
    EXPECT_EQ(count(*plan, plan::StepKind::Judge), 0);
    EXPECT_EQ(count(*plan, plan::StepKind::Watch), 0);
  }
  EXPECT_EQ(count(warm, plan::StepKind::Start), 0);
  EXPECT_EQ(count(cold, plan::StepKind::Start), 1);
  EXPECT_EQ(cold.steps[2].kind, plan::StepKind::Probe) << cold.steps[2].id;
}

TEST_F(Peers, R7WhatFollowsASupersededReleaseBeginsAtItsFirstStep) {
  deploy("v1");
  auto supersede = word(EventKind::Abort);
  supersede.superseded = true;
  EXPECT_EQ(deploy("v2", {{Millis(3'600), supersede}}).phase, Phase::Aborted);
  EXPECT_EQ(percent_of("r-0001"), 100);
  EXPECT_EQ(deploy("v3").phase, Phase::Completed);
  EXPECT_TRUE(heard("shift-20"));
}

TEST_F(Peers, R8ADeadlineHoldsOrTakesBackAsTheConfigurationSays) {
  deploy("v1");
  auto quiet = std::make_shared<fake::Script>();
  quiet->requests_per_second = 0;
  team_.world.script = quiet;
  team_.settings.rollout.judge.period = Millis(1'000);
  team_.settings.rollout.judge.deadline = Millis(1'000);
  EXPECT_EQ(deploy("v2", {{Millis(60'000), word(EventKind::Abort)}}).phase, Phase::Aborted);
  EXPECT_TRUE(heard("inconclusive")) << "held until a person came";
  team_.settings.rollout.judge.low_traffic = config::LowTraffic::RollBack;
  EXPECT_EQ(deploy("v2").phase, Phase::RolledBack);
}

TEST_F(Peers, R9APauseLongerThanEveryDeadlineFailsNothing) {
  deploy("v1");
  const auto end = deploy(
      "v2", {{Millis(1'500), word(EventKind::Pause)}, {Millis(250'000), word(EventKind::Resume)}});
  EXPECT_EQ(end.phase, Phase::Completed) << end.reason;
}

TEST_F(Peers, R11NothingBeginsAgainByItselfAfterAnAbort) {
  deploy("v1");
  deploy("v2", {{Millis(1'500), word(EventKind::Abort)}});
  EXPECT_TRUE(team_.store.unfinished()->empty());
  EXPECT_EQ(percent_of("r-0001"), 100);
  EXPECT_EQ(team_.store.lease(team_.app).value()->release, "");
}

TEST_F(Peers, R12WhatWasTakenBackDoesNotGoOnRunning) {
  auto failing = of("v2");
  failing.error_share = 0.4;
  team_.script(failing);
  deploy("v1");
  EXPECT_EQ(deploy("v2").phase, Phase::RolledBack);
  const auto view = team_.instances.observe({"shop", "production", "web", id_});
  EXPECT_TRUE(view && view->instances.empty());
}

TEST_F(Peers, F3WithoutTrafficItNeitherPassesNorFails) {
  deploy("v1");
  auto quiet = std::make_shared<fake::Script>();
  quiet->requests_per_second = 0;
  team_.world.script = quiet;
  EXPECT_EQ(deploy("v2", {{Millis(60'000), word(EventKind::Abort)}}).phase, Phase::Aborted);
  EXPECT_TRUE(heard("judge-20 inconclusive"));
}

// Ours promotes the very instances that were judged; nothing new is started for it.
TEST_F(Peers, F4ThePromotionStartsNothingThatCouldBeUnhealthy) {
  deploy("v1");
  const int before = team_.world.starts;
  int at_full = 0;
  team_.seam.hook = [&](const fake::Point& point) {
    if (point.subject != nullptr && *point.subject == "shift-100") at_full = team_.world.starts;
    return fake::Fault::None;
  };
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(at_full, before + 2);
  EXPECT_EQ(team_.world.starts, at_full);
}

TEST_F(Peers, F5GoingBackToTheLiveVersionIsRefusedAndChangesNothing) {
  deploy("v1");
  deploy("v2");
  config::Config config;
  config.app = "shop";
  config.environments["production"] = team_.settings;
  const auto request = rollback_to("v2");
  const auto facts = gather_facts(team_.ports, "shop", team_.settings, request);
  ASSERT_TRUE(facts);
  EXPECT_FALSE(plan::make_plan(config, *facts, request));
}

TEST_F(Peers, ARollbackOfARollbackIsRefusedWithTheReason) {
  deploy("v1");
  deploy("v2");
  ASSERT_TRUE(team_.release(rollback_to()));
  EXPECT_EQ(team_.live(), "r-0001");
  config::Config config;
  config.app = "shop";
  config.environments["production"] = team_.settings;
  const auto facts = gather_facts(team_.ports, "shop", team_.settings, rollback_to());
  ASSERT_TRUE(facts);
  const auto plan = plan::make_plan(config, *facts, rollback_to());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::NothingToRollBack);
  EXPECT_NE(plan.error().what.find("v2 (r-0002) is bad"), std::string::npos) << plan.error().what;
}

}  // namespace
}  // namespace slipway::release

#include "release/runner.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

using config::Strategy;

Command command(EventKind kind, std::vector<Result<void>>& answers, bool full = false) {
  Command out;
  out.kind = kind;
  out.by = "ada";
  out.full = full;
  out.answer = [&answers](const Result<void>& answer) { answers.push_back(answer); };
  return out;
}

fake::Behaviour of_v2() {
  fake::Behaviour behaviour;
  behaviour.version = "v2";
  return behaviour;
}

TEST(Runner, TakesAFirstReleaseToItsEnd) {
  Team team;
  const auto end = team.release(deploy_of("v1"));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_EQ(team.live(), "r-0001");
  EXPECT_TRUE(team.told("r-0001/released"));
  EXPECT_EQ(team.store.release("r-0001")->outcome, "completed");
  EXPECT_EQ(team.store.lease(team.app).value()->release, "");
}

class EachStrategy : public testing::TestWithParam<Strategy> {};

TEST_P(EachStrategy, ReplacesTheOldReleaseWhenTheNewOneIsGood) {
  Team team;
  team.settings.rollout.strategy = GetParam();
  team.settings.rollout.steps = {20, 100};
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_EQ(team.live(), "r-0002");
  for (const auto& share : fake::find_route(team.world, team.app)->split->shares) {
    EXPECT_TRUE(share.percent == 0 || share.release == "r-0002");
  }
}

TEST_P(EachStrategy, TakesBackWhatAnswersErrors) {
  Team team;
  team.settings.rollout.strategy = GetParam();
  team.settings.rollout.steps = {20, 100};
  auto bad = of_v2();
  bad.error_share = 0.5;
  team.script(bad);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_NE(end->reason.find("judge"), std::string::npos) << end->reason;
  EXPECT_EQ(team.live(), "r-0001");
  EXPECT_TRUE(team.told("r-0002/rolled_back"));
  EXPECT_TRUE(team.store.value("bad/r-0002")->has_value()) << "no rollback may choose it by itself";
}

INSTANTIATE_TEST_SUITE_P(All, EachStrategy,
                         testing::Values(Strategy::BlueGreen, Strategy::Canary, Strategy::Rolling,
                                         Strategy::Recreate));

TEST(Runner, SaysWhyAnInstanceDied) {
  Team team;
  auto bad = of_v2();
  bad.dies_after = Millis(50);
  bad.last_lines = "cannot read config.json";
  team.script(bad);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_NE(end->reason.find("cannot read config.json"), std::string::npos) << end->reason;
}

TEST(Runner, TakesBackWhatNeverGetsReadyOrFailsItsSmokeCheck) {
  for (const bool smoke : {true, false}) {
    Team team;
    auto bad = of_v2();
    bad.smoke_fails = smoke;
    bad.never_ready = !smoke;
    team.script(bad);
    ASSERT_TRUE(team.release(deploy_of("v1")));
    const auto end = team.release(deploy_of("v2"));
    ASSERT_TRUE(end);
    EXPECT_EQ(end->phase, Phase::RolledBack);
    EXPECT_EQ(end->reason.rfind(smoke ? "smoke" : "probe-web", 0), 0U) << end->reason;
  }
}

TEST(Runner, TakesBackAfterThePromotionWhenHealthFailsWhileWatched) {
  Team team;
  team.settings.rollout.judge.period = Millis(0);
  team.settings.watch = Millis(60'000);
  auto bad = of_v2();
  bad.dies_after = Millis(20'000);
  team.script(bad);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_EQ(end->reason.rfind("watch", 0), 0U) << end->reason;
  EXPECT_EQ(team.live(), "r-0001");
}

TEST(Runner, BlocksInPreflightWhenTheFilesChangedAfterThePlan) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  auto plan = team.plan_for(deploy_of("v2"));
  plan.digests["web"] = "fake:other";
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_NE(end->reason.find("changed after the plan"), std::string::npos) << end->reason;
  EXPECT_EQ(fake::find_slot(team.world, {"shop", "production", "web", id}), nullptr);
}

TEST(Runner, AnswersEveryCommandAndRefusesWhatHasNoPlace) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto plan = team.plan_for(deploy_of("v2"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  mailbox.at(Millis(5), command(EventKind::Promote, answers));  // nothing is judged yet
  mailbox.at(Millis(10), command(EventKind::Pause, answers));
  mailbox.at(Millis(20'000), command(EventKind::Resume, answers));
  mailbox.at(Millis(21'000), command(EventKind::Promote, answers, true));
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].error().code, Code::Refused);
  EXPECT_TRUE(answers[1]);
  EXPECT_TRUE(answers[2]);
  EXPECT_TRUE(answers[3]);
}

TEST(Runner, AnAbortTakesBackAndSaysWhoAskedForIt) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto plan = team.plan_for(deploy_of("v2"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  auto stop = command(EventKind::Abort, answers);
  stop.reason = "wrong version";
  mailbox.at(Millis(2'500), stop);
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_EQ(end->reason, "wrong version");
  EXPECT_EQ(team.live(), "r-0001");
  EXPECT_FALSE(team.store.value("bad/" + id)->has_value()) << "stopped by a person is not bad";
  EXPECT_TRUE(team.told(id + "/aborted"));
}

TEST(Runner, HoldsWhenThereIsNotEnoughTrafficAndGoesOnWhenAPersonSaysSo) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  auto script = std::make_shared<fake::Script>(*team.world.script);
  script->requests_per_second = 0.1;
  team.world.script = script;
  const auto plan = team.plan_for(deploy_of("v2"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  mailbox.at(Millis(60'000), command(EventKind::Promote, answers));
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  const auto& records = team.heard.records;
  EXPECT_NE(std::find(records.begin(), records.end(), "judge-100 inconclusive"), records.end());
}

TEST(Runner, StopsWithoutAnEffectOnceAnotherDaemonHasTheLease) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto plan = team.plan_for(deploy_of("v2"));
  const auto id = team.create(plan);
  const auto old = team.store.take_lease(team.app, "daemon 1", id).value();
  ASSERT_TRUE(team.store.take_lease(team.app, "daemon 2", id));
  const int starts = team.world.starts;
  Runner fenced(team.ports, old, plan, id, State{}, nullptr);
  ScriptedMailbox mailbox(team.clock);
  const auto end = fenced.run(mailbox);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::Fenced);
  EXPECT_EQ(team.world.starts, starts);
}

TEST(Runner, WaitsWhileTheJournalCannotBeWrittenAndGoesOnAfterwards) {
  Team team;
  const auto plan = team.plan_for(deploy_of("v1"));
  const auto id = team.create(plan);
  team.store.failing_appends = 6;
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  mailbox.at(Millis(700), command(EventKind::Pause, answers));
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_TRUE(team.heard_progress("journal: waiting: cannot write the journal"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_FALSE(answers[0]) << "a command that could not be kept is not said to be taken";
}

TEST(Runner, LeavesTheReleaseWhereItIsWhenTheDaemonStopsAndTheNextOneGoesOn) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto plan = team.plan_for(deploy_of("v2"));
  const auto id = team.create(plan);
  ScriptedMailbox closing(team.clock);
  closing.close_at(Millis(1'500));
  const auto left = team.run(plan, id, closing);
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, Code::Internal);
  EXPECT_EQ(team.live(), "r-0001");

  const auto last = team.store.last_record(id).value();
  ASSERT_TRUE(last);
  const int starts = team.world.starts;
  ScriptedMailbox mailbox(team.clock);
  const auto end = team.run(plan, id, mailbox, "daemon 2", decode(last->state).value());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_EQ(team.world.starts, starts) << "what runs already is not started again";
}

TEST(Runner, LooksAfterAnUnknownEffectInsteadOfRepeatingIt) {
  Team team;
  bool once = false;
  team.seam.hook = [&](const fake::Point& point) {
    const bool first =
        point.call == fake::Call::Ensure && point.when == fake::When::Before && !once;
    once = once || first;
    return first ? fake::Fault::UnknownApplied : fake::Fault::None;
  };
  const auto end = team.release(deploy_of("v1"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_EQ(team.world.starts, 2);
}

TEST(Runner, TellsAPersonWhenAnUndoWillNotCome) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  auto bad = of_v2();
  bad.smoke_fails = true;
  team.script(bad);
  int refused = 0;
  team.seam.hook = [&](const fake::Point& point) {
    const bool stop = point.call == fake::Call::Retire && point.when == fake::When::Before;
    return stop && ++refused <= 8 ? fake::Fault::NotAppliedBefore : fake::Fault::None;
  };
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_TRUE(team.told("r-0002/stuck/undo-start-web"));
}

TEST(Runner, PutsWhatIsToldIntoTheOutboxOfThoseWhoWantIt) {
  Team team;
  for (const auto* name : {"team", "pager"}) team.settings.channels[name].name = name;
  team.settings.notify = {{{}, {"team"}}, {{"rolled_back"}, {"pager"}}};
  auto bad = of_v2();
  bad.never_ready = true;
  team.script(bad);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  ASSERT_TRUE(team.release(deploy_of("v2")));
  const auto words = [&](const std::string& release) {
    std::string out;
    const auto deliveries = team.store.deliveries(release);
    for (const auto& one : *deliveries)
      out += (out.empty() ? "" : " ") + one.notice.kind + "@" + one.to.channel;
    return out;
  };
  EXPECT_EQ(words("r-0001"), "started@team released@team");
  EXPECT_EQ(words("r-0002"), "started@team rolled_back@pager rolled_back@team");
}

TEST(Runner, ARollbackToAWarmColourStartsNothing) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  ASSERT_TRUE(team.release(deploy_of("v2")));
  const int starts = team.world.starts;
  const auto end = team.release(rollback_to());
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_EQ(team.live(), "r-0001");
  EXPECT_EQ(team.world.starts, starts);
  EXPECT_TRUE(team.store.value("bad/r-0002")->has_value());
}

// The stable colour's past is what a new one at 100 % is compared with.
TEST(Runner, AtAllOfTheTrafficTheOldReleasesPastIsTheBaseline) {
  Team team;
  config::Trigger slower;
  slower.kind = config::Trigger::Kind::LatencyQuantile;
  slower.limit = 2;
  slower.relative_to_baseline = true;
  slower.text = "latency_p95 > 2x baseline";
  team.settings.roll_back_when = {slower};
  auto slow = of_v2();
  slow.slow_share = 0.9;
  team.script(slow);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  team.clock.advance(Millis(10'000));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_NE(end->reason.find("judge-100"), std::string::npos) << end->reason;
}

TEST(Runner, OnlyTheChecksOfItsOwnServiceRunInARollingBatch) {
  Team team;
  team.settings.rollout.strategy = Strategy::Rolling;
  auto api = team.settings.services[0];
  api.name = "api";
  api.instances = 1;
  team.settings.services.insert(team.settings.services.begin(), api);
  team.settings.smoke[0].service = "api";
  auto other = team.settings.smoke[0];
  other.service = "web";
  team.settings.smoke.push_back(other);
  ASSERT_TRUE(team.release(deploy_of("v1")));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
}

}  // namespace
}  // namespace slipway::release

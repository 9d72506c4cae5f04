#include "release/migrate_steps.h"

#include <gtest/gtest.h>

#include "plan/gates.h"
#include "tests/release/team.h"

namespace slipway::release {
namespace {

using Names = std::vector<std::string>;

class Migrates : public testing::Test {
 protected:
  Migrates() {
    team_.settings.database.url = "postgresql://db/shop";
    team_.settings.rollout.keep_old = Millis(0);
  }
  void migrate(config::ContractTime contract) {
    team_.settings.database.migrations.in_release = true;
    team_.settings.database.migrations.contract = contract;
  }
  Ending deploy(const std::string& version, ScriptedMailbox* mailbox = nullptr) {
    const auto plan = team_.plan_for(deploy_of(version));
    id_ = team_.create(plan);
    ScriptedMailbox own(team_.clock);
    team_.migrations.forget();
    team_.heard.records.clear();
    const auto end = team_.run(plan, id_, mailbox == nullptr ? own : *mailbox);
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }
  Result<plan::Plan> go_back_to(const std::string& version) {
    config::Config config;
    config.app = team_.app.app;
    config.environments["production"] = team_.settings;
    const auto request = rollback_to(version);
    const auto facts = gather_facts(team_.ports, team_.app.app, team_.settings, request);
    return plan::make_plan(config, facts.value(), request);
  }
  Names phases() const {
    Names out;
    for (const auto& call : team_.migrations.calls)
      out.push_back(call.phase + (call.last.empty() ? "" : " to " + call.last));
    return out;
  }

  Team team_;
  std::string id_;
};

TEST_F(Migrates, WhatAddsComesBeforeTheInstancesAndWhatTakesAwayAfterTheOldOnesAreGone) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(team_.world.migrated, (Names{"1-add", "2-fill", "3-drop"}));
  EXPECT_EQ(phases(), (Names{"rehearse", "expand", "data", "contract"}));
  const auto& heard = team_.heard.records;
  const auto at = [&](const std::string& record) {
    return std::find(heard.begin(), heard.end(), record) - heard.begin();
  };
  EXPECT_LT(at("migrate-expand settled"), at("start-web applied"));
  EXPECT_LT(at("promote settled"), at("migrate-data settled"));
  EXPECT_LT(at("retire-old-web settled"), at("migrate-contract settled"));
}

TEST_F(Migrates, WhatIsDangerousInTheRehearsalStopsTheReleaseBeforeProductionIsTouched) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.migrations.danger = "0007_x.sql:1: blocks. Next: split it";
  const Ending end = deploy("v2");
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_NE(end.reason.find("0007_x.sql:1: blocks. Next: split it"), std::string::npos)
      << end.reason;
  EXPECT_TRUE(plan::was_refused_by_gate(end.reason)) << end.reason;
  EXPECT_TRUE(team_.world.migrated.empty());
  EXPECT_EQ(phases(), Names{"rehearse"});
}

TEST_F(Migrates, AFindingOfTheRehearsalIsOverriddenOnTheRecord) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.migrations.danger = "0007_x.sql:1: blocks";
  auto request = deploy_of("v2");
  request.overrides = {"rehearsal"};
  request.reason = "the table is empty";
  const auto plan = team_.plan_for(request);
  ASSERT_EQ(plan.skipped.size(), 1u);
  ScriptedMailbox mailbox(team_.clock);
  const auto end = team_.run(plan, team_.create(plan), mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
}

TEST_F(Migrates, NothingIsRehearsedWhereThatIsOff) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.settings.database.migrations.rehearse = config::Rehearse::Off;
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(phases(), (Names{"expand", "data", "contract"}));
}

TEST(Pulse, IsWhatWasCountedInBetween) {
  const ports::Counts then{100, 0, {{1'000, 90}, {20'000, 10}}, {}};
  const ports::Counts now{300, 0, {{1'000, 190}, {20'000, 100}, {700'000, 10}}, {}};
  const auto pulse = pulse_between(then, now);
  ASSERT_TRUE(pulse);
  EXPECT_EQ(pulse->requests, 200u);
  EXPECT_EQ(pulse->p95, Millis(20));
  EXPECT_EQ(pulse->p99, Millis(700));
  EXPECT_FALSE(pulse_between(now, then));  // an edge that began anew
}

TEST_F(Migrates, EachVersionMayHaveItsOwnFolder) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.settings.database.migrations.path = "versions/${version}/migrations";
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  for (const auto& call : team_.migrations.calls)
    EXPECT_EQ(call.database.migrations.path, "versions/v2/migrations");
}

TEST_F(Migrates, AContractWaitsForTheNextRelease) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::NextRelease);
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(team_.world.migrated, (Names{"1-add", "2-fill"}));
  EXPECT_EQ(deploy("v3").phase, Phase::Completed);
  EXPECT_EQ(phases(), (Names{"rehearse", "contract to 3-drop", "expand", "data"}));
  EXPECT_EQ(team_.world.migrated.back(), "3-drop");
  EXPECT_EQ(deploy("v4").phase, Phase::Completed);
  EXPECT_EQ(phases(), (Names{"rehearse", "expand", "data"}));  // it is not asked for twice
}

TEST_F(Migrates, ByHandMeansNeverInARelease) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::Manual);
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(deploy("v3").phase, Phase::Completed);
  EXPECT_EQ(team_.world.migrated, (Names{"1-add", "2-fill"}));
}

TEST_F(Migrates, AReleaseThatNeedsWhatIsGoneCannotComeBack) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::NextRelease);
  deploy("v2");  // brings 3-drop along
  deploy("v3");  // applies it
  const auto back = go_back_to("v1");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::Refused);
  EXPECT_NE(back.error().what.find("v1 (r-0001) cannot come back: the migration 3-drop"),
            std::string::npos)
      << back.error().what;
  EXPECT_TRUE(go_back_to("v2"));  // it was made for the schema without
}

TEST_F(Migrates, OneThatWasTakenBackStopsNobody) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::NextRelease);
  deploy("v2");  // brings 3-drop along
  deploy("v3");  // applies it
  ASSERT_FALSE(go_back_to("v1"));
  ASSERT_TRUE(mark_taken_back(team_.ports.store, team_.app, {"3-drop", "no such"}, "ada"));
  EXPECT_TRUE(go_back_to("v1"));
}

TEST_F(Migrates, AContractIsNotDueWhileWhatNeedsTheOldShapeIsLive) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::NextRelease);
  deploy("v2");  // brings 3-drop along: v1 needs what it takes
  const auto back = go_back_to("v1");
  ASSERT_TRUE(back) << back.error().sentence();
  ScriptedMailbox mailbox(team_.clock);
  ASSERT_TRUE(team_.run(*back, team_.create(*back), mailbox));
  deploy("v3");
  EXPECT_EQ(phases(), (Names{"rehearse", "expand", "data"}));
  EXPECT_EQ(team_.world.migrated, (Names{"1-add", "2-fill"}));
}

TEST_F(Migrates, AFailureTakesTheReleaseBackBeforeAnythingStarts) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.migrations.folder[0].fails = true;
  const Ending end = deploy("v2");
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_NE(end.reason.find("1-add failed"), std::string::npos) << end.reason;
  EXPECT_EQ(team_.live(), "r-0001");
  EXPECT_TRUE(team_.world.migrated.empty());
}

TEST_F(Migrates, WhatTheReleaseNeedsMustNotComeBehindAContract) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::Manual);
  team_.migrations.folder.push_back({"4-add", "expand"});
  const Ending end = deploy("v2");
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_NE(end.reason.find("4-add comes behind a contract"), std::string::npos) << end.reason;
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(Migrates, RowsThatAreNotFilledInTakeNothingBack) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.migrations.folder[1].fails = true;
  EXPECT_EQ(deploy("v2").phase, Phase::Completed);
  EXPECT_EQ(team_.world.migrated, (Names{"1-add"}));
}

TEST_F(Migrates, AnAbortStopsWhatRuns) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  migrate(config::ContractTime::AfterRetire);
  team_.settings.database.migrations.rehearse = config::Rehearse::Off;
  ScriptedMailbox mailbox(team_.clock);
  Command abort;
  abort.kind = EventKind::Abort;
  abort.by = "ada";
  mailbox.at(Millis(150), abort);
  EXPECT_EQ(deploy("v2", &mailbox).phase, Phase::Aborted);
  EXPECT_TRUE(team_.world.migrated.empty());
  EXPECT_EQ(team_.migrations.look("migrate-expand").state, ports::MigrationView::State::Failed);
}

}  // namespace
}  // namespace slipway::release

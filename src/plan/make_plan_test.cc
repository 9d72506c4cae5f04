// What is refused, what is changed with a note, and the order of the steps.
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/values.h"
#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {
std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps) out.push_back(step.id);
  return out;
}

std::string id_line(const Result<Plan>& plan) {
  return plan ? join(ids(*plan), " ") : plan.error().sentence();
}

const Step& step_of(const Plan& plan, const std::string& id) {
  for (const auto& step : plan.steps) {
    if (step.id == id) return step;
  }
  ADD_FAILURE() << "no step " << id;
  return plan.steps.front();
}

Result<Plan> plan_for(const config::Environment& settings) {
  return make_plan(shop(settings), facts_with_live(settings), deploy());
}

bool has_note(const Plan& plan, const std::string& part) {
  for (const auto& note : plan.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(MakePlan, BlueGreenStartsEverythingBeforeItSwitchesOnce) {
  const auto plan = plan_for(shop_settings(config::Strategy::BlueGreen));
  EXPECT_EQ(id_line(plan),
            "preflight start-worker probe-worker start-web probe-web smoke shift-100 judge-100 "
            "promote retire-old-worker post-smoke watch notify");
}

TEST(MakePlan, BlueGreenDrainsAndStopsTheOldColourWhenItIsNotKept) {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  settings.rollout.keep_old = Millis(0);
  const auto plan = plan_for(settings);
  ASSERT_TRUE(plan) << id_line(plan);
  EXPECT_EQ(id_line(plan),
            "preflight start-worker probe-worker start-web probe-web smoke shift-100 judge-100 "
            "promote retire-old-worker post-smoke watch drain-old retire-old-web notify");
  EXPECT_EQ(step_of(*plan, "retire-old-web").on_failure, OnFailure::GoOn);
  EXPECT_TRUE(step_of(*plan, "retire-old-worker").undoable);
}

TEST(MakePlan, CanaryWritesFractionsOfPercentsAsIds) {
  const auto plan = plan_for(shop_settings(config::Strategy::Canary));
  EXPECT_EQ(id_line(plan),
            "preflight start-worker probe-worker start-web probe-web smoke shift-0_5 judge-0_5 "
            "shift-10 judge-10 shift-100 judge-100 promote retire-old-worker post-smoke watch "
            "notify");
}

TEST(MakePlan, NoJudgePeriodMeansNoJudgeSteps) {
  auto settings = shop_settings(config::Strategy::Canary);
  settings.rollout.judge.period = Millis(0);
  settings.watch = Millis(0);
  settings.smoke.clear();
  EXPECT_EQ(id_line(plan_for(settings)),
            "preflight start-worker probe-worker start-web probe-web shift-0_5 shift-10 shift-100 "
            "promote retire-old-worker notify");
}

TEST(MakePlan, RollingKeepsOldInstancesForTheRestOfTheTraffic) {
  auto settings = shop_settings(config::Strategy::Rolling);
  settings.services = {web_service(3)};
  settings.services[0].needs.clear();
  settings.rollout.batch = 2;
  settings.smoke.clear();
  auto old = settings;
  old.services = {web_service(5)};
  const auto plan = make_plan(shop(settings), facts_with_live(old), deploy());
  ASSERT_TRUE(plan) << id_line(plan);
  EXPECT_EQ(id_line(plan),
            "preflight start-web-1 probe-web-1 shift-web-1 judge-web-1 drain-web-1 shrink-web-1 "
            "start-web-2 probe-web-2 shift-web-2 judge-web-2 drain-web-2 shrink-web-2 promote "
            "watch notify");
  const Step& shift = step_of(*plan, "shift-web-1");
  EXPECT_DOUBLE_EQ(shift.percent, 66.67);
  EXPECT_EQ(shift.new_count, 2);
  EXPECT_EQ(shift.old_count, 2);
  EXPECT_EQ(step_of(*plan, "shrink-web-1").count, 2);
  EXPECT_EQ(step_of(*plan, "shrink-web-1").undo_count, 5);
  EXPECT_EQ(step_of(*plan, "shrink-web-2").count, 0);
}

TEST(MakePlan, RollingGivesAServiceThatIsNewAllItsTrafficWithTheFirstBatch) {
  auto settings = shop_settings(config::Strategy::Rolling);
  auto old = settings;
  old.services = {worker_service()};
  const auto plan = make_plan(shop(settings), facts_with_live(old), deploy());
  ASSERT_TRUE(plan);
  EXPECT_EQ(step_of(*plan, "shift-web-1").percent, 100);
  EXPECT_EQ(step_of(*plan, "shift-web-1").undo_text, "no traffic to web, as before");
}

TEST(MakePlan, RollingStopsAServiceThatTheNewVersionNoLongerHas) {
  auto settings = shop_settings(config::Strategy::Rolling);
  auto old = settings;
  old.services.push_back(web_service());
  old.services.back().name = "legacy";
  const auto plan = make_plan(shop(settings), facts_with_live(old), deploy());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(step_of(*plan, "retire-old-legacy").undoable);
}

TEST(MakePlan, RecreateGoesBackThroughTheMaintenancePage) {
  const auto plan = plan_for(shop_settings(config::Strategy::Recreate));
  ASSERT_TRUE(plan);
  EXPECT_EQ(id_line(plan),
            "preflight maintenance drain-old retire-old-web retire-old-worker start-worker "
            "probe-worker start-web probe-web smoke shift-100 judge-100 promote post-smoke watch "
            "notify");
  EXPECT_TRUE(step_of(*plan, "shift-100").undo_to_maintenance);
  EXPECT_EQ(step_of(*plan, "retire-old-web").undo_count, 2);
}

TEST(MakePlan, AFirstReleaseHasNothingToCompareWithAndIsNotShifted) {
  auto settings = shop_settings(config::Strategy::Canary);
  Facts facts = facts_with_live(settings);
  facts.live.reset();
  const auto plan = make_plan(shop(settings), facts, deploy());
  EXPECT_EQ(id_line(plan),
            "preflight start-worker probe-worker start-web probe-web smoke shift-100 promote "
            "post-smoke watch notify");
  EXPECT_TRUE(has_note(*plan, "nothing is live yet"));
}

TEST(MakePlan, TheSameVersionMayBeReleasedAgainAndThePlanSaysSo) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  const auto plan = make_plan(shop(settings), facts_with_live(settings), deploy("v1"));
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has_note(*plan, "v1 is live already"));
  EXPECT_EQ(step_of(*plan, "shift-100").undo_text, "all traffic back to v1 (r-0041)");
}

TEST(MakePlan, CanaryWithoutWeightsIsRefusedWithWhatToUseInstead) {
  const auto settings = shop_settings(config::Strategy::Canary);
  Facts facts = facts_with_live(settings);
  facts.capabilities.weights = false;
  facts.capabilities.router_name = "command";
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::Unsupported);
  EXPECT_EQ(plan.error().what,
            "canary needs a router that gives each release a share of the traffic, and command can "
            "only send all of it or none");
  EXPECT_NE(plan.error().next.find("blue-green"), std::string::npos);
}

TEST(MakePlan, OnlyRecreateWorksWhereOldAndNewCannotStandSideBySide) {
  for (const auto strategy : {config::Strategy::BlueGreen, config::Strategy::Canary,
                              config::Strategy::Rolling, config::Strategy::Recreate}) {
    const auto settings = shop_settings(strategy);
    Facts facts = facts_with_live(settings);
    facts.capabilities.side_by_side = false;
    const auto plan = make_plan(shop(settings), facts, deploy());
    EXPECT_EQ(plan.has_value(), strategy == config::Strategy::Recreate);
    if (plan) continue;
    EXPECT_EQ(plan.error().code, Code::Unsupported);
    EXPECT_EQ(plan.error().next, "use rollout.strategy: recreate");
  }
}

TEST(MakePlan, JudgingWithoutCountsIsRefused) {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  Facts facts = facts_with_live(settings);
  facts.capabilities.metrics = false;
  EXPECT_EQ(make_plan(shop(settings), facts, deploy()).error().code, Code::Unsupported);
  settings.rollout.judge.period = Millis(0);
  EXPECT_EQ(make_plan(shop(settings), facts, deploy()).error().code, Code::Unsupported);
  settings.watch = Millis(0);
  EXPECT_TRUE(make_plan(shop(settings), facts, deploy()));
}

TEST(MakePlan, JudgingByLatencyWithoutTimesIsRefused) {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  settings.watch = Millis(60'000);
  settings.roll_back_when = {*config::parse_trigger("error_rate > 5%"),
                             *config::parse_trigger("latency_p95 > 500ms")};
  Facts facts = facts_with_live(settings);
  facts.capabilities.latencies = false;
  facts.capabilities.router_name = "counter";
  const auto refused = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unsupported);
  EXPECT_EQ(refused.error().what,
            "judging by latency needs the time of each answer, and counter counts no times");
  settings.roll_back_when.pop_back();
  EXPECT_TRUE(make_plan(shop(settings), facts, deploy()));
}

TEST(MakePlan, RecreateWithoutMaintenancePageGoesOnWithANote) {
  const auto settings = shop_settings(config::Strategy::Recreate);
  Facts facts = facts_with_live(settings);
  facts.capabilities.maintenance = false;
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has_note(*plan, "cannot show a maintenance page"));
  EXPECT_EQ(id_line(plan).find("maintenance"), std::string::npos);
  EXPECT_FALSE(step_of(*plan, "shift-100").undo_to_maintenance);
}

TEST(MakePlan, NothingIsDrainedWhereTheRouterCannot) {
  auto settings = shop_settings(config::Strategy::Rolling);
  Facts facts = facts_with_live(settings);
  facts.capabilities.drain = false;
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_TRUE(plan);
  for (const auto& step : plan->steps) EXPECT_NE(step.kind, StepKind::Drain);
  EXPECT_TRUE(has_note(*plan, "cannot wait for running requests"));
}

TEST(MakePlan, AnUnknownEnvironmentNamesTheNearestOne) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  Request request = deploy();
  request.environment = "prodution";
  const auto plan = make_plan(shop(settings), facts_with_live(settings), request);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::Usage);
  EXPECT_EQ(plan.error().next, "did you mean 'production'?");
  request.environment = "x";
  EXPECT_EQ(make_plan(shop(settings), facts_with_live(settings), request).error().next,
            "there are: production");
}

TEST(MakePlan, AVersionMustBeNamed) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  EXPECT_EQ(make_plan(shop(settings), facts_with_live(settings), deploy("")).error().code,
            Code::Usage);
}

TEST(MakePlan, DamagedStoredSettingsOfTheLiveReleaseAreNamed) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  Facts facts = facts_with_live(settings);
  facts.live->environment = Json("not an environment");
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().what.find("r-0041"), std::string::npos);
}

TEST(SmokeOf, AfterPromotionOnlyChecksThatReadAreRun) {
  const auto plan = plan_for(shop_settings(config::Strategy::BlueGreen));
  ASSERT_TRUE(plan);
  EXPECT_EQ(smoke_of(*plan, step_of(*plan, "smoke")).size(), 2u);
  const auto after = smoke_of(*plan, step_of(*plan, "post-smoke"));
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].get, "/health");
  EXPECT_EQ(after[0].service, "web");
}

class Rollback : public ::testing::Test {
 protected:
  config::Environment settings_ = shop_settings(config::Strategy::BlueGreen);
  Facts facts_ = facts_with_live(settings_);
  void SetUp() override {
    auto stored = settings_;
    stored.services[1].instances = 7;
    facts_.previous = kept(stored, "r-0040", "v0");
  }
  Result<Plan> plan(const std::string& version = "") {
    return make_plan(shop(settings_), facts_, roll_back(version));
  }
};

TEST_F(Rollback, UsesTheSettingsTheTargetWasReleasedWith) {
  const auto made = plan();
  ASSERT_TRUE(made) << id_line(made);
  EXPECT_EQ(made->settings.services[1].instances, 7);
  EXPECT_EQ(made->digests.at("web"), "sha256:v0");
  EXPECT_EQ(made->version, "v0");
  EXPECT_EQ(made->target_release, "r-0040");
}

TEST_F(Rollback, OfAWarmColourAsksOnceAndSwitches) {
  facts_.previous->warm = true;
  const auto made = plan();
  ASSERT_TRUE(made);
  EXPECT_EQ(id_line(made),
            "probe-web shift-100 start-worker probe-worker promote retire-old-worker drain-old "
            "retire-old-web notify");
  EXPECT_EQ(made->steps[0].successes, 1);
}

TEST_F(Rollback, OfAColdColourStartsItBeforeItSwitches) {
  EXPECT_EQ(id_line(plan()),
            "preflight start-worker probe-worker start-web probe-web shift-100 promote "
            "retire-old-worker drain-old retire-old-web notify");
}

TEST_F(Rollback, OfAColdColourStopsWhatIsLiveFirstWhereBothCannotRun) {
  facts_.capabilities.side_by_side = false;
  EXPECT_EQ(id_line(plan()),
            "preflight maintenance drain-old retire-old-web retire-old-worker start-worker "
            "probe-worker start-web probe-web shift-100 promote notify");
  EXPECT_EQ(plan()->strategy, config::Strategy::Recreate);
  EXPECT_TRUE(step_of(*plan(), "shift-100").undo_to_maintenance);
}

TEST_F(Rollback, NeverChoosesAReleaseThatWasTakenBackByItself) {
  facts_.previous->bad = true;
  const auto refused = plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Refused);
  EXPECT_TRUE(plan("v0"));
  EXPECT_TRUE(plan("r-0040"));
}

TEST_F(Rollback, AVersionThatIsNotKeptIsNamed) {
  EXPECT_NE(plan("v9").error().what.find("v9 is not kept"), std::string::npos);
  facts_.previous.reset();  // what is looked for by name and not found
  EXPECT_EQ(plan("v9").error().code, Code::NotFound);
  EXPECT_NE(plan("v9").error().what.find("v9 is not kept"), std::string::npos)
      << plan("v9").error().what;
}

TEST_F(Rollback, WithoutAnEarlierReleaseSaysSo) {
  facts_.previous.reset();
  EXPECT_EQ(plan().error().code, Code::NothingToRollBack);
}

TEST_F(Rollback, ToAVersionThatIsNotKeptSaysSo) {
  EXPECT_EQ(plan("v9").error().code, Code::NotFound);
}

TEST_F(Rollback, WithDamagedStoredSettingsNamesTheRelease) {
  facts_.previous->environment = Json("damaged");
  const auto made = plan();
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("r-0040"), std::string::npos);
}
}  // namespace
}  // namespace slipway::plan

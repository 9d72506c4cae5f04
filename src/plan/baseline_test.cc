// The plan of a canary that is judged beside fresh instances of the old release.
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

config::Environment fresh_settings() {
  auto settings = shop_settings(config::Strategy::Canary);
  settings.rollout.steps = {10, 50, 100};
  settings.rollout.judge.baseline = config::Baseline::Fresh;
  return settings;
}

Plan plan_of(const config::Environment& settings) {
  auto plan = make_plan(shop(settings), facts_with_live(settings), deploy());
  EXPECT_TRUE(plan) << plan.error().sentence();
  return plan ? std::move(plan).value() : Plan{};
}

const Step* step_named(const Plan& plan, const std::string& id) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [&](const Step& step) { return step.id == id; });
  return found == plan.steps.end() ? nullptr : &*found;
}

int place_of(const Plan& plan, const std::string& id) {
  const auto* step = step_named(plan, id);
  return step == nullptr ? -1 : static_cast<int>(step - plan.steps.data());
}

TEST(FreshBaseline, IsReadyBeforeTheFirstShiftAndStoppedAfterThePromotion) {
  const auto plan = plan_of(fresh_settings());
  EXPECT_LT(place_of(plan, "smoke"), place_of(plan, "baseline-start-web"));
  EXPECT_LT(place_of(plan, "baseline-start-web"), place_of(plan, "baseline-probe-web"));
  EXPECT_LT(place_of(plan, "baseline-probe-web"), place_of(plan, "shift-10"));
  EXPECT_EQ(place_of(plan, "baseline-drain"), place_of(plan, "promote") + 1);
  EXPECT_EQ(place_of(plan, "baseline-retire-web"), place_of(plan, "promote") + 2);
}

TEST(FreshBaseline, HasAsManyInstancesAsTheCanaryAndOnlyOfWhatHasTraffic) {
  auto settings = fresh_settings();
  auto facts = facts_with_live(settings);
  settings.services[1].instances = 5;
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_TRUE(plan);
  EXPECT_EQ(step_named(*plan, "baseline-start-web")->count, 5);
  EXPECT_EQ(step_named(*plan, "baseline-start-worker"), nullptr);
}

TEST(FreshBaseline, GetsWhatTheCanaryGetsButNeverMoreThanHalfOfTheRest) {
  const auto plan = plan_of(fresh_settings());
  EXPECT_DOUBLE_EQ(step_named(plan, "shift-10")->baseline, 10);
  EXPECT_DOUBLE_EQ(step_named(plan, "shift-50")->baseline, 25);
  EXPECT_DOUBLE_EQ(step_named(plan, "shift-100")->baseline, 0);
  for (const double canary : {0.1, 1.0, 33.3, 50.0, 90.0, 99.9}) {
    const double fresh = baseline_percent(canary);
    EXPECT_GT(fresh, 0);
    EXPECT_LE(fresh, canary);
    EXPECT_LE(fresh, 100 - canary - fresh + 1e-9);
  }
}

TEST(FreshBaseline, NeverTakesAReleaseBack) {
  const auto plan = plan_of(fresh_settings());
  for (const auto& step : plan.steps) {
    EXPECT_EQ(step.on_failure == OnFailure::DoWithout, step.of_baseline) << step.id;
  }
  const auto words = in_words(plan);
  EXPECT_NE(words.find("start 2 fresh instances of web v1, to judge v2 beside\n"
                       "    if it fails: go on without it, judged beside the old release\n"
                       "    undone by: stop them\n"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("10% of the traffic to v2, 10% to the fresh v1\n"), std::string::npos);
  EXPECT_NE(words.find("judge v2 for 30s on what the router counts, beside the fresh v1\n"),
            std::string::npos);
}

TEST(FreshBaseline, IsPartOfThePlanItsDocumentAndItsHash) {
  const auto plan = plan_of(fresh_settings());
  const auto back = plan_from_json(to_json(plan));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back).dump(), to_json(plan).dump());
  EXPECT_EQ(hash_of(*back), plan.hash);
  auto settings = fresh_settings();
  settings.rollout.judge.baseline = config::Baseline::Old;
  const auto without = plan_of(settings);
  EXPECT_NE(without.hash, plan.hash);
  EXPECT_EQ(place_of(without, "baseline-start-web"), -1);
  EXPECT_EQ(to_json(without).dump().find("of_baseline"), std::string::npos);
}

TEST(FreshBaseline, IsRefusedWhereNoThirdReleaseCanHaveAShare) {
  const auto settings = fresh_settings();
  auto facts = facts_with_live(settings);
  facts.capabilities.third_share = false;
  const auto refused = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unsupported);
  EXPECT_NE(refused.error().what.find("process with edge cannot do that"), std::string::npos);
  facts.live.reset();
  EXPECT_TRUE(make_plan(shop(settings), facts, deploy()));
}

TEST(FreshBaseline, OfAServiceThatIsNewThereIsNone) {
  auto settings = fresh_settings();
  const auto facts = facts_with_live(settings);
  auto extra = web_service();
  extra.name = "search";
  settings.services.push_back(extra);
  const auto plan = make_plan(shop(settings), facts, deploy());
  ASSERT_TRUE(plan);
  EXPECT_GE(place_of(*plan, "baseline-start-web"), 0);
  EXPECT_EQ(place_of(*plan, "baseline-start-search"), -1);
}

}  // namespace
}  // namespace slipway::plan

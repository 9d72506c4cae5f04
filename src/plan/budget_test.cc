#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

// web x 2 and worker x 1: three instances of ten connections each.
config::Environment settings_with(config::Strategy strategy, int pool = 10) {
  auto out = shop_settings(strategy);
  out.database.url = "postgresql://shop@db/shop";
  out.database.pool = pool;
  return out;
}

Facts facts_with(const config::Environment& settings, Seats seats) {
  auto out = facts_with_live(settings);
  out.seats = std::move(seats);
  return out;
}

Result<Plan> planned(const config::Environment& settings, const Facts& facts) {
  return make_plan(shop(settings), facts, deploy());
}

std::string note_of(const Plan& plan) {
  for (const auto& note : plan.notes)
    if (note.find("connections") != std::string::npos) return note;
  return {};
}

TEST(Budget, BothReleasesCountWhileBothRun) {
  const auto settings = settings_with(config::Strategy::BlueGreen);
  const auto plan = planned(settings, facts_with(settings, {100, 3, 30, 34, ""}));
  ASSERT_TRUE(plan) << plan.error().sentence();
  EXPECT_EQ(note_of(*plan),
            "connections to the database: 60 of the app's instances at the worst moment, 34 of "
            "others now, 3 of slipway: 97 of 97 (100 - 3 reserved)");
}

TEST(Budget, OneTooManyIsRefusedWithTheNumbersBeforeAnythingStarts) {
  const auto settings = settings_with(config::Strategy::BlueGreen);
  const auto plan = planned(settings, facts_with(settings, {100, 3, 30, 35, ""}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::Refused);
  EXPECT_NE(plan.error().what.find("98 of 97"), std::string::npos) << plan.error().what;
}

TEST(Budget, AFreshBaselineRunsBesideBoth) {
  auto settings = settings_with(config::Strategy::Canary);
  settings.rollout.steps = {10, 100};
  settings.rollout.judge.baseline = config::Baseline::Fresh;
  // 30 + 30, and 2 x 10 of the fresh web: the worker has no traffic to be judged by.
  EXPECT_TRUE(planned(settings, facts_with(settings, {86, 3, 30, 0, ""})));
  EXPECT_FALSE(planned(settings, facts_with(settings, {85, 3, 30, 0, ""})));
}

TEST(Budget, RecreateRunsOneReleaseAtATime) {
  const auto settings = settings_with(config::Strategy::Recreate);
  EXPECT_TRUE(planned(settings, facts_with(settings, {36, 3, 30, 0, ""})));
  EXPECT_FALSE(planned(settings, facts_with(settings, {35, 3, 30, 0, ""})));
}

TEST(Budget, RollingNeedsRoomForOneBatchMore) {
  const auto settings = settings_with(config::Strategy::Rolling);
  EXPECT_TRUE(planned(settings, facts_with(settings, {46, 3, 30, 0, ""})));  // 30 + 10 + 3 + 3
  EXPECT_FALSE(planned(settings, facts_with(settings, {45, 3, 30, 0, ""})));
}

TEST(Budget, AServiceMayHaveAPoolOfItsOwn) {
  auto settings = settings_with(config::Strategy::Recreate);
  settings.services[0].pool = 0;  // the worker
  EXPECT_TRUE(planned(settings, facts_with(settings, {26, 3, 20, 0, ""})));
  EXPECT_FALSE(planned(settings, facts_with(settings, {25, 3, 20, 0, ""})));
}

TEST(Budget, WhatTheAppsRoleHoldsBeyondItsInstancesIsSomebodyElses) {
  const auto settings = settings_with(config::Strategy::Recreate);
  const auto plan = planned(settings, facts_with(settings, {100, 3, 35, 2, ""}));
  ASSERT_TRUE(plan);
  EXPECT_NE(note_of(*plan).find("7 of others now"), std::string::npos) << note_of(*plan);
}

TEST(Budget, AReleaseKeptWarmHoldsItsConnectionsToo) {
  const auto settings = settings_with(config::Strategy::BlueGreen);
  auto facts = facts_with(settings, {100, 3, 60, 0, ""});
  facts.previous = kept(settings, "r-0040", "v0");
  facts.previous->warm = true;
  const auto plan = planned(settings, facts);
  ASSERT_TRUE(plan) << plan.error().sentence();
  EXPECT_NE(note_of(*plan).find("30 of a release kept warm"), std::string::npos) << note_of(*plan);
  EXPECT_NE(note_of(*plan).find("93 of 97"), std::string::npos) << note_of(*plan);
}

TEST(Budget, ADatabaseThatDoesNotAnswerIsSaidAndStopsNothing) {
  const auto settings = settings_with(config::Strategy::BlueGreen);
  const auto plan = planned(settings, facts_with(settings, {0, 0, 0, 0, "nobody answers"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(note_of(*plan), "the database's connections were not counted: nobody answers");
}

TEST(Budget, WithoutAPoolNobodyCounts) {
  const auto settings = settings_with(config::Strategy::BlueGreen, 0);
  EXPECT_FALSE(needs_seats(settings));
  const auto plan = planned(settings, facts_with_live(settings));
  ASSERT_TRUE(plan);
  EXPECT_EQ(note_of(*plan), "");
}

}  // namespace
}  // namespace slipway::plan

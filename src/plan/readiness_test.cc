// The readiness of an environment: every point is explained, every missing one has a next step.
#include "plan/readiness.h"

#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

// What cartrel's paper calls basic: one environment, restarts in place, nobody judges.
config::Environment basic() {
  config::Environment out;
  out.name = "production";
  auto web = web_service(1);
  web.needs.clear();
  web.env["STRIPE_SECRET_KEY"] = "sk_live";
  out.services = {web};
  out.rollout.strategy = config::Strategy::Recreate;
  return out;
}

config::Config grown() {
  auto settings = shop_settings(config::Strategy::Canary);
  settings.rollout.keep_old = Millis(3'600'000);
  settings.gates.approvals.need = 1;
  settings.gates.approvals.from = {"kim"};
  settings.gates.window.days = {"mon-thu"};
  auto config = shop(settings);
  config.environments["staging"] = basic();
  return config;
}

const ReadinessItem& item(const Readiness& readiness, const std::string& name) {
  for (const auto& one : readiness.items) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no item " << name;
  return readiness.items.front();
}

TEST(Readiness, TheItemsAddUpToAHundred) {
  int all = 0;
  for (const auto& one : readiness_of(grown(), "production").items) all += one.of;
  EXPECT_EQ(all, 100);
}

TEST(Readiness, WhatHasEverythingHasAllPointsAndNothingToDo) {
  const auto readiness = readiness_of(grown(), "production");
  EXPECT_EQ(readiness.score(), 100);
  for (const auto& one : readiness.items) {
    EXPECT_EQ(one.next, "") << one.name << ": " << one.found;
    EXPECT_FALSE(one.found.empty());
  }
}

TEST(Readiness, EveryMissingPointSaysWhatToDoNext) {
  const auto readiness = readiness_of(shop(basic()), "production");
  EXPECT_EQ(readiness.score(), 15);  // it is probed, and that is all
  for (const auto& one : readiness.items)
    EXPECT_EQ(one.next.empty(), one.points == one.of) << one.name;
  EXPECT_EQ(item(readiness, "secrets").found, "in the file itself: web.STRIPE_SECRET_KEY");
  EXPECT_NE(item(readiness, "downtime").next.find("strategy: blue-green"), std::string::npos);
}

TEST(Readiness, HalfOfTheServicesIsHalfOfThePoints) {
  auto config = grown();
  auto api = web_service(2);
  api.name = "api";
  api.health.reset();
  config.environments["production"].services.push_back(api);
  const auto readiness = readiness_of(config, "production");
  EXPECT_EQ(item(readiness, "health").points, 7);
  EXPECT_EQ(item(readiness, "health").found, "without: api");
}

TEST(Readiness, RulesThatAreArmedForNoTimeCountForNothing) {
  auto config = grown();
  config.environments["production"].watch = Millis(0);
  config.environments["production"].rollout.judge.period = Millis(0);
  EXPECT_EQ(item(readiness_of(config, "production"), "judged").found,
            "roll_back_when is armed for no time");
}

}  // namespace
}  // namespace slipway::plan

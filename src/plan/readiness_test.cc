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
  config::GateCheck check;
  for (const auto kind : {config::GateCheck::Kind::Tests, config::GateCheck::Kind::Scan,
                          config::GateCheck::Kind::Run}) {
    check.kind = kind;
    check.name = kind == config::GateCheck::Kind::Run ? "backup" : "look";
    settings.gates.checks.push_back(check);
  }
  settings.channels["ops"] = {};
  settings.alerts.emplace_back().to = {"ops"};
  settings.notify.push_back({{}, {"ops"}});
  auto config = shop(settings);
  config.environments["staging"] = basic();
  return config;
}

constexpr std::int64_t kNow = 1'795'276'200'000;
constexpr std::int64_t kDay = 86'400'000;
const Sightings kSeen{kNow,        {"completed", "completed"}, kNow - 30 * kDay, 2, {}, true,
                      60 * 86'400, {{"ops", kNow - kDay}}};

const ReadinessItem& item(const Readiness& readiness, const std::string& name) {
  for (const auto& one : readiness.items) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no item " << name;
  return readiness.items.front();
}

TEST(Readiness, TheItemsAddUpToAHundred) {
  int all = 0;
  for (const auto& one : readiness_of(grown(), "production", &kSeen).items) all += one.of;
  EXPECT_EQ(all, 100);
}

TEST(Readiness, WhatHasEverythingHasAllPointsAndNothingToDo) {
  const auto readiness = readiness_of(grown(), "production", &kSeen);
  EXPECT_EQ(readiness.score(), 98);
  EXPECT_EQ(readiness.level(), "production-ready");
  for (const auto& one : readiness.items) {
    if (one.name == "backups") continue;  // nothing here proves one
    EXPECT_EQ(one.next, "") << one.name << ": " << one.found;
    EXPECT_FALSE(one.found.empty());
  }
}

TEST(Readiness, EveryMissingPointSaysWhatToDoNext) {
  const auto readiness = readiness_of(shop(basic()), "production", nullptr);
  EXPECT_EQ(readiness.score(), 8);  // it is probed, and that is all
  EXPECT_EQ(readiness.level(), "at risk");
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
  const auto readiness = readiness_of(config, "production", &kSeen);
  EXPECT_EQ(item(readiness, "health").points, 4);
  EXPECT_EQ(item(readiness, "health").found, "without: api");
}

TEST(Readiness, RulesThatAreArmedForNoTimeCountForNothing) {
  auto config = grown();
  config.environments["production"].watch = Millis(0);
  config.environments["production"].rollout.judge.period = Millis(0);
  EXPECT_EQ(item(readiness_of(config, "production", &kSeen), "judged").found,
            "roll_back_when is armed for no time");
}

TEST(Readiness, WhatWasSeenCountsForWhatItIs) {
  auto seen = kSeen;
  seen.outcomes = {"completed", "rolled_back", "completed", "aborted"};
  seen.last_rollback_ms = kNow - 100 * kDay;
  seen.unwell = {"web/0: 503 from /health"};
  seen.certificate_s = 3 * 86'400;
  seen.channels["ops"] = kNow - 40 * kDay;
  const auto readiness = readiness_of(grown(), "production", &seen);
  const auto expect = [&](const char* name, int points, const char* found) {
    EXPECT_EQ(item(readiness, name).points, points) << name;
    EXPECT_EQ(item(readiness, name).found, found);
    EXPECT_FALSE(item(readiness, name).next.empty()) << name;
  };
  expect("released", 2, "2 of the last 4 releases went well");
  expect("drill", 2, "the last rollback was 100 days ago");
  expect("well", 0, "web/0: 503 from /health");
  expect("certificate", 0, "the first certificate ends in 3 days");
  expect("heard", 0, "nothing reached ops within 30 days");
  expect("backups", 2,
         "a command of yours looks before each release; slipway itself has restored none");
}

TEST(Readiness, BackupsOfSlipwaysOwnHaveMorePoints) {
  auto settings = shop_settings(config::Strategy::Canary);
  settings.database.url = "postgresql:///shop";
  settings.database.backup.is_set = true;
  const auto readiness = readiness_of(shop(settings), "production", &kSeen);
  EXPECT_EQ(item(readiness, "backups").points, 3);
  EXPECT_EQ(item(readiness, "backups").found, "slipway takes backups and restores one every 30d");
}

TEST(Readiness, WhatWasNeverSeenHasNoPoints) {
  const auto readiness = readiness_of(grown(), "production", nullptr);
  EXPECT_EQ(readiness.score(), 78);
  EXPECT_EQ(item(readiness, "drill").found, "not known: no daemon was asked");
  const Sightings nothing;
  EXPECT_EQ(item(readiness_of(grown(), "production", &nothing), "drill").found,
            "a rollback was never tried here");
}

TEST(Readiness, SightingsComeBackFromTheirDocument) {
  EXPECT_EQ(to_json(sightings_from_json(to_json(kSeen))), to_json(kSeen));
  EXPECT_EQ(to_json(sightings_from_json(to_json(Sightings()))), to_json(Sightings()));
}

}  // namespace
}  // namespace slipway::plan

// An app that stands still while its database is worked on: stopped behind the page, through a
// restart of the daemon, until it is ended or a release behind the page has.
#include "daemon/standstill.h"

#include <gtest/gtest.h>

#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

class StandstillTest : public DaemonKit {
 protected:
  static constexpr const char* kPath = "/v1/environments/shop/production/standstill";
  static constexpr const char* kApp =
      "environments:\n  production: { rollout: { keep_old: 1h } }\n";

  Json stand() {
    const auto answer = ask("GET", kPath);
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(openapi_.misfits("Standstill", answer.body), "");
    return answer.body;
  }
  bool becomes(const std::string& phase) {
    return eventually([&] { return stand().text("phase") == phase; });
  }
  Answer begin_one(const std::string& stage = "stopped") {
    return ask("POST", kPath,
               Json::object()
                   .set("on", true)
                   .set("why", "restore of its database")
                   .set("by", "kim")
                   .set("note", Json::object().set("stage", stage)));
  }
  Answer end_one() { return ask("POST", kPath, Json::object().set("on", false)); }
  int running() {
    int count = 0;
    const Json now = environment();
    for (const auto& one : now.at("instances").items())
      count += one.text("state") == "running" ? 1 : 0;
    return count;
  }
  Answer roll_back(bool ends) {
    Json body = Json::object()
                    .set("kind", "rollback")
                    .set("app", "shop")
                    .set("environment", "production")
                    .set("by", "kim");
    if (ends) body.set("ends_standstill", true);
    return ask("POST", "/v1/releases", body);
  }
};

TEST_F(StandstillTest, StopsTheAppBehindThePageAndStartsItAgain) {
  start();
  deployed(kApp, "v1");
  EXPECT_FALSE(stand().flag("on"));
  EXPECT_EQ(begin_one().status, 200);
  ASSERT_TRUE(becomes("stopped")) << stand().dump();
  EXPECT_EQ(environment().text("mode"), "maintenance");
  EXPECT_EQ(running(), 0);
  EXPECT_EQ(environment().at("standstill").text("by"), "kim");
  EXPECT_EQ(end_one().status, 200);
  ASSERT_TRUE(eventually([&] { return !stand().flag("on"); })) << stand().dump();
  EXPECT_EQ(environment().text("mode"), "serve");
  EXPECT_EQ(running(), 1);
}

TEST_F(StandstillTest, HoldsThroughARestartOfTheDaemonWithItsNote) {
  start();
  deployed(kApp, "v1");
  begin_one("moved");
  start();
  ASSERT_TRUE(becomes("stopped"));
  EXPECT_EQ(stand().at("note").text("stage"), "moved");
  EXPECT_EQ(running(), 0);
  begin_one("copied");
  EXPECT_EQ(stand().text("phase"), "stopped") << "a new note stops nothing twice";
  EXPECT_EQ(stand().at("note").text("stage"), "copied");
  end_one();
  start();
  ASSERT_TRUE(eventually([&] { return !stand().flag("on"); }));
  EXPECT_EQ(running(), 1);
}

TEST_F(StandstillTest, KeepsThePageUntilItIsOver) {
  start();
  deployed(kApp, "v1");
  begin_one();
  ASSERT_TRUE(becomes("stopped"));
  const std::string page = "/v1/environments/shop/production/maintenance";
  const auto off = ask("POST", page, Json::object().set("on", false));
  EXPECT_EQ(off.status, 409) << off.text;
  EXPECT_NE(off.what().find("restore of its database"), std::string::npos) << off.what();
}

TEST_F(StandstillTest, LeavesThePageThatAPersonHasAskedFor) {
  start();
  deployed(kApp, "v1");
  const std::string page = "/v1/environments/shop/production/maintenance";
  ask("POST", page, Json::object().set("on", true).set("message", "back at noon"));
  begin_one();
  ASSERT_TRUE(becomes("stopped"));
  end_one();
  ASSERT_TRUE(eventually([&] { return !stand().flag("on"); }));
  EXPECT_EQ(environment().text("mode"), "maintenance");
  EXPECT_EQ(ask("POST", page, Json::object().set("on", false)).status, 200);
}

TEST_F(StandstillTest, LetsNoReleaseBeginButTheOneThatEndsIt) {
  start();
  deployed(kApp, "v1");
  deployed(kApp, "v2");
  begin_one();
  ASSERT_TRUE(becomes("stopped"));
  const auto deploy = ask("POST", "/v1/releases", request(kApp, "v3"));
  EXPECT_EQ(deploy.status, 409) << deploy.text;
  EXPECT_NE(deploy.what().find("stands still"), std::string::npos) << deploy.what();
  EXPECT_EQ(roll_back(false).status, 409);
  const auto back = roll_back(true);
  ASSERT_EQ(back.status, 201) << back.text;
  EXPECT_EQ(outcome_of(back.body.text("release")), "completed");
  ASSERT_TRUE(eventually([&] { return !stand().flag("on"); })) << stand().dump();
  EXPECT_EQ(environment().text("mode"), "serve");
  EXPECT_EQ(environment().at("live").text("version"), "v1");
}

TEST_F(StandstillTest, GoesOnWhenTheReleaseBehindThePageIsTakenBack) {
  start();
  deployed(kApp, "v1");
  deployed(kApp, "v2");
  begin_one();
  ASSERT_TRUE(becomes("stopped"));
  fake::Behaviour never;
  never.version = "v1";
  never.ready_after = Millis(3'600'000);
  never.dies_after = Millis(1);
  world_.script({never});
  const auto back = roll_back(true);
  ASSERT_EQ(back.status, 201) << back.text;
  EXPECT_NE(outcome_of(back.body.text("release")), "completed");
  ASSERT_TRUE(becomes("stopped"));
  EXPECT_NE(stand().text("trouble").find("r-0003 was taken back"), std::string::npos)
      << stand().dump();
  EXPECT_EQ(environment().text("mode"), "maintenance");
}

TEST_F(StandstillTest, IsRefusedWhereThereIsNothingToStop) {
  start();
  EXPECT_EQ(begin_one().status, 404);
  EXPECT_EQ(end_one().status, 404);
  deployed(kApp, "v1");
  EXPECT_EQ(end_one().status, 404);
  EXPECT_EQ(ask("POST", kPath, Json::object().set("on", true)).status, 400) << "nobody says why";
}

}  // namespace
}  // namespace slipway::daemon

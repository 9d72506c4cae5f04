#include "release/standstill.h"

#include <gtest/gtest.h>

#include "release/reaper.h"
#include "tests/release/team.h"

namespace slipway::release {
namespace {

class StandstillTest : public testing::Test {
 protected:
  const std::vector<std::string> web_{"web"};

  ports::Lease lease() { return team_.store.take_lease(team_.app, "daemon 1", "").value(); }
  Rest rest_now(std::int64_t since_ms) {
    const auto rest = bring_to_rest(team_.ports, lease(), web_, since_ms);
    EXPECT_TRUE(rest) << rest.error().sentence();
    return rest ? *rest : Rest{};
  }
  std::int64_t now_ms() { return to_unix_ms(team_.clock.now()); }
  Rest come_to_rest() {
    const auto since = now_ms();
    Rest last;
    for (int i = 0; i < 50 && !last.is_reached; ++i) {
      last = rest_now(since);
      team_.clock.advance(Millis(500));
    }
    return last;
  }
  int running(const std::string& release) {
    int count = 0;
    const auto view = team_.instances.observe({"shop", "production", "web", release}).value();
    for (const auto& instance : view.instances)
      count += instance.state == ports::InstanceState::Running ? 1 : 0;
    return count;
  }

  Team team_;
};

TEST_F(StandstillTest, StopsTheLiveReleaseAndTheWarmOneBehindIt) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  ASSERT_TRUE(team_.release(deploy_of("v2")));
  ASSERT_EQ(running("r-0001"), 2);
  EXPECT_TRUE(come_to_rest().is_reached);
  EXPECT_EQ(running("r-0001"), 0);
  EXPECT_EQ(running("r-0002"), 0);
  EXPECT_EQ(team_.store.live(team_.app)->previous_warm_until_ms, 0) << "the promise is gone";
  EXPECT_EQ(team_.live(), "r-0002");
}

TEST_F(StandstillTest, SaysWhatStillStops) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  const auto first = rest_now(now_ms());
  EXPECT_FALSE(first.is_reached);
  EXPECT_EQ(first.waits_for, "2 instances still stopping");
}

TEST_F(StandstillTest, LeavesOtherServicesAlone) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  const auto rest = bring_to_rest(team_.ports, lease(), {"worker"}, now_ms());
  ASSERT_TRUE(rest);
  EXPECT_TRUE(rest->is_reached);
  EXPECT_EQ(running("r-0001"), 2);
}

TEST_F(StandstillTest, IsNotUndoneByTheReaper) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  ASSERT_TRUE(come_to_rest().is_reached);
  ASSERT_TRUE(reap(team_.ports, lease(), web_));
  team_.clock.advance(Millis(2'000));
  EXPECT_EQ(running("r-0001"), 0);
  EXPECT_TRUE(rest_now(now_ms()).is_reached);
}

TEST_F(StandstillTest, IsOverOnceTheReaperHasStartedTheLiveReleaseAndTheRouterKnowsIt) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  ASSERT_TRUE(is_awake(team_.ports, team_.app)->is_reached);
  ASSERT_TRUE(come_to_rest().is_reached);
  const auto asleep = is_awake(team_.ports, team_.app);
  ASSERT_TRUE(asleep);
  EXPECT_FALSE(asleep->is_reached);
  EXPECT_EQ(asleep->waits_for, "0 of 2 of web run");
  Rest last;
  for (int i = 0; i < 20 && !last.is_reached; ++i) {
    ASSERT_TRUE(reap(team_.ports, lease()));
    team_.clock.advance(Millis(2'000));
    last = is_awake(team_.ports, team_.app).value();
  }
  EXPECT_TRUE(last.is_reached) << last.waits_for;
  EXPECT_EQ(running("r-0001"), 2);
}

TEST_F(StandstillTest, SaysWhatThePlatformAnsweredWhenItCannotStop) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  team_.seam.hook = [](const fake::Point& point) {
    return point.call == fake::Call::Retire ? fake::Fault::NotAppliedBefore : fake::Fault::None;
  };
  const auto rest = bring_to_rest(team_.ports, lease(), web_, now_ms());
  ASSERT_FALSE(rest);
  EXPECT_NE(rest.error().what.find("while stopping web"), std::string::npos);
}

TEST(UsersOfDatabase, AreThoseWithItsSecretOrItsAddressAndAllWhenNoneSaysSo) {
  config::Environment settings;
  config::Service web, worker, mailer;
  web.name = "web";
  worker.name = "worker";
  mailer.name = "mailer";
  settings.services = {web, worker, mailer};
  settings.database.secret.name = "DATABASE_URL";
  EXPECT_EQ(users_of_database(settings), (std::vector<std::string>{"web", "worker", "mailer"}));
  settings.services[1].secrets = {"OTHER", "DATABASE_URL"};
  EXPECT_EQ(users_of_database(settings), std::vector<std::string>{"worker"});
  settings.database = {};
  settings.database.url = "postgresql://127.0.0.1/shop";
  settings.services[2].env["DB"] = "postgresql://127.0.0.1/shop?sslmode=disable";
  EXPECT_EQ(users_of_database(settings), std::vector<std::string>{"mailer"});
}

}  // namespace
}  // namespace slipway::release

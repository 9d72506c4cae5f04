#include "release/reaper.h"

#include <gtest/gtest.h>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

class ReaperTest : public testing::Test {
 protected:
  Result<Reaped> reap_now() {
    const auto lease = team_.store.take_lease(team_.app, "daemon 1", "").value();
    return reap(team_.ports, lease);
  }
  // Until nothing is left to do.
  Reaped settle() {
    Reaped last;
    for (int i = 0; i < 20; ++i) {
      auto reaped = reap_now();
      EXPECT_TRUE(reaped);
      if (!reaped) break;
      last = *reaped;
      if (!last.busy) break;
      team_.clock.advance(Millis(2'000));
    }
    EXPECT_FALSE(last.busy);
    return last;
  }
  int running(const std::string& release) {
    int count = 0;
    const auto view = team_.instances.observe({"shop", "production", "web", release}).value();
    for (const auto& instance : view.instances) {
      count += instance.state == ports::InstanceState::Running ? 1 : 0;
    }
    return count;
  }

  Team team_;
};

TEST_F(ReaperTest, HasNothingToDoRightAfterARelease) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  const auto reaped = reap_now();
  ASSERT_TRUE(reaped);
  EXPECT_FALSE(reaped->busy);
  EXPECT_EQ(reaped->next.count(), 0);
  EXPECT_EQ(running("r-0001"), 2);
}

TEST_F(ReaperTest, KeepsTheWarmColourAsLongAsPromisedAndNoLonger) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  ASSERT_TRUE(team_.release(deploy_of("v2")));
  const auto early = settle();
  EXPECT_GT(early.next.count(), 0) << "it says when to come back";
  EXPECT_EQ(running("r-0001"), 2);
  team_.clock.advance(team_.settings.rollout.keep_old);
  settle();
  EXPECT_EQ(running("r-0001"), 0);
  EXPECT_EQ(running("r-0002"), 2);
}

TEST_F(ReaperTest, StopsWhatNoReleaseKnows) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  const ports::Slot stray{"shop", "production", "web", "r-0099"};
  ASSERT_EQ(team_.instances.ensure(stray, {}, 1, {"r-0099", "start-web", 1}).kind,
            ports::Outcome::Kind::Applied);
  team_.clock.advance(Millis(2'000));
  const auto reaped = reap_now();
  ASSERT_TRUE(reaped);
  ASSERT_EQ(reaped->retired.size(), 1U);
  EXPECT_EQ(reaped->retired[0].release, "r-0099");
  settle();
  EXPECT_EQ(running("r-0001"), 2);
}

TEST_F(ReaperTest, LeavesAStrayWithTrafficAloneUntilItHasNone) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  ASSERT_TRUE(team_.store.set_live(*team_.store.lease(team_.app).value(), ports::LiveRow{}));
  const auto reaped = reap_now();
  ASSERT_TRUE(reaped);
  EXPECT_TRUE(reaped->busy);
  EXPECT_TRUE(reaped->retired.empty());
  EXPECT_EQ(running("r-0001"), 2);
}

TEST_F(ReaperTest, StartsTheLiveReleaseAgainAndTeachesTheRouterItsNewAddresses) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  const auto before = fake::find_route(team_.world, team_.app)->split->shares[0].addresses;
  for (auto& slot : team_.world.slots) slot.instances.clear();  // the machine was restarted
  const auto reaped = reap_now();
  ASSERT_TRUE(reaped);
  EXPECT_EQ(reaped->revived.size(), 1U);
  settle();
  EXPECT_EQ(running("r-0001"), 2);
  const auto after = fake::find_route(team_.world, team_.app)->split->shares[0].addresses;
  EXPECT_EQ(after.size(), before.size());
  EXPECT_NE(after, before);
}

TEST_F(ReaperTest, SaysWhatTheWorldAnsweredWhenItCannotStartAgain) {
  ASSERT_TRUE(team_.release(deploy_of("v1")));
  for (auto& slot : team_.world.slots) slot.instances.clear();
  team_.seam.hook = [](const fake::Point& point) {
    return point.call == fake::Call::Ensure ? fake::Fault::NotAppliedBefore : fake::Fault::None;
  };
  const auto reaped = reap_now();
  ASSERT_FALSE(reaped);
  EXPECT_NE(reaped.error().what.find("while starting web again"), std::string::npos);
}

}  // namespace
}  // namespace slipway::release

// What the fakes add to the contract: scripts, virtual time, and the seam that fails writes.
#include <gtest/gtest.h>

#include <stdexcept>

#include "drivers/fake/drivers.h"

namespace slipway::drivers::fake {
namespace {
using Kind = ports::Outcome::Kind;

class FakeWorld : public ::testing::Test {
 protected:
  World world_;
  VirtualClock clock_;
  Seam seam_{world_, clock_, {}};
  FakeInstances instances_{seam_};
  FakeRouter router_{seam_};
  FakeCounters counters_{seam_};
  FakeProbe probe_{seam_};
  FakeSmoke smoke_{seam_};
  const ports::Slot web_{"shop", "production", "web", "r-0001"};
  const ports::AppRef app_{"shop", "production"};

  void script(std::vector<Behaviour> behaviours, double per_second = 100) {
    world_.script = std::make_shared<Script>(Script{std::move(behaviours), per_second, {}});
  }
  static ports::WorkloadSpec spec(const std::string& version) {
    ports::WorkloadSpec out;
    out.version = version;
    return out;
  }
  static OpId op(const std::string& step) { return {"r-0001", step, 1}; }
  Kind start(int count, const std::string& step = "start-web") {
    return instances_.ensure(web_, spec("v1"), count, op(step)).kind;
  }
  std::string address(int index = 0) {
    return instances_.observe(web_)->instances[static_cast<std::size_t>(index)].address;
  }
  Kind route(double percent, const std::string& step) {
    ports::Split split;
    if (percent > 0) split.shares.push_back({"web", "r-0001", percent, {address()}});
    if (percent < 100) split.shares.push_back({"web", "r-0000", 100 - percent, {}});
    return router_.set_split(app_, split, router_.observe_split(app_)->version, 1, op(step)).kind;
  }
  std::size_t running() { return instances_.observe(web_)->instances.size(); }
};

TEST_F(FakeWorld, InstancesBecomeRunningAndReadyInTheirOwnTime) {
  script({{.running_after = Millis(100), .ready_after = Millis(500)}});
  ASSERT_EQ(start(1), Kind::Applied);
  EXPECT_EQ(instances_.observe(web_)->instances[0].state, ports::InstanceState::Starting);
  clock_.advance(Millis(100));
  EXPECT_EQ(instances_.observe(web_)->instances[0].state, ports::InstanceState::Running);
  EXPECT_FALSE(probe_.look(address(), {}).healthy);
  clock_.advance(Millis(400));
  EXPECT_TRUE(probe_.look(address(), {}).healthy);
}

TEST_F(FakeWorld, AVersionCanBeScriptedToNeverBecomeReady) {
  Behaviour never;
  never.version = "v1";
  never.never_ready = true;
  script({never});
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(1'000'000));
  EXPECT_FALSE(probe_.look(address(), {}).healthy);
  EXPECT_FALSE(smoke_.run({}, address(), {}, {}).passed);
}

TEST_F(FakeWorld, SmokeChecksFailWhereTheyAreScriptedTo) {
  Behaviour bad;
  bad.smoke_fails = true;
  script({bad});
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(2000));
  EXPECT_TRUE(probe_.look(address(), {}).healthy);
  EXPECT_FALSE(smoke_.run({}, address(), {}, {}).passed);
  EXPECT_FALSE(smoke_.run({}, "127.0.0.1:1", {}, {}).passed);
}

TEST_F(FakeWorld, ADeadInstanceIsStartedAgainByTheNextEnsure) {
  Behaviour dies;
  dies.dies_after = Millis(300);
  script({dies});
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(300));
  EXPECT_EQ(instances_.observe(web_)->instances[0].state, ports::InstanceState::Failed);
  ASSERT_EQ(start(1, "start-again"), Kind::Applied);
  const auto again = instances_.observe(web_)->instances[0];
  EXPECT_EQ(again.state, ports::InstanceState::Starting);
  EXPECT_EQ(again.restarts, 1);
  EXPECT_EQ(world_.starts, 2);
}

TEST_F(FakeWorld, CountsGrowWithTimeByTheSplit) {
  Behaviour flawed;
  flawed.service = "web";
  flawed.version = "v1";
  flawed.error_share = 0.5;
  flawed.slow_share = 0.1;
  script({flawed}, 1000);
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(1000));
  ASSERT_EQ(route(20, "shift-20"), Kind::Applied);
  clock_.advance(Millis(10'000));
  const auto counts = counters_.read(app_, "r-0001");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->requests, 2000u);
  EXPECT_EQ(counts->errors, 1000u);
  ASSERT_EQ(counts->latency_us.size(), 2u);
  EXPECT_EQ(counts->latency_us[1].second, 200u);
  EXPECT_EQ(counters_.read(app_, "r-0000")->errors, 8000u) << "nothing answers there";
  EXPECT_EQ(counters_.read(app_, "r-0009")->requests, 0u);
}

TEST_F(FakeWorld, RoutesAreCountedByThemselvesAndAddUpToTheWhole) {
  Behaviour flawed;
  flawed.version = "v1";
  flawed.routes = {{"/", 0.98, 0, 0}, {"/checkout", 0.02, 0.5, 1}};
  script({flawed}, 1000);
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(1000));
  ASSERT_EQ(route(100, "shift-100"), Kind::Applied);
  clock_.advance(Millis(10'000));
  const auto counts = counters_.read(app_, "r-0001");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->errors, 100u);
  ASSERT_EQ(counts->routes.size(), 2u);
  EXPECT_EQ(counts->routes[0].route, "/");
  EXPECT_EQ(counts->routes[0].requests, 9800u);
  EXPECT_EQ(counts->routes[0].errors, 0u);
  EXPECT_EQ(counts->routes[1].requests, 200u);
  EXPECT_EQ(counts->routes[1].errors, 100u);
  EXPECT_EQ(counts->routes[1].latency_us[1].second, 200u);
}

TEST_F(FakeWorld, NothingIsCountedDuringMaintenance) {
  ASSERT_EQ(start(1), Kind::Applied);
  clock_.advance(Millis(1000));
  ASSERT_EQ(route(100, "shift-100"), Kind::Applied);
  auto split = router_.observe_split(app_)->split;
  split.mode = ports::Mode::Maintenance;
  ASSERT_EQ(router_.set_split(app_, split, "1", 1, op("maintenance")).kind, Kind::Applied);
  clock_.advance(Millis(10'000));
  EXPECT_EQ(counters_.read(app_, "r-0001")->requests, 0u);
}

TEST_F(FakeWorld, ArtifactsAreMissingWhereScripted) {
  Behaviour missing;
  missing.version = "v9";
  missing.missing = true;
  script({missing});
  FakeArtifacts artifacts(seam_);
  EXPECT_EQ(artifacts.resolve(spec("v9")).error().code, Code::ArtifactMissing);
  EXPECT_EQ(*artifacts.resolve(spec("v1")), "fake:v1");
}

TEST_F(FakeWorld, AWriteCanFailBeforeItHasAnyEffect) {
  seam_.hook = [](const Point& point) {
    return point.call == Call::Ensure ? Fault::NotAppliedBefore : Fault::None;
  };
  EXPECT_EQ(start(1), Kind::NotApplied);
  EXPECT_EQ(running(), 0u);
}

TEST_F(FakeWorld, AnUnknownWriteMayOrMayNotHaveHappened) {
  Fault fault = Fault::UnknownNotApplied;
  seam_.hook = [&](const Point& point) { return is_write(point.call) ? fault : Fault::None; };
  EXPECT_EQ(start(1), Kind::Unknown);
  EXPECT_EQ(running(), 0u);
  fault = Fault::UnknownApplied;
  EXPECT_EQ(start(1), Kind::Unknown);
  EXPECT_EQ(running(), 1u);
}

TEST_F(FakeWorld, ACrashBeforeTheEffectLeavesNothingAndAfterItLeavesAll) {
  When when = When::Before;
  seam_.hook = [&](const Point& point) {
    if (point.call == Call::Ensure && point.when == when) throw std::runtime_error("crash");
    return Fault::None;
  };
  EXPECT_THROW((void)start(2), std::runtime_error);
  EXPECT_EQ(running(), 0u);
  when = When::After;
  EXPECT_THROW((void)start(2), std::runtime_error);
  EXPECT_EQ(running(), 2u);
}

TEST_F(FakeWorld, TheHookSeesWhichStepWrites) {
  std::vector<std::string> seen;
  seam_.hook = [&](const Point& point) {
    seen.push_back(std::string(name_of(point.call)) + (point.subject ? ":" + *point.subject : ""));
    return Fault::None;
  };
  ASSERT_EQ(start(1), Kind::Applied);
  FakeNotifier notifier(seam_);
  ports::Notice notice;
  notice.key = "r-0001/released";
  ASSERT_EQ(notifier.send(notice).kind, Kind::Applied);
  EXPECT_EQ(seen, (std::vector<std::string>{"ensure:start-web", "ensure:start-web",
                                            "notify:r-0001/released", "notify:r-0001/released"}));
  EXPECT_EQ(world_.notices.size(), 1u);
}

TEST_F(FakeWorld, EveryReadCanFail) {
  seam_.hook = [](const Point& point) {
    return is_write(point.call) ? Fault::None : Fault::NotAppliedBefore;
  };
  EXPECT_FALSE(instances_.observe(web_));
  EXPECT_FALSE(instances_.slots("shop", "production"));
  EXPECT_FALSE(instances_.observe_once(op("x")));
  EXPECT_FALSE(instances_.output(web_, 1));
  EXPECT_FALSE(router_.observe_split(app_));
  EXPECT_FALSE(router_.observe_drain(app_));
  EXPECT_FALSE(counters_.read(app_, "r-0001"));
}

TEST_F(FakeWorld, ACopyGoesItsOwnWay) {
  ASSERT_EQ(start(1), Kind::Applied);
  const World before = world_;
  ASSERT_EQ(start(3, "start-more"), Kind::Applied);
  EXPECT_EQ(before.slots[0].instances.size(), 1u);
  world_ = before;
  EXPECT_EQ(running(), 1u);
}

TEST_F(FakeWorld, CallsHaveNames) {
  for (int i = 0; i <= static_cast<int>(Call::ReadCounts); ++i) {
    EXPECT_FALSE(name_of(static_cast<Call>(i)).empty());
  }
}
}  // namespace
}  // namespace slipway::drivers::fake

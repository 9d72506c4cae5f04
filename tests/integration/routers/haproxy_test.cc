// What is particular to HAProxy: the runtime beside the file, and who else changes either.
#include "drivers/haproxy/runtime.h"
#include "drivers/haproxy/weights.h"
#include "drivers/own_file/own_file.h"
#include "plan/plan.h"
#include "tests/contract/haproxy_process.h"
#include "tests/integration/routers/kit.h"

namespace slipway::routers {
namespace {
namespace haproxy = drivers::haproxy;

class Haproxy : public ::testing::Test {
 protected:
  ports::Split shared(double percent) {
    return split_of({{"web", "r-0001", 100 - percent, {app_.address()}},
                     {"web", "r-0002", percent, {other_.address()}}});
  }
  std::string server(const Named& instance, const std::string& release) {
    return "slipway.shop.production.web/" + haproxy::server_name(release, instance.address());
  }
  std::vector<ports::Finding> findings() {
    plan::Plan plan;
    plan.app = "shop";
    plan.environment = "production";
    plan.settings.services.emplace_back().name = "web";
    return router_->preflight(plan);
  }
  contract::HaproxyProcess haproxy_;
  std::unique_ptr<ports::Router> router_ = haproxy::make_router(haproxy_.settings());
  Driven driven_{*router_};
  Named app_{"app"};
  Named other_{"other"};
};

TEST_F(Haproxy, AShiftIsMadeAtRuntimeWithoutAReload) {
  driven_.set(shared(0));
  const auto worker = haproxy_.serving();
  for (const double percent : {10.0, 50.0, 100.0, 0.0}) driven_.set(shared(percent));
  EXPECT_EQ(haproxy_.serving(), worker);
}

TEST_F(Haproxy, AReloadKeepsWhatWasSetAtRuntime) {
  driven_.set(shared(0));
  driven_.set(split_of({{"web", "r-0002", 100, {other_.address()}}}));
  const auto worker = haproxy_.serving();
  ASSERT_TRUE(haproxy_.master().reload());
  ASSERT_TRUE(becomes_true([&] {
    const auto now = haproxy_.serving();
    return !now.empty() && now != worker;
  }));
  EXPECT_TRUE(becomes_true([&] {
    const auto view = router_->observe_split(kShop);
    return view && view->settled;
  }));
  EXPECT_EQ(ask(haproxy_.port(), "/").body, "other /");
}

TEST_F(Haproxy, KeepsTheSplitOverARestart) {
  driven_.set(shared(100));
  haproxy_.stop();
  const auto down = router_->observe_split(kShop);
  EXPECT_TRUE(!down || !down->settled) << "it may be a reload that just began";
  EXPECT_EQ(router_->set_split(kShop, shared(0), "1", 1, {"r-0002", "shift", 1}).kind,
            ports::Outcome::Kind::NotApplied);
  haproxy_.start();
  EXPECT_TRUE(becomes_true([&] {
    const auto view = router_->observe_split(kShop);
    return view && view->settled;
  }));
  EXPECT_EQ(ask(haproxy_.port(), "/").body, "other /");
}

TEST_F(Haproxy, AWeightThatSomebodySetIsAConflictAndIsNotWrittenOver) {
  driven_.set(shared(0));
  driven_.set(shared(50));
  const auto name = server(other_, "r-0002");
  ASSERT_TRUE(haproxy_.master().run({"set server " + name + " weight 7"}));
  const auto seen = router_->observe_split(kShop);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Code::Conflict);
  EXPECT_NE(seen.error().what.find(name + " has weight 7, not 1"), std::string::npos)
      << seen.error().what;
  const auto outcome = router_->set_split(kShop, shared(0), "2", 1, {"r-0002", "shift", 1});
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Conflict);
  EXPECT_FALSE(findings().empty());
  ASSERT_TRUE(haproxy_.master().run({"set server " + name + " weight 1"}));
  EXPECT_TRUE(router_->observe_split(kShop)) << "undone, all is well again";
}

TEST_F(Haproxy, AFileThatSomebodyEditedIsAConflict) {
  driven_.set(shared(0));
  const auto was = io::read_file(haproxy_.file());
  contract::write_text(haproxy_.file(), *was + "# by hand\n");
  EXPECT_EQ(router_->observe_split(kShop).error().code, Code::Conflict);
  EXPECT_EQ(router_->set_split(kShop, shared(9), "1", 1, {"r-0002", "shift", 1}).why.code,
            Code::Conflict);
  EXPECT_EQ(*io::read_file(haproxy_.file()), *was + "# by hand\n");
}

TEST_F(Haproxy, AWriteThatBrokeOffAtRuntimeIsMadeAgain) {
  driven_.set(shared(0));
  // As a daemon leaves it that is killed between two runtime commands.
  const drivers::own_file::OwnFile file(haproxy_.settings().folder, kShop, "cfg");
  ASSERT_TRUE(file.intend(file.look()->record, "what was to be written"));
  ASSERT_TRUE(haproxy_.master().run({"set server " + server(app_, "r-0001") + " weight 9"}));
  const auto view = router_->observe_split(kShop);
  ASSERT_TRUE(view) << view.error().sentence();
  EXPECT_FALSE(view->settled);
  EXPECT_EQ(view->version, "1");
  driven_.set(shared(30));
}

TEST_F(Haproxy, WhatItRefusesIsNeverInPlace) {
  driven_.set(shared(0));
  const auto was = io::read_file(haproxy_.file());
  contract::write_text(haproxy_.path("slipway/theirs.cfg"),
                       "backend slipway.shop.production.api\n");
  auto want = shared(0);
  want.fronts.push_back(front_of("api"));
  want.fronts[1].route.paths = {"/api"};
  const auto outcome = driven_.try_set(want);
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Refused) << outcome.why.sentence();
  EXPECT_EQ(*io::read_file(haproxy_.file()), *was);
  EXPECT_EQ(ask(haproxy_.port(), "/").body, "app /");
}

TEST_F(Haproxy, ServersThatLeftAreTakenAwayWhenTheyAreMany) {
  driven_.set(shared(0));
  constexpr int kReleases = static_cast<int>(haproxy::kMostDeparted) + 5;
  for (int i = 0; i < kReleases; ++i) {
    const std::string release = "r-01" + std::to_string(10 + i);
    driven_.set(split_of({{"web", release, 100, {other_.address()}}}));
    EXPECT_EQ(ask(haproxy_.port(), "/").body, "other /");
  }
  const auto servers = haproxy_.master().servers();
  ASSERT_TRUE(servers);
  EXPECT_LE(servers->size(), haproxy::kMostDeparted + 2);
  for (const auto& server : *servers) EXPECT_NE(server.name, "r-0110_" + other_.address());
}

TEST_F(Haproxy, AnInstanceThatTakesNoConnectionIsChargedAndSomebodyElseAnswers) {
  driven_.set(
      split_of({{"web", "r-0001", 50, {app_.address()}}, {"web", "r-0002", 50, {"127.0.0.1:9"}}}));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(haproxy_.port(), "/").body, "app /");
  const auto counters = haproxy::make_counters(haproxy_.settings());
  // One that is sent to the same server again is counted there again.
  const auto failing = counters->read(kShop, "r-0002");
  EXPECT_GE(failing->errors, 5u);
  EXPECT_EQ(failing->errors, failing->requests);
  EXPECT_EQ(counters->read(kShop, "r-0001")->errors, 0u);
}

TEST_F(Haproxy, APreflightChangesNothingAndSaysWhatIsMissing) {
  EXPECT_TRUE(findings().empty());
  EXPECT_FALSE(io::exists(haproxy_.file()));
  haproxy_.stop();
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].why.what.find("no HAProxy master answers"), std::string::npos);
}
}  // namespace
}  // namespace slipway::routers

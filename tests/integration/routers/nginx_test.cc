// What is particular to nginx: the file, who else touches it, and its workers.
#include "drivers/nginx/workers.h"
#include "plan/plan.h"
#include "tests/contract/nginx_process.h"
#include "tests/integration/routers/kit.h"

namespace slipway::routers {
namespace {
namespace nginx = drivers::nginx;

class Nginx : public ::testing::Test {
 protected:
  ports::Split all_to(const Named& instance, const std::string& release = "r-0001") {
    return split_of({{"web", release, 100, {instance.address()}}});
  }
  std::vector<ports::Finding> findings() {
    plan::Plan plan;
    plan.app = "shop";
    plan.environment = "production";
    plan.settings.services.emplace_back().name = "web";
    return router_->preflight(plan);
  }
  contract::NginxProcess nginx_;
  std::unique_ptr<ports::Router> router_ = nginx::make_router(nginx_.settings());
  Driven driven_{*router_};
  Named app_{"app"};
};

TEST_F(Nginx, TheFileSaysWhoWroteItAndForWhat) {
  driven_.set(all_to(app_));
  const auto text = io::read_file(nginx_.file());
  ASSERT_TRUE(text);
  EXPECT_NE(
      text->find(R"(# slipway {"app":"shop","environment":"production","version":1,"epoch":1,)"
                 R"("op":"r-0001/shift/1"})"),
      std::string::npos)
      << *text;
}

TEST_F(Nginx, AFileThatSomebodyEditedIsAConflictAndIsNotWrittenOver) {
  driven_.set(all_to(app_));
  const auto was = io::read_file(nginx_.file());
  contract::write_text(nginx_.file(), *was + "# by hand\n");
  const auto seen = router_->observe_split(kShop);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Code::Conflict);
  const auto outcome = router_->set_split(kShop, all_to(app_), "1", 1, {"r-0002", "shift", 1});
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Conflict);
  EXPECT_EQ(*io::read_file(nginx_.file()), *was + "# by hand\n");
  EXPECT_FALSE(findings().empty());
  contract::write_text(nginx_.file(), *was);
  EXPECT_TRUE(router_->observe_split(kShop)) << "undone, all is well again";
}

TEST_F(Nginx, AFileThatWasRemovedIsNothingRoutedAndCanBeWrittenAnew) {
  driven_.set(all_to(app_));
  std::filesystem::remove(nginx_.file());
  EXPECT_EQ(router_->observe_split(kShop)->version, "");
  driven_.set(all_to(app_));
  EXPECT_EQ(ask(nginx_.port(), "/").body, "app /");
}

TEST_F(Nginx, WhatNginxRefusesIsNeverInPlace) {
  driven_.set(all_to(app_));
  const auto was = io::read_file(nginx_.file());
  contract::write_text(nginx_.path("conf.d/theirs.conf"),
                       "upstream slipway_shop_production_web_r-0009 { server 127.0.0.1:9; }\n");
  const auto outcome = driven_.try_set(all_to(app_, "r-0009"));
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Refused);
  EXPECT_NE(outcome.why.what.find("duplicate upstream"), std::string::npos) << outcome.why.what;
  EXPECT_EQ(*io::read_file(nginx_.file()), *was);
  for (const auto* name : {"conf.d", "."}) {
    for (const auto& file : *io::list_dir(nginx_.path(name))) {
      EXPECT_EQ(file.find(".trial"), std::string::npos) << file;
    }
  }
  EXPECT_EQ(ask(nginx_.port(), "/").body, "app /");
}

TEST_F(Nginx, IsNotSettledAndDrainedBeforeTheOldWorkersAreGone) {
  contract::WaitingRequest request(nginx_.port());
  driven_.set(split_of({{"web", "r-0001", 100, {request.app().address()}}}));
  request.begin();
  driven_.set(all_to(app_, "r-0002"));
  EXPECT_EQ(ask(nginx_.port(), "/").body, "app /") << "new requests go to the new release at once";
  const auto drain = router_->observe_drain(kShop);
  ASSERT_TRUE(drain);
  ASSERT_EQ(drain->draining.size(), 1u);
  EXPECT_EQ(drain->draining[0].release, "r-0001");
  EXPECT_GE(drain->draining[0].in_flight, 1);
  request.end();
  EXPECT_TRUE(driven_.becomes_drained());
}

TEST_F(Nginx, AWriteWhileAReloadIsUnderWayIsAConflictThatPasses) {
  driven_.set(all_to(app_));
  ASSERT_EQ(driven_.try_set(all_to(app_, "r-0002")).kind, ports::Outcome::Kind::Applied);
  const auto soon = driven_.try_set(all_to(app_, "r-0003"));
  if (soon.kind == ports::Outcome::Kind::NotApplied) {
    EXPECT_EQ(soon.why.code, Code::Conflict);
    EXPECT_TRUE(becomes_true([&] {
      return driven_.try_set(all_to(app_, "r-0003")).kind == ports::Outcome::Kind::Applied;
    }));
  }
  EXPECT_TRUE(becomes_true([&] { return router_->observe_split(kShop)->settled; }));
  EXPECT_EQ(router_->observe_split(kShop)->split.shares[0].release, "r-0003");
}

TEST_F(Nginx, KeepsTheSplitOverARestart) {
  driven_.set(all_to(app_));
  nginx_.stop();
  const auto down = router_->observe_split(kShop);
  ASSERT_FALSE(down);
  EXPECT_NE(down.error().what.find("no nginx runs"), std::string::npos);
  EXPECT_EQ(router_->set_split(kShop, all_to(app_), "1", 1, {"r-0002", "shift", 1}).kind,
            ports::Outcome::Kind::NotApplied);
  nginx_.start();
  EXPECT_TRUE(becomes_true([&] {
    const auto view = router_->observe_split(kShop);
    return view && view->settled;
  }));
  EXPECT_EQ(ask(nginx_.port(), "/").body, "app /");
}

TEST_F(Nginx, APreflightFindsNothingToBlockAndChangesNothing) {
  for (const auto& finding : findings()) {
    EXPECT_EQ(finding.weight, ports::Finding::Weight::Warns) << finding.why.sentence();
  }
  EXPECT_FALSE(io::exists(nginx_.file()));
}

TEST_F(Nginx, APreflightNamesAConfigurationThatDoesNotIncludeTheFile) {
  auto settings = nginx_.settings();
  settings.folder = nginx_.path("elsewhere");
  std::filesystem::create_directories(settings.folder);
  router_ = nginx::make_router(settings);
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].weight, ports::Finding::Weight::Blocks);
  EXPECT_NE(found[0].why.what.find("does not include"), std::string::npos) << found[0].why.what;
}

TEST_F(Nginx, CountsGoOnOverARotationOfTheirFile) {
  driven_.set(all_to(app_));
  const auto counters = nginx::make_counters(nginx_.settings());
  const auto counted = [&] { return counters->read(kShop, "r-0001")->requests; };
  for (int i = 0; i < 5; ++i) ask(nginx_.port(), "/");
  EXPECT_TRUE(becomes_true([&] { return counted() == 5; }));
  const std::string log = nginx_.path("slipway.shop.production.counts");
  std::filesystem::rename(log, log + ".1");
  ask(nginx_.port(), "/");  // goes to the renamed file
  EXPECT_TRUE(becomes_true([&] { return counted() == 6; }));
  ASSERT_TRUE(nginx::reopen_logs(*nginx::master_of(nginx_.path("nginx.pid"))));
  EXPECT_TRUE(becomes_true([&] { return io::exists(log); }));
  for (int i = 0; i < 3; ++i) ask(nginx_.port(), "/");
  EXPECT_TRUE(becomes_true([&] { return counted() == 9; }));
  EXPECT_EQ(nginx::make_counters(nginx_.settings())->read(kShop, "r-0001")->requests, 9u)
      << "a new daemon finds what was counted";
}

TEST_F(Nginx, TwoAppsShareItAndAnUnknownPathOfAHostIsNotFound) {
  driven_.set(all_to(app_));
  const Named other("other");
  auto want = all_to(other);
  want.fronts[0].route.hosts = {"other.test"};
  want.fronts[0].route.paths = {"/only"};
  ASSERT_TRUE(becomes_true([&] { return router_->observe_split(kShop)->settled; }));
  const auto outcome =
      router_->set_split({"other", "production"}, want, "", 1, {"r-0001", "shift", 1});
  ASSERT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  // Until then a worker of before may still take a connection.
  EXPECT_TRUE(
      becomes_true([&] { return router_->observe_split({"other", "production"})->settled; }));
  EXPECT_EQ(ask(nginx_.port(), "/only/x", "other.test").body, "other /x");
  EXPECT_EQ(ask(nginx_.port(), "/else", "other.test").status, 404);
  EXPECT_EQ(ask(nginx_.port(), "/").body, "app /");
}
}  // namespace
}  // namespace slipway::routers

#include "drivers/edge/translate.h"

#include <gtest/gtest.h>

namespace slipway::drivers::edge {
namespace {
const ports::AppRef kApp{"shop", "production"};

ports::Split canary(double percent) {
  ports::Split split;
  split.shares = {{"web", "r-0001", 100 - percent, {"127.0.0.1:20001", "127.0.0.1:20002"}},
                  {"web", "r-0002", percent, {"127.0.0.1:20003"}}};
  ports::Front front;
  front.service = "web";
  front.route.hosts = {"shop.example"};
  front.route.paths = {"/api"};
  front.route.strip_path = false;
  front.health_path = "/health";
  front.drain = Millis(5000);
  split.fronts = {front};
  return split;
}

std::vector<slipway::edge::Service> services_in(const ports::Split& split) {
  auto services = services_of(kApp, split);
  EXPECT_TRUE(services) << services.error().sentence();
  return services ? *services : std::vector<slipway::edge::Service>();
}

TEST(EdgeTranslate, WritesOneEntryPerServiceWithItsAppAndEnvironment) {
  const auto services = services_in(canary(10));
  ASSERT_EQ(services.size(), 1U);
  EXPECT_EQ(services[0].name, "web");
  EXPECT_EQ(services[0].app, "shop");
  EXPECT_EQ(services[0].environment, "production");
  EXPECT_EQ(services[0].hosts, std::vector<std::string>{"shop.example"});
  EXPECT_FALSE(services[0].strip_prefix);
  ASSERT_EQ(services[0].pools.size(), 2U);
  EXPECT_EQ(services[0].pools[0].weight, 9000);
  EXPECT_EQ(services[0].pools[1].weight, 1000);
}

TEST(EdgeTranslate, GivesBackTheSplitItWasMadeFrom) {
  auto split = canary(12.5);
  split.mode = ports::Mode::Maintenance;
  split.message = "back soon";
  split.page = "<h1>soon</h1>";
  split.retry_after = Millis(90'000);
  split.allow = {"10.0.0.0/8"};
  const auto back = split_of(kApp, services_in(split));
  EXPECT_EQ(back.shares, split.shares);
  EXPECT_EQ(back.fronts, split.fronts);
  EXPECT_EQ(back.mode, ports::Mode::Maintenance);
  EXPECT_EQ(back.message, split.message);
  EXPECT_EQ(back.page, split.page);
  EXPECT_EQ(back.retry_after, split.retry_after);
  EXPECT_EQ(back.allow, split.allow);
}

TEST(EdgeTranslate, TurnsEveryModeThereAndBack) {
  for (const auto mode :
       {ports::Mode::Serve, ports::Mode::Maintenance, ports::Mode::Paused, ports::Mode::Stopped}) {
    auto split = canary(50);
    split.mode = mode;
    EXPECT_EQ(split_of(kApp, services_in(split)).mode, mode);
  }
}

TEST(EdgeTranslate, MakesThirdsAddUpToTheWhole) {
  ports::Split split;
  for (const char* release : {"r-0001", "r-0002", "r-0003"}) {
    split.shares.push_back({"web", release, 100.0 / 3, {"127.0.0.1:1"}});
  }
  const auto services = services_in(split);
  int sum = 0;
  for (const auto& pool : services[0].pools) sum += pool.weight;
  EXPECT_EQ(sum, slipway::edge::kWholeWeight);
}

TEST(EdgeTranslate, NeverGivesWeightToAReleaseThatShallHaveNone) {
  const auto services = services_in(canary(0));
  EXPECT_EQ(services[0].pools[1].weight, 0);
  EXPECT_EQ(services[0].pools[0].weight, 10'000);
}

TEST(EdgeTranslate, LeavesWrongSumsForTheEdgeToRefuse) {
  auto split = canary(10);
  split.shares[0].percent = 50;
  int sum = 0;
  const auto services = services_in(split);
  for (const auto& pool : services[0].pools) sum += pool.weight;
  EXPECT_EQ(sum, 6000);
}

TEST(EdgeTranslate, SeparatesAppsOnOneEdge) {
  auto services = services_in(canary(10));
  const auto other = *services_of({"shop", "staging"}, canary(10));
  services.insert(services.end(), other.begin(), other.end());
  EXPECT_EQ(split_of(kApp, services).shares.size(), 2U);
}

TEST(EdgeTranslate, GivesBackAFrontThatAnswersEveryPath) {
  auto split = canary(10);
  split.fronts[0].route.paths.clear();
  split.fronts[0].health_path.clear();
  const auto services = services_in(split);
  EXPECT_EQ(services[0].paths, std::vector<std::string>{"/"});
  EXPECT_EQ(split_of(kApp, services).fronts, split.fronts);
}

TEST(EdgeTranslate, LeavesOutSharesWithoutAnAddressWhileNobodyIsServed) {
  auto split = canary(0);
  split.shares[0].addresses.clear();
  EXPECT_EQ(services_in(split)[0].pools.size(), 2U) << "while serving, the edge shall refuse it";
  split.mode = ports::Mode::Maintenance;
  const auto services = services_in(split);
  EXPECT_TRUE(services[0].pools.empty()) << "a pool of weight 0 alone is refused too";
}

TEST(EdgeTranslate, KeepsTheSettingsOfAFrontAndGivesThemBack) {
  auto split = canary(10);
  split.fronts[0].edge = Json::parse(R"({"tls":{"certificate":"/c.pem","key":"/k.pem",
      "hsts_s":60,"more":[{"certificate":"/d.pem","key":"/e.pem"}]},
      "timeouts":{"response_ms":1500},"max_pause_ms":10,"release_header":true})")
                             .value_or(Json());
  const auto services = services_in(split);
  EXPECT_EQ(services[0].tls.certificate, "/c.pem");
  EXPECT_TRUE(services[0].tls.redirect);
  EXPECT_EQ(services[0].tls.more.size(), 1U);
  EXPECT_EQ(services[0].timeouts.response, Millis(1500));
  EXPECT_EQ(services[0].timeouts.connect, slipway::edge::Timeouts().connect);
  EXPECT_TRUE(services[0].release_header);
  EXPECT_EQ(services[0].hosts, std::vector<std::string>{"shop.example"});
  EXPECT_EQ(split_of(kApp, services).fronts, split.fronts);
}

TEST(EdgeTranslate, RoundsRetryAfterUp) {
  auto split = canary(10);
  split.retry_after = Millis(200);
  EXPECT_EQ(services_in(split)[0].retry_after_s, 1);
}
}  // namespace
}  // namespace slipway::drivers::edge

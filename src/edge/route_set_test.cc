#include "edge/route_set.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "edge/route_tally.h"

namespace slipway::edge {
namespace {

struct Service {
  std::unique_ptr<RouteSet> owned = std::make_unique<RouteSet>();
  RouteSet& routes = *owned;
  std::uint32_t now_s = 10;

  RouteMark ask(const std::string& path, int status = 200, std::size_t prefix = 0) {
    const RouteMark mark = routes.mark(path, prefix, now_s);
    routes.hear(mark, status, now_s);
    return mark;
  }
  void ask_often(const std::string& path, int status = 200) {
    for (std::uint32_t i = 0; i <= RouteSet::kEnough; ++i) ask(path, status);
  }
  bool knows(const std::string& path) { return routes.mark(path, 0, now_s).slot < kMostRoutes; }
  std::map<std::string, int> names() const {
    std::map<std::string, int> names;
    routes.each(
        [&](std::uint8_t slot, std::uint32_t, const std::string& name) { names[name] = slot; });
    return names;
  }
};

TEST(RouteName, IsThePathUpToTheFirstSegmentBehindTheServicesOwnPrefix) {
  EXPECT_EQ(route_name("/", 0).text, "/");
  EXPECT_EQ(route_name("/checkout", 0).text, "/checkout");
  EXPECT_EQ(route_name("/checkout/", 0).text, "/checkout");
  EXPECT_EQ(route_name("/checkout/7/pay", 0).text, "/checkout");
  EXPECT_EQ(route_name("//x", 0).text, "/");
  EXPECT_EQ(route_name("/api", 4).text, "/api");
  EXPECT_EQ(route_name("/api/", 4).text, "/api");
  EXPECT_EQ(route_name("/api/orders/7", 4).text, "/api/orders");
  EXPECT_EQ(route_name("*", 0).text, "");
  EXPECT_EQ(route_name("", 0).text, "");
  EXPECT_EQ(route_name("/" + std::string(47, 'x'), 0).text.size(), 48U);
  EXPECT_EQ(route_name("/" + std::string(48, 'x'), 0).text, "") << "too long for a name";
}

TEST(RouteSet, LearnsANameAfterEnoughAnswers) {
  Service service;
  for (std::uint32_t i = 0; i < RouteSet::kEnough; ++i)
    EXPECT_EQ(service.ask("/checkout").slot, kMostRoutes) << i;
  const RouteMark known = service.ask("/checkout/7");
  EXPECT_LT(known.slot, kMostRoutes);
  EXPECT_EQ(service.ask("/checkout").slot, known.slot) << "and stays with its slot";
  EXPECT_EQ(service.names().count("/checkout"), 1U);
}

TEST(RouteSet, WhatFailsIsLearntAndWhatIsNotThereIsNot) {
  Service service;
  service.ask_often("/broken", 500);
  service.ask_often("/moved", 302);
  service.ask_often("/wp-login.php", 404);
  service.ask_often("/private", 403);
  EXPECT_TRUE(service.knows("/broken"));
  EXPECT_TRUE(service.knows("/moved"));
  EXPECT_FALSE(service.knows("/wp-login.php"));
  EXPECT_FALSE(service.knows("/private"));
}

TEST(RouteSet, AStreamOfPathsThatAreAskedForOnceTeachesItNothing) {
  Service service;
  for (int i = 0; i < 100'000; ++i) service.ask("/" + std::to_string(i * 7919));
  EXPECT_TRUE(service.names().empty()) << service.names().begin()->first;
  // And beside such a stream, a route with a part of the traffic is found all the same.
  for (int i = 0; i < 20'000 && !service.knows("/checkout"); ++i) {
    service.ask("/x" + std::to_string(i));
    service.ask("/checkout");
  }
  EXPECT_TRUE(service.knows("/checkout"));
}

TEST(RouteSet, NeverPushesOutWhatIsServedForWhatIsNew) {
  Service service;
  service.ask_often("/checkout");
  for (int i = 0; i < 200; ++i) service.ask_often("/bot" + std::to_string(i));
  EXPECT_EQ(service.names().size(), kMostRoutes);
  EXPECT_TRUE(service.knows("/checkout"));
  EXPECT_EQ(service.ask("/bot199").slot, kMostRoutes) << "there is no room";
}

TEST(RouteSet, ANameThatNobodyIsServedForAnHourMakesRoomAndItsMarksCountNoMore) {
  Service service;
  service.ask_often("/old");
  const RouteMark old = service.ask("/old");
  for (int i = 0; i < 100; ++i) service.ask_often("/r" + std::to_string(i));
  ASSERT_EQ(service.names().size(), kMostRoutes);
  service.now_s += RouteSet::kStaleAfterS - 100;
  for (const auto& [name, slot] : service.names()) {
    if (name != "/old") service.ask(name);
  }
  service.ask_often("/new");
  EXPECT_FALSE(service.knows("/new"));
  service.now_s += 200;
  service.ask_often("/new");
  const RouteMark fresh = service.ask("/new");
  EXPECT_EQ(fresh.slot, old.slot);
  EXPECT_NE(fresh.generation, old.generation);
  EXPECT_FALSE(service.knows("/old"));
  EXPECT_TRUE(service.names().count("/r5") == 1 && service.knows("/r5"));

  RouteTally tally;
  tally.count(old, 1'000);
  tally.charge(old);
  tally.count(fresh, 2'000);
  tally.count(old, 1'000);  // began before the name changed
  ASSERT_NE(tally.of(fresh.slot, fresh.generation), nullptr);
  EXPECT_EQ(tally.of(fresh.slot, fresh.generation)->requests.load(), 1U);
  EXPECT_EQ(tally.of(fresh.slot, fresh.generation)->errors.load(), 0U);
  EXPECT_EQ(tally.of(old.slot, old.generation), nullptr);
}

TEST(RouteSet, TakesOverTheNamesOfAnOlderProcessOnlyWhereThereIsRoom) {
  Service service;
  service.routes.learn("/checkout", 5);
  service.routes.learn(std::string(kOtherRoutes), 5);
  service.routes.learn("/bad\"label", 5);
  EXPECT_EQ(service.names().size(), 1U);
  EXPECT_LT(service.ask("/checkout").slot, kMostRoutes) << "from the first request on";
  for (int i = 0; i < 100; ++i) service.routes.learn("/r" + std::to_string(i), 5);
  EXPECT_EQ(service.names().size(), kMostRoutes);
  EXPECT_TRUE(service.knows("/checkout"));
}

TEST(RouteSet, NamesThatDoNotBelongInALabelAreNotLearnt) {
  Service service;
  service.ask_often("/a\"b");
  service.ask_often("/a\\b");
  service.ask_often("/<b>");
  EXPECT_TRUE(service.names().empty());
}

TEST(RouteTally, CountsTheOthersTogetherAndMakesCountersOnlyForWhatIsAsked) {
  RouteTally tally;
  EXPECT_EQ(tally.of(kMostRoutes, 0), nullptr);
  tally.count({1, 0, kMostRoutes}, 100);
  tally.count({2, 0, kMostRoutes}, 200);
  tally.charge({2, 0, kMostRoutes});
  const RouteCounters* others = tally.of(kMostRoutes, 0);
  ASSERT_NE(others, nullptr);
  EXPECT_EQ(others->requests.load(), 2U);
  EXPECT_EQ(others->errors.load(), 1U);
  EXPECT_EQ(tally.of(0, 1), nullptr);
}

}  // namespace
}  // namespace slipway::edge

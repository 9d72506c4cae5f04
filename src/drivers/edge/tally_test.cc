#include "drivers/edge/tally.h"

#include <gtest/gtest.h>

namespace slipway::drivers::edge {
namespace {
const ports::AppRef kApp{"shop", "production"};

Json service(const std::string& name, const std::string& release, int requests, int errors) {
  Json bucket = Json::array();
  bucket.push_back(1000);
  bucket.push_back(requests);
  Json latency = Json::array();
  latency.push_back(bucket);
  return Json::object()
      .set("app", "shop")
      .set("environment", "production")
      .set("service", name)
      .set("release", release)
      .set("requests", requests)
      .set("server_error", errors)
      .set("upstream_failures", 0)
      .set("latency_us", latency);
}

Json document(Json::Array services) {
  return Json::object().set("services", Json(std::move(services)));
}

TEST(EdgeTally, AnUnseenReleaseCountsZero) {
  const auto counts = Tally().counts(kApp, "r-0001");
  EXPECT_EQ(counts.requests, 0U);
  EXPECT_EQ(counts.errors, 0U);
  EXPECT_TRUE(counts.latency_us.empty());
}

TEST(EdgeTally, SumsTheServicesOfTheAppAndKeepsReleasesApart) {
  Tally tally;
  Json foreign = service("web", "r-0002", 999, 9);
  foreign.set("environment", "staging");
  tally.take(document({service("web", "r-0002", 10, 1), service("api", "r-0002", 5, 2),
                       service("web", "r-0001", 100, 0), foreign}));
  const auto counts = tally.counts(kApp, "r-0002");
  EXPECT_EQ(counts.requests, 15U);
  EXPECT_EQ(counts.errors, 3U);
  ASSERT_EQ(counts.latency_us.size(), 1U);
  EXPECT_EQ(counts.latency_us[0], (std::pair<std::uint32_t, std::uint64_t>{1000, 15}));
}

TEST(EdgeTally, ALaterDocumentReplacesAnEarlierOne) {
  Tally tally;
  tally.take(document({service("web", "r-0001", 10, 1)}));
  tally.take(document({service("web", "r-0001", 12, 1)}));
  EXPECT_EQ(tally.counts(kApp, "r-0001").requests, 12U);
}

TEST(EdgeTally, KeepsWhatAReplacedEdgeHadCounted) {
  Tally tally;
  tally.take(document({service("web", "r-0001", 10, 1), service("web", "r-0002", 7, 0)}));
  tally.take(document({service("web", "r-0001", 3, 1)}));
  EXPECT_EQ(tally.counts(kApp, "r-0001").requests, 13U);
  EXPECT_EQ(tally.counts(kApp, "r-0001").errors, 2U);
  EXPECT_EQ(tally.counts(kApp, "r-0001").latency_us[0].second, 13U);
  EXPECT_EQ(tally.counts(kApp, "r-0002").requests, 7U) << "the new edge has not seen it yet";
  tally.take(document({service("web", "r-0001", 4, 1), service("web", "r-0002", 1, 0)}));
  EXPECT_EQ(tally.counts(kApp, "r-0001").requests, 14U);
  EXPECT_EQ(tally.counts(kApp, "r-0002").requests, 8U);
}

Json with_routes(Json of, const std::vector<std::pair<std::string, int>>& routes) {
  Json list = Json::array();
  for (const auto& [route, requests] : routes)
    list.push_back(
        Json::object().set("route", route).set("requests", requests).set("errors", requests / 10));
  return of.set("routes", list);
}

std::map<std::string, std::uint64_t> routes_of(const Tally& tally, const std::string& release) {
  std::map<std::string, std::uint64_t> routes;
  for (const auto& route : tally.counts(kApp, release).routes) routes[route.route] = route.requests;
  return routes;
}
using Routes = std::map<std::string, std::uint64_t>;

TEST(EdgeTally, TellsRoutesByNameSummedOverServices) {
  Tally tally;
  tally.take(document({with_routes(service("web", "r-0001", 30, 0), {{"/b", 20}, {"/a", 10}}),
                       with_routes(service("api", "r-0001", 5, 0), {{"/a", 4}, {"other", 1}})}));
  const auto counts = tally.counts(kApp, "r-0001");
  ASSERT_EQ(counts.routes.size(), 3U);
  EXPECT_EQ(counts.routes[0].route, "/a");
  EXPECT_EQ(counts.routes[0].requests, 14U);
  EXPECT_EQ(counts.routes[0].errors, 1U);
  EXPECT_EQ(counts.routes[2].route, "other");
  EXPECT_TRUE(tally.counts(kApp, "r-0002").routes.empty());
}

TEST(EdgeTally, RoutesNeverFallWhenTheEdgeIsReplacedForgetsANameOrDoesNotTellThem) {
  Tally tally;
  const auto take = [&](int requests, const std::vector<std::pair<std::string, int>>& routes) {
    tally.take(document({with_routes(service("web", "r-0001", requests, 0), routes)}));
  };
  take(50, {{"/a", 30}, {"/b", 20}});
  take(60, {{"/b", 25}, {"/c", 5}});
  EXPECT_EQ(routes_of(tally, "r-0001"), (Routes{{"/a", 30}, {"/b", 25}, {"/c", 5}}))
      << "a name that the edge gave away";
  tally.take(document({service("web", "r-0001", 60, 0)}));
  EXPECT_EQ(routes_of(tally, "r-0001")["/b"], 25U) << "the release is out of the table";
  take(70, {{"/a", 5}, {"/b", 30}, {"/c", 5}});
  EXPECT_EQ(routes_of(tally, "r-0001"), (Routes{{"/a", 35}, {"/b", 30}, {"/c", 5}}));
  take(4, {{"/b", 4}});
  EXPECT_EQ(routes_of(tally, "r-0001"), (Routes{{"/a", 35}, {"/b", 34}, {"/c", 5}}))
      << "a new edge counts from zero";
  tally.take(document({}));
  EXPECT_EQ(routes_of(tally, "r-0001"), (Routes{{"/a", 35}, {"/b", 34}, {"/c", 5}}));
}

TEST(EdgeTally, ForgetsTheRoutesOfFormerEdgesWhenThereAreMoreThanOneHasAtOnce) {
  Tally tally;
  for (int edge = 0; edge < 5; ++edge) {
    std::vector<std::pair<std::string, int>> routes{{"other", 1}};
    for (int i = 0; i < 60; ++i)
      routes.emplace_back("/" + std::to_string(edge) + "-" + std::to_string(i), 1);
    tally.take(document({with_routes(service("web", "r-0001", 100 - edge, 0), routes)}));
  }
  const auto routes = routes_of(tally, "r-0001");
  EXPECT_LE(routes.size(), 65U);
  EXPECT_EQ(routes.count("/4-7"), 1U) << "what is told now is there";
  EXPECT_EQ(routes.at("other"), 5U);
}

TEST(EdgeTally, AFailedUpstreamThatBecameA502IsOneErrorAndACutResponseIsOneToo) {
  Tally tally;
  Json both = service("web", "r-0001", 10, 3);
  Json cut = service("api", "r-0001", 10, 0);
  tally.take(document({both.set("upstream_failures", 3), cut.set("upstream_failures", 2)}));
  EXPECT_EQ(tally.counts(kApp, "r-0001").errors, 5U);
}

TEST(EdgeTally, SurvivesDocumentsThatAreNotWhatTheyShouldBe) {
  Tally tally;
  Json broken = service("web", "r-0001", 5, 0);
  broken.set("latency_us", Json::array_of(std::vector<std::string>{"x"})).set("requests", -4);
  tally.take(Json());
  tally.take(Json::object().set("services", 3));
  tally.take(document({broken}));
  EXPECT_EQ(tally.counts(kApp, "r-0001").requests, 0U);
}
}  // namespace
}  // namespace slipway::drivers::edge

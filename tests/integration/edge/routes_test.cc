// Requests counted route by route, as the daemon reads them.
#include <gtest/gtest.h>

#include <map>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

// Serves "/", "/checkout" and "/search"; on the canary, checkout fails. Nothing else is there.
App::Serve shop(bool checkout_fails) {
  return [checkout_fails](int fd, const App::Request& asked) {
    const bool checkout = asked.target.starts_with("/checkout");
    const bool there = checkout || asked.target == "/" || asked.target.starts_with("/search");
    const std::string status = !there ? "404" : checkout && checkout_fails ? "500" : "200";
    return write_all(fd, "HTTP/1.1 " + status + " X\r\nContent-Length: 2\r\n\r\nok");
  };
}

class RouteCounts : public ::testing::Test {
 protected:
  TempDir state_;
  App old_{shop(false)};
  App canary_{shop(true)};

  void put(Edge& edge) {
    Json pools = Json::array();
    pools.push_back(Json::object()
                        .set("release", "old")
                        .set("weight", 5'000)
                        .set("targets", texts({old_.address()})));
    pools.push_back(Json::object()
                        .set("release", "canary")
                        .set("weight", 5'000)
                        .set("targets", texts({canary_.address()})));
    edge.put("a", list_of({Json::object().set("name", "web").set("pools", pools)}));
  }
  static void ask(Edge& edge, const std::string& target, int times) {
    Connection connection(edge.port());
    for (int i = 0; i < times; ++i) ASSERT_NE(connection.get(target).status, 0);
  }
  static std::map<std::string, Json> routes(Edge& edge, const std::string& release) {
    std::map<std::string, Json> routes;
    const Json all = edge.call("GET", "/v1/stats");
    for (const Json& entry : all.at("services").items()) {
      if (entry.text("release") != release) continue;
      for (const Json& route : entry.at("routes").items()) routes[route.text("route")] = route;
    }
    return routes;
  }
  // Of both releases, of all their routes.
  static std::int64_t requests(Edge& edge) {
    std::int64_t sum = 0;
    for (const std::string release : {"old", "canary"}) {
      for (const auto& [name, route] : routes(edge, release)) sum += route.integer("requests");
    }
    return sum;
  }
};

TEST_F(RouteCounts, TellWhichRouteOfTheCanaryFailsAndAddUpToAllItsRequests) {
  Edge edge(state_.path());
  put(edge);
  ask(edge, "/checkout/17?x=/y", 100);
  ask(edge, "/search?q=1", 100);
  ask(edge, "/", 100);
  EXPECT_TRUE(eventually([&] { return requests(edge) == 300; }));
  auto canary = routes(edge, "canary");
  auto old = routes(edge, "old");
  ASSERT_EQ(canary.size(), 4U) << "three routes, and the others";
  EXPECT_NEAR(static_cast<double>(canary["/checkout"].integer("requests")), 42, 3);
  EXPECT_EQ(canary["/checkout"].integer("errors"), canary["/checkout"].integer("requests"));
  EXPECT_EQ(canary["/search"].integer("errors"), 0);
  EXPECT_EQ(canary["/"].integer("errors"), 0);
  EXPECT_EQ(old["/checkout"].integer("errors"), 0);
  EXPECT_NEAR(static_cast<double>(old["/checkout"].integer("requests")), 42, 3);
  std::int64_t timed = 0;
  for (const Json& bucket : canary["/checkout"].at("latency_us").items())
    timed += bucket.items()[1].as_int();
  EXPECT_EQ(timed, canary["/checkout"].integer("requests"));
}

TEST_F(RouteCounts, PathsThatNobodyServesAreCountedTogetherHoweverManyThereAre) {
  Edge edge(state_.path());
  put(edge);
  ask(edge, "/checkout", 40);
  for (int i = 0; i < 300; ++i) ask(edge, "/scan" + std::to_string(i), 1);
  ask(edge, "/admin.php", 60);
  EXPECT_TRUE(eventually([&] { return requests(edge) == 400; }));
  const auto old = routes(edge, "old");
  EXPECT_EQ(old.size(), 2U);
  EXPECT_EQ(old.count("/checkout"), 1U);
  EXPECT_GE(old.at("other").integer("requests"), 150);
}

TEST_F(RouteCounts, GoOnUnderTheSameNamesWhenTheTableOrTheProcessIsReplaced) {
  Edge first(state_.path());
  put(first);
  ask(first, "/checkout", 60);
  EXPECT_TRUE(eventually([&] { return requests(first) == 60; }));
  const std::int64_t before = routes(first, "old")["/checkout"].integer("requests");
  put(first);
  EXPECT_EQ(routes(first, "old")["/checkout"].integer("requests"), before);
  Edge second(state_.path(), {}, "127.0.0.1:" + std::to_string(first.port()));
  ASSERT_TRUE(second.ready()) << second.said();
  const std::int64_t others = routes(second, "old")["other"].integer("requests");
  ask(second, "/checkout", 20);
  EXPECT_TRUE(eventually([&] { return requests(second) == 80; }));
  EXPECT_NEAR(static_cast<double>(routes(second, "old")["/checkout"].integer("requests")),
              static_cast<double>(before + 10), 3);
  EXPECT_EQ(routes(second, "old")["other"].integer("requests"), others)
      << "the name is known from the first request on";
  EXPECT_EQ(first.wait_for_exit(), 0);
  EXPECT_EQ(requests(second), 80) << "what the former process counted stays";
}

TEST_F(RouteCounts, AreInTheMetricsWithTheRouteAsALabel) {
  Edge edge(state_.path());
  put(edge);
  ask(edge, "/checkout", 60);
  const std::string labels =
      R"({app="a",environment="test",service="web",release="old",route="/checkout"})";
  const auto shows = [&](const std::string& line) {
    return edge.call("GET", "/metrics").as_string().find(line) != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return shows("slipway_edge_route_errors_total" + labels + " 0"); }));
  EXPECT_TRUE(shows("slipway_edge_route_requests_total" + labels + " 2"));
}

}  // namespace
}  // namespace slipway::edge::test

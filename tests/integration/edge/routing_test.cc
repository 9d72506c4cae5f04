// K1–K12: who answers for which host and path.
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

class Routing : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App one_{"one"};
  App two_{"two"};
  App three_{"three"};

  void deploy(const std::string& app, const App& target, const std::vector<std::string>& hosts = {},
              const std::vector<std::string>& paths = {}, bool strip = true) {
    Json json = service("web", "r1", {target.address()});
    json.set("hosts", texts(hosts)).set("strip_prefix", strip);
    if (!paths.empty()) json.set("paths", texts(paths));
    edge_.put(app, list_of({json}));
  }
  std::string body(const std::string& target, const std::string& host = "any") {
    const Reply reply = get(edge_.port(), target, host);
    return reply.status == 200 ? reply.body : std::to_string(reply.status);
  }
};

TEST_F(Routing, K1_AnswersNotFoundWhenNothingIsDeployed) { EXPECT_EQ(body("/"), "404"); }

TEST_F(Routing, K2_K4_K5_ServesTheTargetThenItsSuccessorThenNobody) {
  deploy("a", one_);
  EXPECT_EQ(body("/x?y=1"), "one /x?y=1");
  deploy("a", two_);
  EXPECT_EQ(body("/x"), "two /x");
  edge_.put("a", list_of({}));
  EXPECT_EQ(body("/x"), "404");
}

TEST_F(Routing, K3_SpreadsRequestsOverTheTargetsOfAPool) {
  edge_.put("a", list_of({service("web", "r1", {one_.address(), two_.address()})}));
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) seen.insert(body("/"));
  EXPECT_EQ(seen, (std::set<std::string>{"one /", "two /"}));
}

TEST_F(Routing, K6_K7_MatchesHostsWithoutTheirPort) {
  deploy("a", one_, {"1.example.com", "2.example.com"});
  EXPECT_EQ(body("/", "1.example.com"), "one /");
  EXPECT_EQ(body("/", "2.Example.com:80"), "one /");
  EXPECT_EQ(body("/", "3.example.com"), "404");
  deploy("a", one_, {"3.example.com", "2.example.com"});
  EXPECT_EQ(body("/", "1.example.com"), "404");
  EXPECT_EQ(body("/", "2.example.com"), "one /");
  EXPECT_EQ(body("/", "3.example.com"), "one /");
}

TEST_F(Routing, K8_RefusesAHostThatAnotherServiceHasAndLeavesItAlone) {
  deploy("a", one_, {"x.example.com"});
  deploy("b", two_);
  for (const std::vector<std::string>& hosts :
       {std::vector<std::string>{"X.example.com"}, std::vector<std::string>{}}) {
    Json json = service("web", "r1", {three_.address()});
    Json body_json = Json::object();
    body_json.set("expected_version", 0)
        .set("epoch", 1)
        .set("services", list_of({json.set("hosts", texts(hosts))}));
    int status = 0;
    const Json answer = edge_.call("PUT", "/v1/apps/c/test", body_json, &status);
    EXPECT_EQ(status, 409);
    EXPECT_EQ(answer.at("error").text("code"), "HostTaken");
    EXPECT_NE(answer.at("error").text("what").find(hosts.empty() ? "b/test/web" : "a/test/web"),
              std::string::npos);
  }
  EXPECT_EQ(body("/", "x.example.com"), "one /");
  EXPECT_EQ(body("/", "y.example.com"), "two /");
}

TEST_F(Routing, K9_K10_ExactBeatsWildcardBeatsEveryHost) {
  deploy("a", one_);
  deploy("b", two_, {"*.first.example.com"});
  deploy("c", three_, {"app.first.example.com"});
  EXPECT_EQ(body("/", "app.first.example.com"), "three /");
  EXPECT_EQ(body("/", "other.first.example.com"), "two /");
  EXPECT_EQ(body("/", "a.b.first.example.com"), "two /");
  EXPECT_EQ(body("/", "first.example.com"), "one /");
  EXPECT_EQ(body("/", "else.example.com"), "one /");
}

TEST_F(Routing, K11_TakesTheLongestPrefixAtASegmentBoundary) {
  deploy("root", one_);
  deploy("app", two_, {}, {"/app", "/api/internal/"});
  EXPECT_EQ(body("/app/show"), "two /show");
  EXPECT_EQ(body("/app"), "two /");
  EXPECT_EQ(body("/app?x=1"), "two /?x=1");
  EXPECT_EQ(body("/api/internal/x?a=b"), "two /x?a=b");
  EXPECT_EQ(body("/api/external"), "one /api/external");
  EXPECT_EQ(body("/appointment"), "one /appointment");
  deploy("app", two_, {}, {"/app"}, false);
  EXPECT_EQ(body("/app"), "two /app");
  EXPECT_EQ(body("/app/show"), "two /app/show");
}

TEST_F(Routing, K12_AHostsOwnPrefixWins) {
  deploy("default", one_, {}, {"/app"});
  deploy("own", two_, {"x.example.com"}, {"/app"});
  EXPECT_EQ(body("/app", "x.example.com"), "two /");
  EXPECT_EQ(body("/app", "y.example.com"), "one /");
  EXPECT_EQ(body("/other", "x.example.com"), "404");
  EXPECT_EQ(body("/other", "y.example.com"), "404");
}

TEST_F(Routing, SplitsByWeightWithinTwoPercent) {
  Json json = service("web", "old", {one_.address()});
  Json old_pool = Json::object();
  old_pool.set("release", "old").set("weight", 4000).set("targets", texts({one_.address()}));
  Json new_pool = Json::object();
  new_pool.set("release", "new").set("weight", 6000).set("targets", texts({two_.address()}));
  json.set("pools", list_of({old_pool, new_pool})).set("release_header", true);
  edge_.put("a", list_of({json}));
  int to_new = 0;
  Connection connection(edge_.port());
  for (int i = 0; i < 1000; ++i)
    to_new += connection.get("/").has("X-Slipway-Release: new") ? 1 : 0;
  EXPECT_NEAR(to_new, 600, 20);
}

}  // namespace
}  // namespace slipway::edge::test

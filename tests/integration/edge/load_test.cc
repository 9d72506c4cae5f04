// Nothing is lost: switches and replacements under load, with new and with kept connections.
#include <gtest/gtest.h>

#include "io/files.h"
#include "tests/integration/edge/load.h"

namespace slipway::edge::test {
namespace {

TEST(UnderLoad, SwitchesLoseNothingThoughEachOldTargetIsStoppedAfterItsDrain) {
  TempDir state;
  Edge edge(state.path());
  auto app = std::make_unique<App>("v0");
  edge.put("a", list_of({service("web", "v0", {app->address()})}));
  Load load(edge.port(), 8);
  for (int i = 1; i <= 30; ++i) {
    ASSERT_TRUE(load.reaches(100));
    auto next = std::make_unique<App>("v" + std::to_string(i));
    edge.put("a", list_of({service("web", "v" + std::to_string(i), {next->address()})}));
    ASSERT_TRUE(eventually([&] { return edge.drains().size() == 0; }));
    app->stop();
    app = std::move(next);
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0) << "of " << load.requests() << ": " << load.first_failure();
}

std::int64_t counted(Edge& edge) {
  std::int64_t sum = 0;
  const Json stats = edge.call("GET", "/v1/stats");
  for (const Json& entry : stats.at("services").items()) sum += entry.integer("requests");
  return sum;
}

TEST(UnderLoad, ReplacementsLoseNeitherRequestsNorCounts) {
  TempDir state;
  App app("app");
  auto edge = std::make_unique<Edge>(state.path());
  edge->put("a", list_of({service("web", "v1", {app.address()})}));
  const int port = edge->port();
  Load load(port, 8);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(load.reaches(300));
    auto next = std::make_unique<Edge>(state.path(), std::vector<std::string>{"--take-over"});
    ASSERT_TRUE(next->ready()) << next->said();
    EXPECT_EQ(next->port(), port);
    EXPECT_EQ(edge->wait_for_exit(), 0) << edge->said();
    edge = std::move(next);
    App other("other");
    edge->put(
        "b",
        list_of({service("web", "v1", {other.address()}).set("hosts", texts({"b.example.com"}))}));
    EXPECT_EQ(get(port, "/", "b.example.com").body, "other /");
    edge->put("b", list_of({}));
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0) << "of " << load.requests() << ": " << load.first_failure();
  EXPECT_TRUE(eventually([&] { return counted(*edge) == load.requests() + 5; }))
      << counted(*edge) << " of " << load.requests() + 5;
}

TEST(Replacement, TheOlderProcessRoutesItsKeptConnectionsByTheNewestTable) {
  TempDir state;
  auto before = std::make_unique<App>("before");
  App after("after");
  Edge old(state.path());
  old.put("a", list_of({service("web", "v1", {before->address()})}));
  Connection kept(old.port());
  EXPECT_EQ(kept.get("/").body, "before /");
  Edge fresh(state.path(), {"--take-over"});
  ASSERT_TRUE(fresh.ready()) << fresh.said();
  fresh.put("a", list_of({service("web", "v2", {after.address()})}));
  before->stop();
  const Reply reply = kept.get("/");
  EXPECT_EQ(reply.body, "after /");
  EXPECT_TRUE(reply.has("Connection: close"));
  EXPECT_EQ(old.wait_for_exit(), 0);
}

TEST(Replacement, IdleConnectionsAreClosedAtTheGoodbyeDeadline) {
  TempDir state;
  App app("app");
  Edge old(state.path(), {"--goodbye-ms", "100"});
  old.put("a", list_of({service("web", "v1", {app.address()})}));
  Connection kept(old.port());
  EXPECT_EQ(kept.get("/").body, "app /");
  Edge fresh(state.path());
  ASSERT_TRUE(fresh.ready()) << fresh.said();
  EXPECT_EQ(old.wait_for_exit(), 0);
  EXPECT_TRUE(kept.ended());
  EXPECT_EQ(get(fresh.port(), "/").body, "app /");
}

TEST(Replacement, TakingOverFromNobodyIsAnError) {
  TempDir state;
  {
    Edge old(state.path());
    ASSERT_EQ(old.stop(), 0);
    EXPECT_FALSE(io::exists(state.path() + "/edge.sock"));
  }
  Edge none(state.path(), {"--take-over"});
  EXPECT_FALSE(none.ready());
  EXPECT_EQ(none.wait_for_exit(), 1);
  EXPECT_NE(none.said().find("no running edge"), std::string::npos) << none.said();
}

TEST(Counters, AreStreamedAsLines) {
  TempDir state;
  App app("app");
  Edge edge(state.path());
  edge.put("a", list_of({service("web", "v1", {app.address()})}));
  EXPECT_EQ(get(edge.port(), "/").status, 200);
  const Json metrics = edge.call("GET", "/metrics");
  ASSERT_TRUE(metrics.is_string());
  EXPECT_NE(metrics.as_string().find("slipway_edge_requests_total{app=\"a\",environment=\"test\","
                                     "service=\"web\",release=\"v1\",code=\"2xx\"} 1"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::edge::test

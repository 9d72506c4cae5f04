// Ending what drains: by the verb, and in a process that is being replaced.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "edge/verbs.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: any\r\n\r\n";

// Answers nobody; ends when the edge does.
App::Serve silent() {
  return [](int fd, const App::Request&) {
    char byte = 0;
    ::recv(fd, &byte, 1, 0);
    return false;
  };
}

TEST(Drain, EndsWhatAReplacedProcessStillHolds) {
  TempDir state;
  App hung(silent());
  App next("next");
  Edge old(state.path());
  old.put("a", list_of({service("web", "v1", {hung.address()})}));
  old.put("b", list_of({service("web", "v1", {hung.address()}).set("hosts", texts({"b"}))}));
  Connection waiting(old.port());
  waiting.send(kGet);
  Connection other(old.port());
  other.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return hung.requests() == 2; }));
  Edge fresh(state.path(), {"--take-over"});
  ASSERT_TRUE(fresh.ready()) << fresh.said();
  fresh.put("a", list_of({service("web", "v2", {next.address()})}));
  ASSERT_TRUE(eventually([&] { return fresh.drains().size() == 1; }));
  int status = 0;
  const Json nobody = fresh.call("POST", "/v1/drain?app=b", {}, &status);
  EXPECT_EQ(nobody.integer("cut"), 0) << "b is not draining";
  const Json cut = fresh.call("POST", "/v1/drain?app=a&environment=test", {}, &status);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(cut.integer("cut"), 1) << cut.dump();
  EXPECT_EQ(waiting.read().status, 504);
  waiting.reset();
  EXPECT_TRUE(eventually([&] { return fresh.drains().size() == 0; }));
  other.reset();
  EXPECT_EQ(old.wait_for_exit(), 0);
  EXPECT_EQ(get(fresh.port(), "/").body, "next /");
}

TEST(Drain, TheVerbWaitsAndThenEnds) {
  TempDir state;
  App hung(silent());
  App next("next");
  Edge edge(state.path());
  const auto put = [&](const App& app) {
    Json body = Json::object();
    const Json now = edge.call("GET", "/v1/apps/shop/edge");
    Json web = service("web", "v" + std::to_string(app.port()), {app.address()});
    body.set("expected_version", now.integer("version")).set("epoch", 0).set("op", "");
    body.set("services", list_of({web}));
    int status = 0;
    const Json answer = edge.call("PUT", "/v1/apps/shop/edge", body, &status);
    ASSERT_EQ(status, 200) << answer.dump();
  };
  put(hung);
  Connection waiting(edge.port());
  waiting.send(kGet);
  ASSERT_TRUE(eventually([&] { return hung.requests() == 1; }));
  put(next);
  const auto drained = verbs::drain("shop", Millis(50), edge.socket());
  ASSERT_TRUE(drained) << drained.error().sentence();
  EXPECT_EQ(waiting.read().status, 504);
  EXPECT_TRUE(verbs::drain("shop", Millis(50), edge.socket())) << "nothing left: at once";
  EXPECT_EQ(verbs::drain("nobody", Millis(50), edge.socket()).error().code, Code::NotFound);
}

}  // namespace
}  // namespace slipway::edge::test

#include <gtest/gtest.h>

#include "drivers/http_probe/probe.h"
#include "tests/contract/test_server.h"

namespace slipway::drivers::http_probe {
namespace {
config::Smoke get(const std::string& path, int expect = 200, const std::string& contains = {}) {
  config::Smoke smoke;
  smoke.get = path;
  smoke.expect = expect;
  smoke.contains = contains;
  return smoke;
}
config::Smoke command(const std::string& line, Millis timeout = Millis(5000)) {
  config::Smoke smoke;
  smoke.run = line;
  smoke.timeout = timeout;
  return smoke;
}
ports::SmokeView run(const config::Smoke& smoke, const std::string& address = "127.0.0.1:1",
                     const std::map<std::string, std::string>& variables = {}) {
  return make_smoke_runner()->run(smoke, address, variables, "/tmp");
}

void hello(const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  responder->respond(request.path == "/hello" ? 200 : 404, "hello, shop");
}

TEST(Smoke, APageMustHaveTheStatusAndTheText) {
  TestServer server(hello);
  EXPECT_TRUE(run(get("/hello"), server.address()).passed);
  EXPECT_TRUE(run(get("/hello", 200, "shop"), server.address()).passed);
  EXPECT_TRUE(run(get("/missing", 404), server.address()).passed);
}

TEST(Smoke, SaysWhatThePageLacked) {
  TestServer server(hello);
  EXPECT_EQ(run(get("/missing"), server.address()).why, "GET /missing answered 404, not 200");
  EXPECT_EQ(run(get("/hello", 200, "cart"), server.address()).why,
            "GET /hello answered without the text \"cart\"");
}

TEST(Smoke, NoAnswerFails) {
  std::string address;
  { address = TestServer(hello).address(); }
  const auto view = run(get("/hello"), address);
  EXPECT_FALSE(view.passed);
  EXPECT_NE(view.why.find("no answer"), std::string::npos);
}

TEST(Smoke, ACommandSeesTheTargetTheVariablesAndTheFolder) {
  const auto view =
      run(command(R"(test "$SLIPWAY_TARGET" = http://127.0.0.1:7 && test "$SLIPWAY_VERSION" = v2 &&
                                   test "$PWD" = /tmp && test -n "$PATH")"),
          "127.0.0.1:7", {{"SLIPWAY_VERSION", "v2"}});
  EXPECT_TRUE(view.passed) << view.why;
}

TEST(Smoke, AFailedCommandGivesItsExitStatusAndLastLines) {
  const auto view = run(command("echo checkout is broken; echo details >&2; exit 3"));
  EXPECT_FALSE(view.passed);
  EXPECT_NE(view.why.find("exit status 3"), std::string::npos) << view.why;
  EXPECT_NE(view.why.find("checkout is broken"), std::string::npos) << view.why;
  EXPECT_NE(view.why.find("details"), std::string::npos) << view.why;
}

TEST(Smoke, KeepsOnlyTheLastLinesOfALongOutput) {
  const auto view =
      run(command("i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; exit 1"));
  EXPECT_EQ(view.why.find("line 90\n"), std::string::npos);
  EXPECT_NE(view.why.find("line 91\n"), std::string::npos) << view.why;
}

TEST(Smoke, ACommandThatTakesTooLongIsKilled) {
  const auto view = run(command("echo waiting; tail -f /dev/null", Millis(200)));
  EXPECT_FALSE(view.passed);
  EXPECT_NE(view.why.find("killed after 200ms"), std::string::npos) << view.why;
  EXPECT_NE(view.why.find("waiting"), std::string::npos) << view.why;
}

TEST(Smoke, AFolderThatIsNotThereIsSaid) {
  const auto view =
      make_smoke_runner()->run(command("true"), "127.0.0.1:1", {}, "/nonexistent-slipway");
  EXPECT_FALSE(view.passed);
  EXPECT_NE(view.why.find("/nonexistent-slipway"), std::string::npos) << view.why;
}
}  // namespace
}  // namespace slipway::drivers::http_probe

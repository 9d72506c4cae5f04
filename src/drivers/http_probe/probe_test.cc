#include "drivers/http_probe/probe.h"

#include <gtest/gtest.h>

#include "tests/contract/test_server.h"

namespace slipway::drivers::http_probe {
namespace {
config::Health health_at(const std::string& path, Millis timeout = Millis(3000)) {
  config::Health health;
  health.path = path;
  health.timeout = timeout;
  return health;
}

// Answers with the status in the path ("/503") and the given body.
TestServer::OnRequest answering(const std::string& body) {
  return [body](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
    responder->respond(std::atoi(request.path.c_str() + 1), body);
  };
}

TEST(HttpProbe, TakesAnySuccessForHealthyWhenTheBodySaysNothing) {
  TestServer server(answering("fine"));
  for (const char* path : {"/200", "/204", "/299"}) {
    EXPECT_TRUE(make_probe()->look(server.address(), health_at(path)).healthy) << path;
  }
}

TEST(HttpProbe, TakesEveryOtherStatusForUnhealthyAndSaysWhich) {
  TestServer server(answering("{}"));
  for (const char* path : {"/301", "/404", "/500", "/503"}) {
    const auto view = make_probe()->look(server.address(), health_at(path));
    EXPECT_FALSE(view.healthy) << path;
    EXPECT_EQ(view.why, std::string(path + 1) + " from " + path);
  }
}

TEST(HttpProbe, A200WhoseOwnStatusSaysDownIsUnhealthy) {
  TestServer server(answering(
      R"({"status":"down","database":{"status":"down","error":"timeout after 2000 ms"}})"));
  const auto view = make_probe()->look(server.address(), health_at("/200"));
  EXPECT_FALSE(view.healthy);
  EXPECT_EQ(view.why, "200 from /200: database: timeout after 2000 ms");
  ASSERT_EQ(view.parts.size(), 1U);
  EXPECT_EQ(view.parts[0].name, "database");
}

TEST(HttpProbe, ReportsThePartsOfAHealthyDocument) {
  TestServer server(answering(R"({"status":"ok","checks":{"redis":"up"}})"));
  const auto view = make_probe()->look(server.address(), health_at("/200"));
  EXPECT_TRUE(view.healthy);
  ASSERT_EQ(view.parts.size(), 1U);
  EXPECT_EQ(view.parts[0].name, "checks.redis");
}

TEST(HttpProbe, SendsTheConfiguredHostOrTheAddress) {
  TestServer server(
      [](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
        responder->respond(request.field("host") == "shop.example" ? 200 : 400, "");
      });
  auto health = health_at("/up");
  EXPECT_FALSE(make_probe()->look(server.address(), health).healthy);
  health.host = "shop.example";
  EXPECT_TRUE(make_probe()->look(server.address(), health).healthy);
}

TEST(HttpProbe, AsksTheReadinessPathWhenThereIsOne) {
  TestServer server(answering(""));
  auto health = health_at("/500");
  health.ready_path = "/200";
  EXPECT_TRUE(make_probe()->look(server.address(), health).healthy);
}

TEST(HttpProbe, WithoutAPathRunningIsEnough) {
  EXPECT_TRUE(make_probe()->look("127.0.0.1:1", health_at("")).healthy);
}

TEST(HttpProbe, NobodyListeningIsUnhealthyAndSaysSo) {
  std::string address;
  { address = TestServer(answering("")).address(); }
  const auto view = make_probe()->look(address, health_at("/up"));
  EXPECT_FALSE(view.healthy);
  EXPECT_NE(view.why.find(address), std::string::npos) << view.why;
  EXPECT_NE(view.why.find("refused"), std::string::npos) << view.why;
}

TEST(HttpProbe, AnAnswerThatDoesNotComeIsUnhealthyAfterTheTimeout) {
  std::vector<std::shared_ptr<http::Responder>> kept;
  TestServer server([&](const http::Request&, std::shared_ptr<http::Responder> responder) {
    kept.push_back(std::move(responder));
  });
  const auto view = make_probe()->look(server.address(), health_at("/up", Millis(100)));
  EXPECT_FALSE(view.healthy);
  EXPECT_NE(view.why.find("no answer"), std::string::npos) << view.why;
}

TEST(HttpProbe, AnAddressWithoutAPortIsUnhealthy) {
  for (const char* address : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", ":80", "a:99999"}) {
    EXPECT_FALSE(make_probe()->look(address, health_at("/up")).healthy) << address;
  }
}
}  // namespace
}  // namespace slipway::drivers::http_probe

// The edge used alone: K5, K8, K13–K15, K17 and K21 through its own verbs.
#include "edge/verbs.h"

#include <gtest/gtest.h>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

class Verbs : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App good_{"good"};

  verbs::DeployOptions options(const std::string& name, const std::vector<std::string>& targets) {
    verbs::DeployOptions out;
    out.name = name;
    out.targets = targets;
    out.deploy_timeout = Millis(20);
    out.health_check_interval = Millis(5);
    return out;
  }
  std::string body(const std::string& target = "/") {
    const Reply reply = get(edge_.port(), target);
    return reply.status == 200 ? reply.body : std::to_string(reply.status);
  }
};

App::Serve answers(int status) {
  return [status](int fd, const App::Request&) {
    return write_all(fd, "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n");
  };
}

TEST_F(Verbs, DeployRedeployAndRemove) {
  const auto deployed = verbs::deploy(options("shop", {good_.address()}), edge_.socket());
  ASSERT_TRUE(deployed) << deployed.error().sentence();
  EXPECT_EQ(body("/x"), "good /x");
  App next("next");
  ASSERT_TRUE(verbs::deploy(options("shop", {next.address()}), edge_.socket()));
  EXPECT_EQ(body("/x"), "next /x");
  const auto text = verbs::list_text(edge_.socket());
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("shop"), std::string::npos);
  EXPECT_NE(text->find(next.address()), std::string::npos);
  ASSERT_TRUE(verbs::remove("shop", edge_.socket()));
  EXPECT_EQ(body("/x"), "404");
  EXPECT_EQ(verbs::remove("shop", edge_.socket()).error().code, Code::NotFound);
}

TEST_F(Verbs, K13_K14_AnUnhealthyTargetLeavesWhatWasThere) {
  App bad(answers(500));
  EXPECT_EQ(verbs::deploy(options("shop", {bad.address()}), edge_.socket()).error().code,
            Code::NeverHealthy);
  EXPECT_EQ(body(), "404");
  const auto deployed = verbs::deploy(options("shop", {good_.address()}), edge_.socket());
  ASSERT_TRUE(deployed) << deployed.error().sentence();
  const auto failed =
      verbs::deploy(options("shop", {good_.address(), bad.address()}), edge_.socket());
  EXPECT_EQ(failed.error().code, Code::NeverHealthy);
  EXPECT_NE(failed.error().what.find(bad.address()), std::string::npos);
  EXPECT_EQ(body(), "good /");
}

TEST_F(Verbs, K15_TheThirdProbeMayBeTheFirstGoodOneAndTheHostIsSent) {
  std::atomic<int> asked{0};
  App slow_start([&](int fd, const App::Request& request) {
    const bool named = request.head.find("Host: health.example") != std::string::npos;
    if (named && ++asked >= 3) return write_all(fd, ok_response("up"));
    return write_all(fd, "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
  });
  auto patient = options("shop", {slow_start.address()});
  patient.deploy_timeout = Millis(3000);
  patient.health_check_host = "health.example";
  EXPECT_TRUE(verbs::deploy(patient, edge_.socket()));
  EXPECT_EQ(asked, 3);
}

TEST_F(Verbs, K8_ATakenHostIsRefusedBeforeAnythingIsProbed) {
  const auto deployed = verbs::deploy(options("shop", {good_.address()}), edge_.socket());
  ASSERT_TRUE(deployed) << deployed.error().sentence();
  App other("other");
  const auto refused = verbs::deploy(options("blog", {other.address()}), edge_.socket());
  EXPECT_EQ(refused.error().code, Code::HostTaken);
  EXPECT_EQ(other.requests(), 0);
  EXPECT_EQ(body(), "good /");
}

TEST_F(Verbs, PauseStopAndResumeSurviveARedeploy) {
  const std::string socket = edge_.socket();
  const auto deployed = verbs::deploy(options("shop", {good_.address()}), socket);
  ASSERT_TRUE(deployed) << deployed.error().sentence();
  ASSERT_TRUE(verbs::pause("shop", Millis(10), Millis(1000), socket));
  EXPECT_EQ(body(), "504");
  App next("next");
  ASSERT_TRUE(verbs::deploy(options("shop", {next.address()}), socket));
  EXPECT_EQ(body(), "504");
  ASSERT_TRUE(verbs::stop("shop", "Back in 15 mins!", Millis(1000), socket));
  EXPECT_NE(get(edge_.port(), "/").body.find("Back in 15 mins!"), std::string::npos);
  ASSERT_TRUE(verbs::resume("shop", socket));
  EXPECT_EQ(body(), "next /");
}

TEST(VerbsAlone, SayThatNoEdgeAnswers) {
  TempDir state;
  EXPECT_EQ(verbs::resume("shop", state.path() + "/edge.sock").error().code, Code::EdgeUnreachable);
}

}  // namespace
}  // namespace slipway::edge::test

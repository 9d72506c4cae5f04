// K25 through the verbs; shares by hand, and what else `slipway edge` says of a running edge.
#include <gtest/gtest.h>

#include "edge/verbs.h"
#include "io/files.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

class Rollout : public ::testing::Test {
 protected:
  void SetUp() override {
    verbs::DeployOptions options;
    options.name = "shop";
    options.targets = {old_.address()};
    options.health_check_interval = Millis(5);
    const auto deployed = verbs::deploy(options, edge_.socket());
    ASSERT_TRUE(deployed) << deployed.error().sentence();
  }
  Result<void> deploy_rollout(const App& app) {
    verbs::RolloutOptions options;
    options.name = "shop";
    options.targets = {app.address()};
    options.deploy_timeout = Millis(20);
    options.health_check_interval = Millis(5);
    return verbs::rollout_deploy(options, edge_.socket());
  }
  std::string body(const std::string& cookie) {
    return get(edge_.port(), "/", "any",
               cookie.empty() ? "" : "Cookie: kamal-rollout=" + cookie + "\r\n")
        .body;
  }
  // How many of a thousand cookie values get the new one.
  int share() {
    Connection client(edge_.port());
    int fresh = 0;
    for (int i = 0; i < 1000; ++i) {
      const Reply reply = client.get(
          "/", "Host: any\r\nCookie: a=b; kamal-rollout=user-" + std::to_string(i) + "\r\n");
      fresh += reply.body == "new /" ? 1 : 0;
    }
    return fresh;
  }
  std::vector<std::string> releases() {
    std::vector<std::string> names;
    const Json table = edge_.call("GET", "/v1/table");
    for (const Json& pool : table.at("services").items()[0].at("pools").items())
      names.push_back(pool.text("release"));
    return names;
  }

  TempDir state_;
  Edge edge_{state_.path()};
  App old_{"old"};
  App new_{"new"};
};

TEST_F(Rollout, K25_TheListAndThenTheShareDecideByTheCookie) {
  ASSERT_TRUE(deploy_rollout(new_));
  EXPECT_EQ(body("1"), "old /") << "a rollout begins without anybody";
  ASSERT_TRUE(verbs::rollout_set("shop", 0, {"1"}, edge_.socket()));
  EXPECT_EQ(body("1"), "new /");
  EXPECT_EQ(body("2"), "old /");
  EXPECT_EQ(body(""), "old /");
  ASSERT_TRUE(verbs::rollout_set("shop", 0, {"2"}, edge_.socket()));
  EXPECT_EQ(body("1"), "old /");
  ASSERT_TRUE(verbs::rollout_stop("shop", edge_.socket()));
  EXPECT_EQ(body("2"), "old /");
  EXPECT_EQ(verbs::rollout_stop("shop", edge_.socket()).error().code, Code::NotFound);
}

TEST_F(Rollout, K25_SixtyPercentOfTheCookieValuesGetIt) {
  ASSERT_TRUE(deploy_rollout(new_));
  ASSERT_TRUE(verbs::rollout_set("shop", 60, {}, edge_.socket()));
  const int sixty = share();
  EXPECT_NEAR(sixty, 600, 50);
  EXPECT_EQ(share(), sixty) << "the same values every time";
  EXPECT_EQ(body(""), "old /");
  ASSERT_TRUE(verbs::rollout_set("shop", 10, {"user-0", "user-1"}, edge_.socket()));
  EXPECT_NEAR(share(), 100, 30);
  EXPECT_EQ(body("user-0"), "new /");
  EXPECT_EQ(body("user-1"), "new /");
}

TEST_F(Rollout, ADeployLeavesTheRolloutItsShare) {
  ASSERT_TRUE(deploy_rollout(new_));
  ASSERT_TRUE(verbs::rollout_set("shop", 20, {"1"}, edge_.socket()));
  App next("next");
  verbs::DeployOptions options;
  options.name = "shop";
  options.targets = {next.address()};
  ASSERT_TRUE(verbs::deploy(options, edge_.socket()));
  EXPECT_EQ(body(""), "next /");
  EXPECT_EQ(body("1"), "new /");
}

TEST_F(Rollout, AnUnhealthyOneChangesNothingAndANewOneTakesItsPlace) {
  App sick([](int fd, const App::Request&) {
    return write_all(fd, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_EQ(deploy_rollout(sick).error().code, Code::NeverHealthy);
  EXPECT_EQ(releases().size(), 1U);
  EXPECT_EQ(verbs::rollout_set("shop", 10, {}, edge_.socket()).error().code, Code::NotFound);
  ASSERT_TRUE(deploy_rollout(new_));
  ASSERT_TRUE(verbs::rollout_set("shop", 0, {"1"}, edge_.socket()));
  App newer("newer");
  ASSERT_TRUE(deploy_rollout(newer));
  EXPECT_EQ(releases().size(), 2U);
  EXPECT_EQ(body("1"), "newer /") << "the list stays";
}

TEST_F(Rollout, SharesAreGivenByHand) {
  ASSERT_TRUE(deploy_rollout(new_));
  const auto names = releases();
  ASSERT_EQ(names.size(), 2U);
  const auto half = verbs::split_releases("shop", {{names[0], 99}, {names[1], 2}}, edge_.socket());
  EXPECT_EQ(half.error().code, Code::Usage);
  EXPECT_NE(half.error().what.find("101%"), std::string::npos) << half.error().what;
  const auto unknown = verbs::split_releases("shop", {{"v-none", 100}}, edge_.socket());
  EXPECT_NE(unknown.error().next.find(names[1]), std::string::npos) << unknown.error().next;
  ASSERT_TRUE(verbs::split_releases("shop", {{names[1], 100}}, edge_.socket()));
  EXPECT_EQ(body("anybody"), "new /");
}

TEST_F(Rollout, StatusTellsWhatEachReleaseDid) {
  EXPECT_EQ(body(""), "old /");
  EXPECT_EQ(body(""), "old /");
  const auto status = verbs::status(edge_.socket());
  ASSERT_TRUE(status) << status.error().sentence();
  EXPECT_EQ(status->at("edge").integer("pid"), edge_.pid());
  ASSERT_EQ(status->at("services").size(), 1U);
  const Json& shop = status->at("services").items()[0];
  EXPECT_EQ(shop.text("name"), "shop");
  EXPECT_EQ(shop.integer("requests"), 2);
  EXPECT_GT(shop.integer("p95_us"), 0);
  const auto text = verbs::status_text(edge_.socket());
  ASSERT_TRUE(text);
  EXPECT_NE(text->find(releases()[0]), std::string::npos) << *text;
}

TEST(VerbFlags, ReachTheTable) {
  TempDir state;
  Edge edge(state.path());
  App app("app");
  App reader("reader");
  ASSERT_TRUE(io::make_dirs(state.path() + "/pages"));
  ASSERT_TRUE(io::write_file_atomically(state.path() + "/pages/4xx.html", "<p>ours"));
  verbs::DeployOptions options;
  options.name = "shop";
  options.targets = {app.address()};
  options.read_targets = {reader.address()};
  options.path_prefixes = {"/app"};
  options.strip_path_prefix = false;
  options.buffer_requests = true;
  options.max_request_body = 4;
  options.error_pages = state.path() + "/pages";
  options.writer_affinity_timeout = Millis(0);
  options.health_check_port = app.port();
  const auto deployed = verbs::deploy(options, edge.socket());
  ASSERT_TRUE(deployed) << deployed.error().sentence();
  EXPECT_EQ(get(edge.port(), "/app/x").body, "reader /app/x");
  EXPECT_EQ(
      request(edge.port(), "POST /app/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", "POST")
          .body,
      "app /app/x");
  const Reply large = request(
      edge.port(), "POST /app/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "POST");
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.body, "<p>ours");
}

TEST(VerbFlags, ADeployToAPortThatIsNotWellIsRefused) {
  TempDir state;
  Edge edge(state.path());
  App app("app");
  App other("other");
  const int closed = other.port();
  other.stop();
  verbs::DeployOptions options;
  options.name = "shop";
  options.targets = {app.address()};
  options.health_check_port = closed;
  options.deploy_timeout = Millis(20);
  options.health_check_interval = Millis(5);
  EXPECT_EQ(verbs::deploy(options, edge.socket()).error().code, Code::NeverHealthy);
}

}  // namespace
}  // namespace slipway::edge::test

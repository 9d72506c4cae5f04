// Gates as callers of the daemon meet them: what is refused, what waits, what is left out and by
// whom.
#include "daemon/gates.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "daemon/daemon.h"
#include "http/client.h"
#include "tests/daemon/openapi_schema.h"
#include "tests/daemon/shared_world.h"

namespace slipway::daemon {
namespace {

constexpr Millis kSoon{20'000};

struct Answer {
  int status = 0;
  Json body;
  const Json& error() const { return body.at("error"); }
};

class GatesTest : public ::testing::Test {
 protected:
  GatesTest() {
    char folder[] = "/tmp/slipway-gates-XXXXXX";
    folder_ = ::mkdtemp(folder);
    null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_ = std::make_unique<telemetry::Log>(world_.clock, null_, telemetry::Form::Json);
    start();
  }
  ~GatesTest() override {
    daemon_.reset();
    ::close(null_);
    std::filesystem::remove_all(folder_);
  }
  void start() {
    daemon_.reset();
    DaemonOptions options;
    options.state = folder_ + "/state";
    options.version = "0.1.0";
    options.listen = "127.0.0.1:0";
    auto started = Daemon::start(options, world_.factory(), *log_, world_.clock, random_);
    ASSERT_TRUE(started.has_value()) << started.error().sentence();
    daemon_ = std::move(started).value();
  }

  // As the owner of a token, or by the socket when it is empty.
  Answer ask(const std::string& method, const std::string& target, const Json& body = {},
             const std::string& token = {}) {
    http::Call call;
    call.method = method;
    call.target = target;
    call.timeout = kSoon;
    if (!body.is_null()) call.body = body.dump();
    if (!token.empty()) call.fields.push_back({"Authorization", "Bearer " + token});
    auto client = token.empty() ? http::Client::on_unix(folder_ + "/state/daemon.sock")
                                : http::Client::on_tcp("127.0.0.1", daemon_->tcp_port());
    const auto response = client.request(call);
    EXPECT_TRUE(response.has_value()) << response.error().sentence();
    if (!response) return {};
    return {response->status, Json::parse(response->body).value_or(Json())};
  }
  std::string token_of(const std::string& name, const std::string& role) {
    return ask("POST", "/v1/tokens", Json::object().set("name", name).set("role", role))
        .body.text("token");
  }
  static Json request(const std::string& gates, const std::string& version = "v1") {
    return Json::object()
        .set("config",
             "app: shop\nservices:\n  web: { run: serve, instances: 2 }\n"
             "rollout: { keep_old: 1h }\n" +
                 gates)
        .set("folder", "/srv/shop")
        .set("environment", "production")
        .set("version", version);
  }
  Json running() {
    const auto status = ask("GET", "/v1/status?app=shop&environment=production");
    EXPECT_EQ(openapi_.misfits("Status", status.body), "");
    const auto& list = status.body.at("environments").items();
    return list.empty() ? Json() : list.front().at("running");
  }
  Json release(const std::string& id) { return ask("GET", "/v1/releases/" + id).body; }
  bool eventually(const std::function<bool()>& holds) {
    const Millis until = world_.clock.monotonic() + kSoon;
    while (!holds()) {
      if (world_.clock.monotonic() > until) return false;
    }
    return true;
  }
  std::string outcome_of(const std::string& id) {
    std::string outcome;
    eventually([&] {
      outcome = release(id).at("release").text("outcome");
      // Its thread may still be leaving: until then it holds the environment.
      return !outcome.empty() && running().text("release") != id;
    });
    return outcome;
  }

  SharedWorld world_;
  io::SystemRandom random_;
  OpenApi openapi_;
  std::string folder_;
  int null_ = -1;
  std::unique_ptr<telemetry::Log> log_;
  std::unique_ptr<Daemon> daemon_;
};

// Never open, whatever the day is.
const std::string kFrozen = "freeze: [ { date: 01-01..12-31, why: stocktaking } ]\n";
const std::string kHeld = kFrozen + "window: { on_expiry: hold }\n";

TEST_F(GatesTest, WhatCannotOpenInTimeIsRefusedBeforeAnythingIsWritten) {
  const auto answer = ask("POST", "/v1/releases", request(kFrozen));
  EXPECT_EQ(answer.status, 409) << answer.body.dump();
  EXPECT_EQ(answer.error().text("code"), "Refused");
  EXPECT_EQ(answer.error().integer("exit_code"), 3);
  EXPECT_NE(answer.error().text("what").find("is frozen: 01-01..12-31 (stocktaking)"),
            std::string::npos)
      << answer.error().text("what");
  EXPECT_NE(answer.error().text("next").find("--override freeze --reason"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/releases").body.at("releases").size(), 0U);
}

TEST_F(GatesTest, APlanSaysWhatItsGatesSayNow) {
  const auto answer = ask("POST", "/v1/plan", request(kFrozen));
  ASSERT_EQ(answer.status, 200) << answer.body.dump();
  EXPECT_EQ(openapi_.misfits("Planned", answer.body), "");
  ASSERT_EQ(answer.body.at("gates").size(), 1U);
  const auto& gate = answer.body.at("gates").items().front();
  EXPECT_FALSE(gate.flag("open", true));
  EXPECT_NE(gate.text("why").find("it does not open within two years"), std::string::npos);
}

TEST_F(GatesTest, AReleaseThatWaitsSaysForWhatAndHoldsTheEnvironment) {
  const auto begun = ask("POST", "/v1/releases", request(kHeld));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-window"; }));
  EXPECT_EQ(running().at("gates").size(), 1U);
  EXPECT_EQ(ask("POST", "/v1/releases", request("", "v2")).error().text("code"), "LeaseHeld");
  start();  // a daemon that comes back goes on waiting
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-window"; }));
  const auto id = begun.body.text("release");
  const auto promoted = ask("POST", "/v1/releases/" + id + "/promote", Json::object());
  EXPECT_EQ(promoted.status, 409) << promoted.body.dump();
  EXPECT_EQ(ask("POST", "/v1/releases/" + id + "/abort", Json::object()).status, 200);
  EXPECT_EQ(outcome_of(id), "aborted");
}

TEST_F(GatesTest, AnOverrideTakesAReasonAndSomebodyWhoMayApprove) {
  auto wish = request(kFrozen).set("override", Json::array_of(std::vector<std::string>{"freeze"}));
  const auto without = ask("POST", "/v1/releases", wish);
  EXPECT_EQ(without.status, 400);
  EXPECT_NE(without.error().text("what").find("needs a reason"), std::string::npos);
  wish.set("reason", "payments fail");
  const auto deployer = token_of("dan", "deployer");
  const auto refused = ask("POST", "/v1/releases", wish, deployer);
  EXPECT_EQ(refused.status, 403) << refused.body.dump();
  EXPECT_EQ(refused.error().integer("exit_code"), 3);
  const auto begun = ask("POST", "/v1/releases", wish, token_of("ann", "approver"));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  const auto id = begun.body.text("release");
  EXPECT_EQ(outcome_of(id), "completed");
  bool recorded = false;
  const Json told = release(id);
  for (const auto& record : told.at("records").items()) {
    recorded = recorded || record.text("detail") == "freeze overridden by ann: payments fail";
  }
  EXPECT_TRUE(recorded) << told.dump();
}

TEST_F(GatesTest, AHotfixIsTheShortPathOfWhoMayDeploy) {
  const auto wish = request(kFrozen).set("hotfix", true).set("reason", "CVE");
  const auto begun = ask("POST", "/v1/releases", wish, token_of("dan", "deployer"));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  EXPECT_EQ(outcome_of(begun.body.text("release")), "completed");
}

TEST_F(GatesTest, ARollbackWaitsForNoGate) {
  ASSERT_EQ(outcome_of(ask("POST", "/v1/releases", request("")).body.text("release")), "completed");
  const auto second = request(kFrozen, "v2").set("hotfix", true).set("reason", "CVE");
  const auto begun = ask("POST", "/v1/releases", second);
  ASSERT_EQ(outcome_of(begun.body.text("release")), "completed")
      << begun.body.dump() << running().dump();
  const auto back = ask(
      "POST", "/v1/releases",
      Json::object().set("kind", "rollback").set("app", "shop").set("environment", "production"));
  ASSERT_EQ(back.status, 201) << back.body.dump();
  EXPECT_EQ(outcome_of(back.body.text("release")), "completed");
}

TEST_F(GatesTest, AZoneThatDoesNotExistIsAnErrorAndNoReleaseBegins) {
  const auto answer =
      ask("POST", "/v1/releases", request("window: { days: mon-sun, zone: Europe/Atlantis }\n"));
  EXPECT_EQ(answer.status, 404) << answer.body.dump();
  EXPECT_NE(answer.error().text("what").find("there is no time zone 'Europe/Atlantis'"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::daemon

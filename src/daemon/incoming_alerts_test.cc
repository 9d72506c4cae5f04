// What Alertmanager sends: as a trigger of a release, as the beginning and the end of an incident.
#include "daemon/incoming_alerts.h"

#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

TEST(Rfc3339, IsReadWithFractionsAndZones) {
  EXPECT_EQ(rfc3339_ms("2025-11-21T10:31:02Z"), 1'763'721'062'000);
  EXPECT_EQ(rfc3339_ms("2025-11-21T10:31:02.123456789Z"), 1'763'721'062'123);
  EXPECT_EQ(rfc3339_ms("2025-11-21T12:31:02.5+02:00"), 1'763'721'062'500);
  EXPECT_EQ(rfc3339_ms("2025-11-21T05:01:02-05:30"), 1'763'721'062'000);
  for (const char* text : {"", "yesterday", "2025-11-21", "2025-11-21T10:31:02",
                           "2025-11-21T10:31:02+2", "2025-11-21T10:31:02+0a:00"})
    EXPECT_FALSE(rfc3339_ms(text)) << text;
}

const std::string kKept = "rollout: { keep_old: 1h }\n";
const std::string kOpens = kKept +
                           "incidents: { alerts: [ { alert: CheckoutDown, labels: { severity: "
                           "critical }, severity: sev1 } ] }\n";

class IncomingAlertsTest : public DaemonKit {
 protected:
  void SetUp() override {
    start();
    deployed(kOpens, "v1");
  }
  // As Alertmanager 0.24 sends it.
  static Json message(const std::string& name, const std::string& status,
                      const std::string& starts_at, const std::string& severity = "critical") {
    const Json alert =
        Json::object()
            .set("status", status)
            .set("labels", Json::object().set("alertname", name).set("severity", severity))
            .set("annotations", Json::object().set("summary", "nobody can pay"))
            .set("startsAt", starts_at)
            .set("endsAt", "0001-01-01T00:00:00Z")
            .set("generatorURL", "http://prometheus.example/graph")
            .set("fingerprint", name == "CheckoutDown" ? "1f0c9d2e6b0a77c1" : "ab");
    Json alerts = Json::array();
    alerts.push_back(alert);
    return Json::object()
        .set("receiver", "slipway")
        .set("status", status)
        .set("alerts", alerts)
        .set("groupLabels", Json::object())
        .set("commonLabels", Json::object())
        .set("commonAnnotations", Json::object())
        .set("externalURL", "http://alertmanager.example")
        .set("version", "4")
        .set("groupKey", "{}:{}")
        .set("truncatedAlerts", 0);
  }
  Answer send(const Json& body, const std::string& token = {}) {
    return ask("POST", "/v1/environments/shop/production/alerts", body, token);
  }
  std::string now_text() { return to_iso8601(world_.clock.now()); }
  Json incident() {
    const auto list = ask("GET", "/v1/incidents").body;
    const auto& rows = list.at("incidents").items();
    return rows.empty() ? Json() : rows.front();
  }
};

TEST_F(IncomingAlertsTest, OneThatIsNamedOpensItsIncidentOnceAndEndsIt) {
  deployed(kOpens, "v2");
  const auto sent = send(message("CheckoutDown", "firing", now_text()));
  EXPECT_EQ(sent.status, 200) << sent.text;
  EXPECT_EQ(openapi_.misfits("AlertsTaken", sent.body), "");
  EXPECT_EQ(sent.body.at("incidents").size(), 1U);
  const auto again = send(message("CheckoutDown", "firing", now_text()));
  EXPECT_EQ(again.body.strings("incidents"), std::vector<std::string>{"i-0001"}) << "the same";
  ASSERT_TRUE(eventually([&] { return live() == "r-0001"; })) << incident().dump(1);
  EXPECT_EQ(incident().text("impact"), "nobody can pay");
  EXPECT_EQ(incident().text("by"), "alert CheckoutDown");
  EXPECT_EQ(send(message("CheckoutDown", "resolved", now_text())).status, 200);
  ASSERT_TRUE(eventually([&] { return incident().text("status") == "resolved"; }))
      << incident().dump(1);
  EXPECT_EQ(ask("GET", "/v1/incidents").body.at("incidents").size(), 1U);
  // It comes again later: that is another incident.
  send(message("CheckoutDown", "firing", now_text()));
  EXPECT_EQ(ask("GET", "/v1/incidents").body.at("incidents").size(), 2U);
}

TEST_F(IncomingAlertsTest, OtherLabelsOtherNamesAndSlipwaysOwnOpenNone) {
  deployed(kOpens, "v2");
  EXPECT_EQ(send(message("CheckoutDown", "firing", now_text(), "warning")).body.integer("firing"),
            1);
  EXPECT_EQ(send(message("DiskFull", "firing", now_text())).body.integer("firing"), 1);
  EXPECT_EQ(send(message("Slipway", "firing", now_text())).body.integer("ignored"), 1);
  EXPECT_TRUE(incident().is_null());
}

TEST_F(IncomingAlertsTest, TakesBackTheReleaseThatNamesItAndBegunBeforeIt) {
  const std::string named =
      "rollout: { strategy: canary, steps: [10%, 100%], judge: 1h }\n"
      "roll_back_when: [ alert CheckoutDown ]\n";
  const auto before = now_text();
  const auto canary = begin(named, "v2");
  ASSERT_TRUE(eventually([&] { return environment().at("running").text("step") == "judge-10"; }));
  // It was there before the release: not its doing.
  send(message("CheckoutDown", "firing", "2025-11-21T10:31:02Z"));
  send(message("Other", "firing", now_text()));
  EXPECT_EQ(send(message("CheckoutDown", "resolved", before)).body.integer("resolved"), 1);
  EXPECT_EQ(release(canary).at("release").text("outcome"), "");
  send(message("CheckoutDown", "firing", now_text()));
  EXPECT_EQ(outcome_of(canary), "rolled_back");
  const auto full = release(canary);
  EXPECT_NE(full.at("release").text("reason").find("alert CheckoutDown fires: nobody can pay"),
            std::string::npos)
      << full.at("release").dump();
  const auto& verdicts = full.at("judgements").items();
  ASSERT_FALSE(verdicts.empty());
  EXPECT_EQ(verdicts.back().text("answer"), "fail");
  EXPECT_EQ(live(), "r-0001");
}

TEST_F(IncomingAlertsTest, WantsATokenThatMayDeployAndTheRightMessage) {
  const auto viewer = token_of("wall", "viewer");
  EXPECT_EQ(send(message("X", "firing", now_text()), viewer).status, 403);
  EXPECT_EQ(send(message("X", "firing", now_text()), token_of("am", "deployer")).status, 200);
  EXPECT_EQ(send(Json::object().set("version", "3")).status, 400);
  EXPECT_EQ(send(message("X", "firing", now_text()).set("alerts", "none")).status, 400);
  EXPECT_EQ(ask("POST", "/v1/environments/shop/nowhere/alerts", message("X", "firing", now_text()))
                .status,
            404);
}

}  // namespace
}  // namespace slipway::daemon

// Channels and who is told what: read strictly, kept as references, found again from JSON.
#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

constexpr const char* kHead = R"(app: shop
services: { web: { run: x } }
secrets: { HOOK: { env: HOOK }, PASSWORD: { file: /run/mail } }
)";

std::string told(const std::string& rest) { return all_text(load_text(kHead + rest)); }

TEST(Channels, AreReadWithTheirDefaultsAndTheWholeReferenceOfTheirSecret) {
  const auto result = load_text(std::string(kHead) + R"(
channels:
  team: { type: slack, secret: HOOK, timeout: 2s }
  mail: { type: email, url: "smtp://mail.example:587", user: me, secret: PASSWORD, from: a@b.c, to: [x@y.z] }
notify: [ { to: [team] }, { on: [stuck], to: [mail, team] } ]
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  const auto& team = environment.channels.at("team");
  EXPECT_EQ(team.secret.env, "HOOK");
  EXPECT_EQ(team.timeout, Millis(2'000));
  EXPECT_EQ(team.give_up, Millis(86'400'000));
  const auto& mail = environment.channels.at("mail");
  EXPECT_EQ(mail.secret.file, "/run/mail");
  EXPECT_TRUE(mail.encrypted);
  EXPECT_EQ(channel_from_json(to_json(mail)), mail);
  const auto again = environment_from_json(to_json(environment));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->channels, environment.channels);
  EXPECT_EQ(again->notify, environment.notify);
}

TEST(Channels, GetWhatTheRulesSendThemEachOnce) {
  const auto result = load_text(std::string(kHead) + R"(
channels:
  team: { type: slack, secret: HOOK }
  robot: { type: webhook, url: "http://127.0.0.1:1/x", secret: HOOK }
notify: [ { to: [team] }, { on: [stuck, held], to: [robot, team] } ]
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  const auto names = [&](const std::string& kind) {
    std::vector<std::string> out;
    for (const auto* channel : channels_for(environment.channels, environment.notify, kind))
      out.push_back(channel->name);
    return out;
  };
  EXPECT_EQ(names("released"), (std::vector<std::string>{"team"}));
  EXPECT_EQ(names("stuck"), (std::vector<std::string>{"robot", "team"}));
}

TEST(Channels, ChangeNothingThatRuns) {
  const auto plain = load_text(kHead);
  const auto with = load_text(std::string(kHead) +
                              "channels: { team: { type: slack, secret: HOOK } }\n"
                              "notify: [ { to: [team] } ]\n");
  ASSERT_TRUE(plain.config && with.config);
  EXPECT_EQ(fingerprint(plain.config->environments.at("production")),
            fingerprint(with.config->environments.at("production")));
}

TEST(Channels, AlertsAreReadWithTheirConditionAndChangeNothingThatRuns) {
  const auto result = load_text(std::string(kHead) + R"(
channels: { team: { type: slack, secret: HOOK } }
alerts:
  - { when: error_rate > 1%, for: 5m, to: [team] }
  - { when: latency_p99 > 5s, name: slow, severity: critical, to: [team] }
  - { when: down, for: 2m, to: [team] }
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  ASSERT_EQ(environment.alerts.size(), 3u);
  EXPECT_EQ(environment.alerts[0].name, "error_rate > 1%");
  EXPECT_EQ(environment.alerts[0].condition.limit, 1);
  EXPECT_EQ(environment.alerts[0].hold, Millis(300'000));
  EXPECT_EQ(environment.alerts[1].name, "slow");
  EXPECT_EQ(environment.alerts[1].condition.limit, 5'000);
  EXPECT_EQ(environment.alerts[1].condition.quantile, 0.99);
  EXPECT_EQ(environment.alerts[2].condition.signal, AlertCondition::Signal::Down);
  const auto again = environment_from_json(to_json(environment));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->alerts, environment.alerts);
  EXPECT_EQ(fingerprint(environment),
            fingerprint(load_text(kHead).config->environments.at("production")));
}

TEST(Channels, AMistakeIsToldWithItsPlaceAndWhatToWrite) {
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(told("channels: { a: { secret: HOOK } }\n"), "channel 'a' has no 'type'");
  has(told("channels: { a: { type: slack } }\n"), "channel 'a' has no 'secret'");
  has(told("channels: { a: { type: slack, secret: HOK } }\n"), "did you mean 'HOOK'?");
  has(told("channels: { a: { type: slack, secret: HOOK, url: x } }\n"),
      "a channel of type slack has no 'url'");
  has(told("channels: { a: { type: webhook, secret: HOOK, url: \"ftp://x\" } }\n"),
      "it begins with https:// or http://");
  has(told("channels: { a: { type: email, url: \"smtp://x:25\", from: a, to: [] } }\n"),
      "channel 'a' has no 'to'");
  has(told("channels: { a: { type: email, url: \"smtp://x:25\", from: a, to: [b], user: u } }\n"),
      "signing in needs both");
  has(told("channels: { a: { type: email, url: \"smtp://x:25\", from: a, to: [b], user: u, "
           "secret: HOOK, tls: none } }\n"),
      "would send its password in the clear");
  has(told("channels: { team: { type: slack, secret: HOOK } }\nnotify: [ { to: [taem] } ]\n"),
      "did you mean 'team'?");
  has(told("notify: [ { on: [stuck] } ]\n"), "has no 'to'");
  const std::string team = "channels: { team: { type: slack, secret: HOOK } }\n";
  has(told(team + "alerts: [ { when: down, to: [taem] } ]\n"), "did you mean 'team'?");
  has(told(team + "alerts: [ { to: [team] } ]\n"), "has no 'when'");
  has(told(team + "alerts: [ { when: down, to: [team] }, { when: down, to: [team] } ]\n"),
      "two alerts are called 'down'");
  has(told(team + "alerts: [ { when: latency_p95 > 2x baseline, to: [team] } ]\n"),
      "there is no baseline");
  has(told(team + "alerts: [ { when: donw, to: [team] } ]\n"), "'health failing' or 'down'");
  has(told("channels: { a: { type: slack, secret: HOOK } }\nnotify: [ { on: [stuk], to: [a] } ]\n"),
      "stuck");
}

TEST(Incidents, AreReadStoredAndChangeNothingThatRuns) {
  const auto result = load_text(std::string(kHead) + R"(
channels: { team: { type: slack, secret: HOOK, role: approver } }
notify: [ { on: [incident, certificate], to: [team] } ]
roll_back_when: [ alert CheckoutDown ]
incidents:
  assess_within: 10m
  on_expiry: hold
  alerts:
    - { alert: CheckoutDown, labels: { severity: critical, team: web }, severity: sev1 }
    - { alert: Slow }
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  const auto& incidents = environment.incidents;
  EXPECT_EQ(incidents.assess_within, Millis(600'000));
  EXPECT_EQ(incidents.on_expiry, OnAssessExpiry::Hold);
  ASSERT_EQ(incidents.alerts.size(), 2U);
  EXPECT_EQ(incidents.alerts[0].labels.at("team"), "web");
  EXPECT_EQ(incidents.alerts[1].severity, "sev2");
  EXPECT_EQ(environment.channels.at("team").role, "approver");
  EXPECT_EQ(environment.roll_back_on_alerts, std::vector<std::string>{"CheckoutDown"});
  EXPECT_TRUE(environment.roll_back_when.empty());
  const auto again = environment_from_json(to_json(environment));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->incidents, incidents);
  EXPECT_EQ(again->roll_back_on_alerts, environment.roll_back_on_alerts);
  auto without = environment;
  without.incidents = {};
  EXPECT_EQ(fingerprint(without), fingerprint(environment));
}

TEST(Incidents, ASevTwoIsAssessedForAQuarterOfAnHourAndThenRolledBack) {
  const auto result = load_text(kHead);
  const auto& incidents = result.config->environments.at("production").incidents;
  EXPECT_EQ(incidents.assess_within, Millis(900'000));
  EXPECT_EQ(incidents.on_expiry, OnAssessExpiry::RollBack);
}

TEST(Incidents, MistakesAreToldWithWhatToWrite) {
  EXPECT_NE(told("incidents: { alerts: [ { severity: sev1 } ] }\n").find("has no 'alert'"),
            std::string::npos);
  EXPECT_NE(told("incidents: { on_expiry: pray }\n").find("roll_back, hold"), std::string::npos);
  EXPECT_NE(told("roll_back_when: [ alert two words ]\n").find("alert NAME"), std::string::npos);
  EXPECT_NE(told("channels: { t: { type: slack, secret: HOOK, role: admin } }\n").find("deployer"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::config

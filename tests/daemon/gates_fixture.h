#pragma once
// For tests of gates: a daemon that people with tokens can ask, and releases that wait.
#include <string>
#include <vector>

#include "tests/daemon/daemon_fixture.h"

namespace slipway::daemon {

class GatesFixture : public DaemonFixture {
 protected:
  GatesFixture() { start(); }
  // Again: what was there before is stopped first.
  void start() {
    daemon_.reset();
    auto wanted = options();
    wanted.listen = "127.0.0.1:0";
    start_or_fail(wanted);
  }
  // As the owner of a token, or by the socket when it is empty.
  Answer ask(const std::string& method, const std::string& target, const Json& body = {},
             const std::string& token = {}) {
    return token.empty() ? DaemonFixture::ask(method, target, body)
                         : ask_tcp(method, target, token, body);
  }
  Json request(const std::string& gates, const std::string& version = "v1") const {
    return Json::object()
        .set("config",
             "app: shop\nservices:\n  web: { run: serve, instances: 2 }\n"
             "rollout: { keep_old: 1h }\n" +
                 gates)
        .set("folder", folder_)
        .set("environment", "production")
        .set("version", version);
  }
  Json running() { return environment().at("running"); }
  Json release(const std::string& id) { return ask("GET", "/v1/releases/" + id).body; }
  std::string hash_of(const std::string& id) { return release(id).at("release").text("plan_hash"); }
  std::string outcome_of(const std::string& id) {
    std::string outcome;
    eventually([&] {
      outcome = release(id).at("release").text("outcome");
      // Its thread may still be leaving: until then it holds the environment.
      return !outcome.empty() && running().text("release") != id;
    });
    return outcome;
  }
  // The journal's words at a step: of its last record that says something.
  std::string detail_of(const std::string& id, const std::string& step) {
    std::string detail;
    const Json whole = release(id);
    for (const auto& record : whole.at("records").items()) {
      if (record.text("step") == step && !record.text("detail").empty())
        detail = record.text("detail");
    }
    return detail;
  }
  void expect_refused(const Answer& answer, const std::string& why) {
    EXPECT_EQ(answer.status, 409) << answer.body.dump();
    EXPECT_EQ(answer.error().text("code"), "Refused");
    EXPECT_EQ(answer.error().integer("exit_code"), 3);
    EXPECT_NE(answer.error().text("what").find(why), std::string::npos)
        << answer.error().text("what");
    EXPECT_FALSE(answer.error().text("next").empty());
  }
};

}  // namespace slipway::daemon

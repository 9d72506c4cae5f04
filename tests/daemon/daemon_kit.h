#pragma once
// For tests: a daemon on the in-memory drivers, in a folder of its own, asked over its socket and
// over TCP as the owner of a token.
#include <functional>
#include <string>
#include <utility>

#include "tests/daemon/daemon_fixture.h"

namespace slipway::daemon {

class DaemonKit : public DaemonFixture {
 protected:
  struct Answer {
    int status = 0;
    Json body;
    std::string text;
    http::Fields fields;
    std::string what() const { return body.at("error").text("what"); }
  };

  // Again, when it runs already: the next one takes up what is there.
  void start(const std::function<void(DaemonOptions&)>& change = {}) {
    daemon_.reset();
    DaemonOptions wanted = options();
    wanted.listen = "127.0.0.1:0";
    if (change) change(wanted);
    start_or_fail(wanted);
  }

  Answer ask(const std::string& method, const std::string& target, const Json& body = {},
             const std::string& token = {}, const http::Fields& fields = {}) {
    auto wanted = call(method, target, body);
    wanted.fields = fields;
    if (!token.empty()) wanted.fields.push_back({"Authorization", "Bearer " + token});
    auto client = token.empty() ? http::Client::on_unix(options().state + "/daemon.sock")
                                : http::Client::on_tcp("127.0.0.1", daemon_->tcp_port());
    const auto response = client.request(wanted);
    EXPECT_TRUE(response.has_value()) << response.error().sentence();
    if (!response) return {};
    return {response->status, Json::parse(response->body).value_or(Json()), response->body,
            response->fields};
  }
  static Json request(const std::string& more, const std::string& version) {
    return Json::object()
        .set("config",
             "app: shop\nservices:\n  web: { run: serve, instances: 1, drain: 0s,"
             " health: { path: /health, interval: 100ms, healthy: 1 } }\n" +
                 more)
        .set("folder", "/srv/shop")
        .set("environment", "production")
        .set("version", version)
        .set("by", "kim");
  }
  std::string begin(const std::string& more, const std::string& version) {
    const auto answer = ask("POST", "/v1/releases", request(more, version));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.text("release");
  }
  std::string deployed(const std::string& more, const std::string& version) {
    const std::string id = begin(more, version);
    EXPECT_EQ(outcome_of(id), "completed");
    return id;
  }
  std::string live() { return environment().at("live").text("release"); }
  Json release(const std::string& id) { return ask("GET", "/v1/releases/" + id).body; }
  // Empty when it does not end in time. Its thread has left the environment.
  std::string outcome_of(const std::string& id) {
    std::string outcome;
    eventually([&] {
      outcome = release(id).at("release").text("outcome");
      return !outcome.empty() && environment().at("running").text("release") != id;
    });
    return outcome;
  }
};

}  // namespace slipway::daemon

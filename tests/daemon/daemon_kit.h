#pragma once
// For tests: a daemon on the in-memory drivers, in a folder of its own, asked over its socket and
// over TCP as the owner of a token.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "daemon/daemon.h"
#include "http/client.h"
#include "tests/daemon/openapi_schema.h"
#include "tests/daemon/shared_world.h"

namespace slipway::daemon {

class DaemonKit : public ::testing::Test {
 protected:
  static constexpr Millis kSoon{20'000};
  struct Answer {
    int status = 0;
    Json body;
    std::string text;
    http::Fields fields;
    std::string what() const { return body.at("error").text("what"); }
  };

  DaemonKit() {
    char folder[] = "/tmp/slipway-kit-XXXXXX";
    folder_ = ::mkdtemp(folder);
    null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_ = std::make_unique<telemetry::Log>(world_.clock, null_, telemetry::Form::Json);
  }
  ~DaemonKit() override {
    daemon_.reset();
    ::close(null_);
    std::filesystem::remove_all(folder_);
  }
  // Again, when it runs already: the next one takes up what is there.
  void start(const std::function<void(DaemonOptions&)>& change = {}) {
    daemon_.reset();
    DaemonOptions options;
    options.state = folder_ + "/state";
    options.version = "0.1.0";
    options.listen = "127.0.0.1:0";
    if (change) change(options);
    auto started = Daemon::start(options, world_.factory(), *log_, world_.clock, random_);
    ASSERT_TRUE(started.has_value()) << started.error().sentence();
    daemon_ = std::move(started).value();
  }

  Answer ask(const std::string& method, const std::string& target, const Json& body = {},
             const std::string& token = {}, const http::Fields& fields = {}) {
    http::Call call;
    call.method = method;
    call.target = target;
    call.timeout = kSoon;
    call.fields = fields;
    if (!body.is_null()) call.body = body.dump();
    if (!token.empty()) call.fields.push_back({"Authorization", "Bearer " + token});
    auto client = token.empty() ? http::Client::on_unix(folder_ + "/state/daemon.sock")
                                : http::Client::on_tcp("127.0.0.1", daemon_->tcp_port());
    const auto response = client.request(call);
    EXPECT_TRUE(response.has_value()) << response.error().sentence();
    if (!response) return {};
    return {response->status, Json::parse(response->body).value_or(Json()), response->body,
            response->fields};
  }
  std::string token_of(const std::string& name, const std::string& role) {
    return ask("POST", "/v1/tokens", Json::object().set("name", name).set("role", role))
        .body.text("token");
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
  Json environment() {
    const auto status = ask("GET", "/v1/status?app=shop&environment=production");
    const auto& list = status.body.at("environments").items();
    return list.empty() ? Json() : list.front();
  }
  std::string live() { return environment().at("live").text("release"); }
  Json release(const std::string& id) { return ask("GET", "/v1/releases/" + id).body; }
  bool eventually(const std::function<bool()>& holds) {
    const Millis until = world_.clock.monotonic() + kSoon;
    while (!holds()) {
      if (world_.clock.monotonic() > until) return false;
    }
    return true;
  }
  // Empty when it does not end in time. Its thread has left the environment.
  std::string outcome_of(const std::string& id) {
    std::string outcome;
    eventually([&] {
      outcome = release(id).at("release").text("outcome");
      return !outcome.empty() && environment().at("running").text("release") != id;
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

}  // namespace slipway::daemon

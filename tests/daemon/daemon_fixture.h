#pragma once
// For the tests of this room: a daemon on the in-memory drivers in a folder of its own, and short
// ways to ask it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "daemon/daemon.h"
#include "http/client.h"
#include "tests/daemon/openapi_schema.h"
#include "tests/daemon/shared_world.h"

namespace slipway::daemon {

inline constexpr Millis kSoon{20'000};

struct Answer {
  int status = 0;
  Json body;
  http::Response raw;
  const Json& error() const { return body.at("error"); }
};

class DaemonFixture : public ::testing::Test {
 protected:
  DaemonFixture() {
    char folder[] = "/tmp/slipway-daemon-XXXXXX";
    folder_ = ::mkdtemp(folder);
    null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_ = std::make_unique<telemetry::Log>(world_.clock, null_, telemetry::Form::Json);
  }
  ~DaemonFixture() override {
    daemon_.reset();
    ::close(null_);
    std::filesystem::remove_all(folder_);
  }

  DaemonOptions options() const {
    DaemonOptions out;
    out.state = folder_ + "/state";
    out.version = "0.1.0";
    return out;
  }
  Result<std::unique_ptr<Daemon>> start_with(const DaemonOptions& wanted) {
    return Daemon::start(wanted, world_.factory(), *log_, world_.clock, random_);
  }
  void start_or_fail(const DaemonOptions& wanted) {
    auto started = start_with(wanted);
    ASSERT_TRUE(started.has_value()) << started.error().sentence();
    daemon_ = std::move(started).value();
  }

  static Answer read(const Result<http::Response>& response) {
    Answer out;
    EXPECT_TRUE(response.has_value()) << response.error().sentence();
    if (!response) return out;
    out.raw = *response;
    out.status = response->status;
    out.body = Json::parse(response->body).value_or(Json());
    return out;
  }
  static http::Call call(const std::string& method, const std::string& target, const Json& body) {
    http::Call out;
    out.method = method;
    out.target = target;
    out.timeout = kSoon;
    if (!body.is_null()) out.body = body.dump();
    return out;
  }
  Answer ask(const std::string& method, const std::string& target, const Json& body = {}) {
    return read(http::Client::on_unix(options().state + "/daemon.sock")
                    .request(call(method, target, body)));
  }
  Answer ask_tcp(const std::string& method, const std::string& target, const std::string& token,
                 const Json& body = {}) {
    auto wanted = call(method, target, body);
    if (!token.empty()) wanted.fields.push_back({"Authorization", "Bearer " + token});
    return read(http::Client::on_tcp("127.0.0.1", daemon_->tcp_port()).request(wanted));
  }
  std::string token_of(const std::string& name, const std::string& role) {
    return ask("POST", "/v1/tokens", Json::object().set("name", name).set("role", role))
        .body.text("token");
  }
  Json environment() {
    const auto status = ask("GET", "/v1/status?app=shop&environment=production");
    EXPECT_EQ(openapi_.misfits("Status", status.body), "");
    const auto& list = status.body.at("environments").items();
    return list.empty() ? Json() : list.front();
  }
  // Asks again and again until it holds; every question is a request, none is a sleep.
  bool eventually(const std::function<bool()>& holds) {
    const Millis until = world_.clock.monotonic() + kSoon;
    while (!holds()) {
      if (world_.clock.monotonic() > until) return false;
    }
    return true;
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

// The daemon as its callers see it: over its socket, on the in-memory drivers.
#include "daemon/daemon.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include "io/files.h"
#include "io/signals.h"
#include "io/socket.h"
#include "tests/daemon/daemon_fixture.h"

namespace slipway::daemon {
namespace {

std::string config_with(const std::string& rollout) {
  return "app: shop\n"
         "services:\n"
         "  web:\n"
         "    run: node server.js\n"
         "    instances: 2\n"
         "    health: { path: /health, interval: 100ms, healthy: 1 }\n"
         "    drain: 1s\n"
         "smoke: [ { get: /health } ]\n"
         "environments:\n"
         "  production:\n"
         "    url: https://shop.example\n"
         "    rollout: " +
         rollout + "\n";
}
const std::string kBlueGreen = config_with("{ strategy: blue-green, keep_old: 1h }");
const std::string kSlowCanary = config_with("{ strategy: canary, steps: [10%, 100%], judge: 1h }");

class DaemonTest : public DaemonFixture {
 protected:
  void start() { start_or_fail(options()); }
  void restart() {
    daemon_.reset();
    start();
  }

  static Json release_request(const std::string& config, const std::string& version) {
    return Json::object()
        .set("config", config)
        .set("folder", "/srv/shop")
        .set("environment", "production")
        .set("version", version)
        .set("by", "kim");
  }
  std::string begin(const std::string& config, const std::string& version) {
    const auto answer = ask("POST", "/v1/releases", release_request(config, version));
    EXPECT_EQ(answer.status, 201) << answer.body.dump();
    return answer.body.text("release");
  }
  // Reads the event stream until an event's text holds `wanted` (or it ends); all events seen.
  std::vector<std::pair<std::string, Json>> follow(const std::string& release,
                                                   const std::string& wanted,
                                                   const std::string& query = {}) {
    std::vector<std::pair<std::string, Json>> seen;
    std::string name;
    const auto on_line = [&](std::string_view line) {
      if (line.starts_with("event: ")) name = line.substr(7);
      if (!line.starts_with("data: ")) return true;
      seen.emplace_back(name, Json::parse(line.substr(6)).value_or(Json()));
      return line.find(wanted) == std::string_view::npos;
    };
    const auto streamed =
        http::Client::on_unix(options().state + "/daemon.sock")
            .stream(call("GET", "/v1/releases/" + release + "/events" + query, {}), on_line);
    EXPECT_TRUE(streamed.has_value()) << streamed.error().sentence();
    return seen;
  }
  Json end_of(const std::string& release) {
    const auto seen = follow(release, "\"outcome\":");
    EXPECT_FALSE(seen.empty());
    return seen.empty() ? Json() : seen.back().second;
  }
  void deploy(const std::string& version) {
    const auto end = end_of(begin(kBlueGreen, version));
    ASSERT_EQ(end.text("outcome"), "completed") << end.dump();
  }
};

TEST_F(DaemonTest, SaysWhoItIs) {
  start();
  const auto answer = ask("GET", "/v1/version");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(openapi_.misfits("Version", answer.body), "");
  EXPECT_EQ(answer.body.text("product"), "slipway");
  EXPECT_EQ(answer.raw.field("Slipway-Version"), "0.1.0");
  EXPECT_EQ(answer.raw.field("Slipway-Api"), "1");
  EXPECT_EQ(openapi_.misfits("Health", ask("GET", "/v1/health").body), "");
}

TEST_F(DaemonTest, DeploysToTheEndAndTellsEveryRecordOnceInOrder) {
  start();
  const auto release = begin(kBlueGreen, "v1");
  const auto seen = follow(release, "\"outcome\":");
  std::int64_t last = 0;
  for (const auto& [name, event] : seen) {
    if (name != "record") continue;
    EXPECT_GT(event.integer("seq"), last);
    EXPECT_EQ(openapi_.misfits("Record", event), "");
    last = event.integer("seq");
  }
  ASSERT_EQ(seen.back().first, "ended");
  EXPECT_EQ(seen.back().second.text("outcome"), "completed");
  EXPECT_EQ(seen.back().second.integer("exit_code", -1), 0);
  const auto full = ask("GET", "/v1/releases/" + release);
  EXPECT_EQ(openapi_.misfits("ReleaseFull", full.body), "");
  EXPECT_EQ(static_cast<std::int64_t>(full.body.at("records").size()), last);
  EXPECT_EQ(full.body.at("notices").size(), 2u) << "started, released";
}

TEST_F(DaemonTest, AReaderGoesOnWhereItStopped) {
  start();
  const auto release = begin(kBlueGreen, "v1");
  const auto all = follow(release, "\"outcome\":");
  const auto rest = follow(release, "\"outcome\":", "?after=3");
  ASSERT_GT(rest.size(), 1u);
  EXPECT_EQ(rest.front().second.integer("seq"), 4);
  EXPECT_EQ(rest.back().first, "ended");
}

TEST_F(DaemonTest, StatusTellsWhatIsLiveAndWhatIsKeptWarm) {
  start();
  deploy("v1");
  deploy("v2");
  const auto now = environment();
  EXPECT_EQ(now.at("live").text("version"), "v2");
  EXPECT_EQ(now.at("previous").text("version"), "v1");
  EXPECT_TRUE(now.at("previous").flag("warm"));
  EXPECT_EQ(now.text("mode"), "serve");
  EXPECT_TRUE(now.at("running").is_null());
  EXPECT_EQ(now.at("split").items().front().text("version"), "v2");
  EXPECT_EQ(now.at("instances").size(), 4u);
  EXPECT_EQ(now.at("last").text("outcome"), "completed");
}

TEST_F(DaemonTest, RatesAndHealthAppearWithTime) {
  start();
  deploy("v1");
  EXPECT_TRUE(eventually([&] {
    const auto now = environment();
    const auto& counts = now.at("counts").items();
    return !counts.empty() && counts.front().number("requests_per_s") > 0 &&
           now.at("instances").items().front().text("health") == "healthy";
  }));
}

TEST_F(DaemonTest, AFailedSmokeCheckTakesTheReleaseBackAndTheOldOneStays) {
  start();
  deploy("v1");
  fake::Behaviour bad;
  bad.version = "v2";
  bad.running_after = Millis(1);
  bad.ready_after = Millis(1);
  bad.smoke_fails = true;
  world_.script({bad, *world_.world.script->behaviours.begin()});
  const auto end = end_of(begin(kBlueGreen, "v2"));
  EXPECT_EQ(end.text("outcome"), "rolled_back");
  EXPECT_EQ(end.integer("exit_code"), 4);
  EXPECT_NE(end.text("reason").find("smoke"), std::string::npos) << end.dump();
  EXPECT_EQ(environment().at("live").text("version"), "v1");
}

TEST_F(DaemonTest, RollsBackWithoutAConfigurationFile) {
  start();
  deploy("v1");
  deploy("v2");
  const auto answer = ask(
      "POST", "/v1/releases",
      Json::object().set("app", "shop").set("environment", "production").set("kind", "rollback"));
  ASSERT_EQ(answer.status, 201) << answer.body.dump();
  EXPECT_EQ(end_of(answer.body.text("release")).text("outcome"), "completed");
  const auto now = environment();
  EXPECT_EQ(now.at("live").text("version"), "v1");
  EXPECT_EQ(now.at("live").text("release"), "r-0001");
}

TEST_F(DaemonTest, ASecondDeployIsRefusedByNameOfTheFirst) {
  start();
  deploy("v1");
  const auto first = begin(kSlowCanary, "v2");
  follow(first, "\"op\":\"\"");
  const auto second = ask("POST", "/v1/releases", release_request(kSlowCanary, "v3"));
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(openapi_.misfits("Error", second.body), "");
  const auto& error = second.body.at("error");
  EXPECT_EQ(error.text("code"), "LeaseHeld");
  EXPECT_EQ(error.integer("exit_code"), 3);
  EXPECT_NE(error.text("what").find(first), std::string::npos);
  EXPECT_NE(error.text("what").find("kim"), std::string::npos);
  EXPECT_NE(error.text("next").find("slipway abort production"), std::string::npos);
  EXPECT_EQ(error.at("owner").text("release"), first);
}

TEST_F(DaemonTest, ANewerReleaseMaySupersedeTheRunningOne) {
  start();
  deploy("v1");
  const auto first = begin(kSlowCanary, "v2");
  follow(first, "\"step\":\"shift-10\"");
  const auto second =
      ask("POST", "/v1/releases", release_request(kBlueGreen, "v3").set("supersede", true));
  ASSERT_EQ(second.status, 201) << second.body.dump();
  const auto old_end = end_of(first);
  EXPECT_EQ(old_end.text("outcome"), "aborted");
  EXPECT_EQ(old_end.integer("exit_code"), 5);
  EXPECT_EQ(end_of(second.body.text("release")).text("outcome"), "completed");
  EXPECT_EQ(environment().at("live").text("version"), "v3");
}

TEST_F(DaemonTest, PausesResumesAndAbortsARunningRelease) {
  start();
  deploy("v1");
  const auto release = begin(kSlowCanary, "v2");
  follow(release, "\"step\":\"shift-10\"");
  const std::string path = "/v1/releases/" + release;
  const auto paused =
      ask("POST", path + "/pause", Json::object().set("by", "kim").set("reason", "lunch"));
  EXPECT_EQ(paused.status, 200) << paused.body.dump();
  EXPECT_EQ(openapi_.misfits("Commanded", paused.body), "");
  EXPECT_TRUE(environment().at("running").flag("hold"));
  EXPECT_EQ(ask("POST", path + "/resume").status, 200);
  EXPECT_EQ(ask("POST", path + "/abort", Json::object().set("reason", "enough")).status, 200);
  const auto end = end_of(release);
  EXPECT_EQ(end.text("outcome"), "aborted");
  EXPECT_NE(end.text("reason").find("enough"), std::string::npos) << end.dump();
  const auto late = ask("POST", path + "/abort");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.body.at("error").text("code"), "Refused");
}

TEST_F(DaemonTest, AFullPromoteSkipsTheJudgePeriods) {
  start();
  deploy("v1");
  const auto release = begin(kSlowCanary, "v2");
  follow(release, "\"step\":\"shift-10\"");
  EXPECT_TRUE(eventually([&] { return environment().at("running").text("step") == "judge-10"; }));
  EXPECT_EQ(
      ask("POST", "/v1/releases/" + release + "/promote", Json::object().set("full", true)).status,
      200);
  EXPECT_EQ(end_of(release).text("outcome"), "completed");
}

TEST_F(DaemonTest, EveryVerdictIsKeptAndComesOutAgain) {
  const auto judged = config_with(
      "{ strategy: canary, steps: [50%, 100%], judge: { period: 300ms, least_requests: 5 } }\n"
      "    roll_back_when: [error_rate > 5%]");
  start();
  EXPECT_EQ(end_of(begin(judged, "v1")).text("outcome"), "completed");
  const auto release = begin(judged, "v2");
  EXPECT_EQ(end_of(release).text("outcome"), "completed");
  const auto full = ask("GET", "/v1/releases/" + release).body;
  EXPECT_EQ(openapi_.misfits("ReleaseFull", full), "");
  ASSERT_EQ(full.at("verdicts").size(), 2u);
  const auto& first = full.at("verdicts").items()[0];
  EXPECT_EQ(first.text("step"), "judge-50");
  EXPECT_EQ(first.text("sentence").rfind("Passed: 0 of ", 0), 0u) << first.dump();
  const auto again = ask("GET", "/v1/releases/" + release + "/verdicts?whole=1").body;
  EXPECT_TRUE(again.flag("equal")) << again.dump();
  for (const auto& one : again.at("verdicts").items()) {
    EXPECT_EQ(openapi_.misfits("VerdictEntry", one), "");
    EXPECT_GT(one.at("ticks").size(), 0u);
  }
}

TEST_F(DaemonTest, TheNextDaemonTakesTheReleaseUpAgain) {
  start();
  deploy("v1");
  const auto release = begin(kSlowCanary, "v2");
  follow(release, "\"step\":\"shift-10\"");
  restart();
  const auto running = environment().at("running");
  EXPECT_EQ(running.text("release"), release);
  EXPECT_EQ(
      ask("POST", "/v1/releases/" + release + "/promote", Json::object().set("full", true)).status,
      200);
  EXPECT_EQ(end_of(release).text("outcome"), "completed");
  EXPECT_EQ(environment().at("live").text("version"), "v2");
}

TEST_F(DaemonTest, WhatIsLiveButGoneIsStartedAgain) {
  start();
  deploy("v1");
  daemon_.reset();
  world_.world.slots.clear();
  start();
  EXPECT_TRUE(eventually([&] { return environment().at("instances").size() == 2; }));
}

TEST_F(DaemonTest, ASecondDaemonOnTheSameFolderIsRefusedWithThePid) {
  start();
  const auto second = start_with(options());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::Conflict);
  EXPECT_NE(second.error().what.find(std::to_string(::getpid())), std::string::npos)
      << second.error().what;
  EXPECT_EQ(ask("GET", "/v1/version").status, 200) << "the first one goes on";
}

TEST_F(DaemonTest, SomethingElseOnTheSocketIsNamed) {
  std::filesystem::create_directories(options().state);
  const auto foreign = io::listen_unix(options().state + "/daemon.sock");
  ASSERT_TRUE(foreign.has_value());
  const auto started = start_with(options());
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, Code::DaemonForeign);
  EXPECT_FALSE(started.error().next.empty());
}

TEST_F(DaemonTest, AStateFolderThatCannotBeMadeIsAnErrorWithTheNextStep) {
  std::filesystem::create_directories(folder_);
  ASSERT_TRUE(io::write_file_durably(folder_ + "/state", "a file, not a folder").has_value());
  const auto started = start_with(options());
  ASSERT_FALSE(started.has_value());
  EXPECT_NE(started.error().next.find("--state"), std::string::npos) << started.error().sentence();
}

TEST_F(DaemonTest, AStoreThatIsDamagedIsNotTouched) {
  std::filesystem::create_directories(options().state);
  const std::string path = options().state + "/store.db";
  ASSERT_TRUE(io::write_file_durably(path, std::string(8192, 'x')).has_value());
  const auto started = start_with(options());
  ASSERT_FALSE(started.has_value());
  EXPECT_FALSE(started.error().next.empty());
  EXPECT_EQ(io::read_file(path).value_or(""), std::string(8192, 'x'));
}

TEST_F(DaemonTest, ACallerOfAnotherApiIsRefusedWithTheNextStep) {
  start();
  auto wanted = call("POST", "/v1/releases", release_request(kBlueGreen, "v1"));
  wanted.fields.push_back({"Slipway-Api", "2"});
  const auto answer = read(http::Client::on_unix(daemon_->socket()).request(wanted));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body.at("error").text("code"), "DaemonVersion");
  EXPECT_EQ(answer.body.at("error").integer("exit_code"), 6);
  EXPECT_EQ(ask("GET", "/v1/releases").body.at("releases").size(), 0u);
}

TEST_F(DaemonTest, EveryMistakeInTheConfigurationIsReported) {
  start();
  const auto answer =
      ask("POST", "/v1/releases", release_request("app: shop\nservces: {}\nrolout: {}\n", "v1"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body.at("error").text("code"), "ConfigInvalid");
  EXPECT_GE(answer.body.at("error").at("diagnostics").size(), 2u);
}

TEST_F(DaemonTest, AMisspeltMemberOfARequestIsAnError) {
  start();
  const auto answer =
      ask("POST", "/v1/releases", release_request(kBlueGreen, "v1").set("superseed", true));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.at("error").text("next").find("supersede"), std::string::npos)
      << answer.body.dump();
}

TEST_F(DaemonTest, PlansWithoutDoingAnything) {
  start();
  const auto answer = ask("POST", "/v1/plan", release_request(kBlueGreen, "v1"));
  EXPECT_EQ(answer.status, 200) << answer.body.dump();
  EXPECT_EQ(openapi_.misfits("Planned", answer.body), "");
  EXPECT_FALSE(answer.body.text("words").empty());
  EXPECT_EQ(ask("GET", "/v1/releases").body.at("releases").size(), 0u);
  EXPECT_EQ(world_.world.starts, 0);
}

TEST_F(DaemonTest, APlanTellsWhatWouldStopIt) {
  const std::string what = "a certificate that is long enough to live on the heap is not there";
  world_.findings.push_back(
      {ports::Finding::Weight::Blocks, Error(Code::NotFound, what, "put it there")});
  start();
  const auto answer = ask("POST", "/v1/plan", release_request(kBlueGreen, "v1"));
  EXPECT_EQ(openapi_.misfits("Planned", answer.body), "");
  ASSERT_EQ(answer.body.at("findings").size(), 1u);
  const Json& finding = answer.body.at("findings").items()[0];
  EXPECT_EQ(finding.text("weight"), "blocks");
  EXPECT_EQ(finding.text("what"), what);
}

TEST_F(DaemonTest, HistoryIsNewestFirstAndLimited) {
  start();
  deploy("v1");
  deploy("v2");
  const auto all = ask("GET", "/v1/releases?app=shop");
  EXPECT_EQ(openapi_.misfits("Releases", all.body), "");
  ASSERT_EQ(all.body.at("releases").size(), 2u);
  EXPECT_EQ(all.body.at("releases").items()[0].text("version"), "v2");
  EXPECT_TRUE(all.body.at("releases").items()[0].flag("live"));
  EXPECT_EQ(ask("GET", "/v1/releases?limit=1").body.at("releases").size(), 1u);
  EXPECT_EQ(ask("GET", "/v1/releases?limit=0").status, 400);
  EXPECT_EQ(ask("GET", "/v1/releases/r-9999").status, 404);
}

TEST_F(DaemonTest, MaintenanceByHandStaysThroughARestartAndADeploy) {
  start();
  deploy("v1");
  const std::string path = "/v1/environments/shop/production/maintenance";
  const auto on =
      ask("POST", path,
          Json::object().set("on", true).set("message", "back soon").set("retry_after_s", 30));
  EXPECT_EQ(on.status, 200) << on.body.dump();
  EXPECT_EQ(openapi_.misfits("MaintenanceState", on.body), "");
  EXPECT_EQ(environment().text("mode"), "maintenance");
  restart();
  deploy("v2");
  EXPECT_EQ(environment().text("mode"), "maintenance");
  EXPECT_EQ(environment().at("maintenance").text("message"), "back soon");
  EXPECT_EQ(ask("POST", path, Json::object().set("on", false)).status, 200);
  EXPECT_EQ(environment().text("mode"), "serve");
  EXPECT_TRUE(environment().at("maintenance").is_null());
}

TEST_F(DaemonTest, MaintenanceTakesFromTheFileWhatTheRequestDoesNotSay) {
  start();
  const auto config = kBlueGreen + "    maintenance: { retry_after: 5m, allow: [10.0.0.0/8] }\n";
  EXPECT_EQ(end_of(begin(config, "v1")).text("outcome"), "completed");
  const std::string path = "/v1/environments/shop/production/maintenance";
  const auto on = ask("POST", path, Json::object().set("on", true));
  EXPECT_EQ(on.body.integer("retry_after_s"), 300) << on.body.dump();
  EXPECT_EQ(on.body.strings("allow"), std::vector<std::string>{"10.0.0.0/8"});
  const auto other = ask("POST", path, Json::object().set("on", true).set("retry_after_s", 7));
  EXPECT_EQ(other.body.integer("retry_after_s"), 7);
  EXPECT_EQ(ask("POST", path, Json::object().set("on", true).set("retry_after_s", -7)).status, 400);
}

TEST_F(DaemonTest, MaintenanceWaitsForARouterThatStillTakesOverItsLastChange) {
  start();
  deploy("v1");
  world_.takes_over(Millis(200));
  const std::string path = "/v1/environments/shop/production/maintenance";
  const auto is_settled = [this] { return environment().at("router").flag("settled"); };
  for (const bool on : {true, false, true}) {
    const auto answer = ask("POST", path, Json::object().set("on", on));
    EXPECT_EQ(answer.status, 200) << answer.body.dump();
    EXPECT_TRUE(is_settled()) << "the answer comes when the page is there";
  }
  EXPECT_EQ(environment().text("mode"), "maintenance");
}

TEST_F(DaemonTest, MaintenanceSaidAnewAtOnceIsTheNewOne) {
  start();
  deploy("v1");
  const std::string path = "/v1/environments/shop/production/maintenance";
  for (const auto* message : {"back at noon", "back at one"}) {
    const auto answer = ask("POST", path, Json::object().set("on", true).set("message", message));
    EXPECT_EQ(answer.status, 200) << answer.body.dump();
  }
  const std::lock_guard lock(world_.mutex);
  EXPECT_EQ(world_.world.routes.front().split->message, "back at one");
}

TEST_F(DaemonTest, MaintenanceIsRefusedWhileAReleaseRuns) {
  start();
  deploy("v1");
  begin(kSlowCanary, "v2");
  const auto on =
      ask("POST", "/v1/environments/shop/production/maintenance", Json::object().set("on", true));
  EXPECT_EQ(on.status, 409);
  EXPECT_EQ(on.body.at("error").text("code"), "LeaseHeld");
  EXPECT_EQ(on.body.at("error").text("next").find("--supersede"), std::string::npos)
      << "maintenance has no such option";
}

TEST_F(DaemonTest, MaintenanceWhereNothingIsRoutedIsRefusedAndForgotten) {
  start();
  const auto on =
      ask("POST", "/v1/environments/shop/nowhere/maintenance", Json::object().set("on", true));
  EXPECT_EQ(on.status, 404) << on.body.dump();
  deploy("v1");
  EXPECT_EQ(environment().text("mode"), "serve");
}

TEST_F(DaemonTest, LogsAreThoseOfTheLiveRelease) {
  start();
  deploy("v1");
  const auto logs = ask("GET", "/v1/logs?app=shop&environment=production");
  EXPECT_EQ(logs.status, 200) << logs.body.dump();
  EXPECT_EQ(openapi_.misfits("Logs", logs.body), "");
  EXPECT_EQ(logs.body.strings("lines"), std::vector<std::string>{"web/r-0001/0 | listening"});
  EXPECT_EQ(ask("GET", "/v1/logs?app=shop&environment=production&service=nope").status, 404);
}

TEST_F(DaemonTest, FollowedLogsBeginWithTheLastLinesAndEndWithTheDaemon) {
  start();
  deploy("v1");
  std::vector<std::string> lines;
  const auto on_line = [&](std::string_view line) {
    lines.emplace_back(line);
    return !line.starts_with("data: ");
  };
  const auto streamed =
      http::Client::on_unix(daemon_->socket())
          .stream(call("GET", "/v1/logs?app=shop&environment=production&follow=1&lines=1", {}),
                  on_line);
  ASSERT_TRUE(streamed.has_value()) << streamed.error().sentence();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "event: line");
  EXPECT_NE(lines[1].find("listening"), std::string::npos);
}

TEST_F(DaemonTest, AStreamClosesWithoutAnEndWhenTheDaemonStops) {
  start();
  deploy("v1");
  const auto release = begin(kSlowCanary, "v2");
  std::promise<void> open;
  auto reader = std::async(std::launch::async, [&] {
    std::string all;
    bool told = false;
    const auto streamed = http::Client::on_unix(options().state + "/daemon.sock")
                              .stream(call("GET", "/v1/releases/" + release + "/events", {}),
                                      [&](std::string_view line) {
                                        all += line;
                                        if (!std::exchange(told, true)) open.set_value();
                                        return true;
                                      });
    return streamed.has_value() ? all : "the stream broke: " + streamed.error().sentence();
  });
  ASSERT_EQ(open.get_future().wait_for(kSoon), std::future_status::ready);
  daemon_->stop();
  ASSERT_EQ(reader.wait_for(kSoon), std::future_status::ready);
  const auto all = reader.get();
  EXPECT_NE(all.find("event: record"), std::string::npos) << all;
  EXPECT_EQ(all.find("event: ended"), std::string::npos);
  EXPECT_EQ(all.find("the stream broke"), std::string::npos) << all;
}

TEST_F(DaemonTest, ADriverThatCannotBeMadeIsToldAndTriedAgain) {
  start();
  deploy("v1");
  const auto release = begin(kSlowCanary, "v2");
  EXPECT_TRUE(eventually([&] { return environment().at("running").integer("percent") == 10; }));
  daemon_.reset();
  std::atomic<bool> broken{true};
  auto factory = [&, good = world_.factory()](
                     const config::Environment& settings,
                     const std::string& app) -> Result<std::unique_ptr<DriverSet>> {
    if (broken) return Error(Code::CommandNotFound, "there is no ./platform.sh", "put it there");
    return good(settings, app);
  };
  auto started = Daemon::start(options(), factory, *log_, world_.clock, random_);
  ASSERT_TRUE(started.has_value());
  daemon_ = std::move(started).value();
  EXPECT_EQ(environment().at("running").integer("percent"), 10) << "known before it goes on";
  EXPECT_TRUE(eventually([&] {
    return environment().at("running").text("progress").find("there is no ./platform.sh") !=
           std::string::npos;
  }));
  broken = false;
  EXPECT_TRUE(eventually([&] {
    return ask("POST", "/v1/releases/" + release + "/promote", Json::object().set("full", true))
               .status == 200;
  }));
  EXPECT_EQ(end_of(release).text("outcome"), "completed");
}

TEST_F(DaemonTest, SigtermEndsItWithZeroWithinTwoSeconds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        ::alarm(10);
        io::block_signals({SIGTERM});
        std::thread([this] {
          // A connect that waits for an answer is the event; then the signal.
          while (!http::Client::on_unix(options().state + "/daemon.sock").request({}).has_value()) {
          }
          ::alarm(2);
          ::kill(::getpid(), SIGTERM);
        }).detach();
        auto wanted = options();
        wanted.log_file = "/dev/null";
        const int code = daemon_main(wanted, world_.factory());
        std::filesystem::remove_all(folder_);  // this process has made it anew
        ::_exit(code);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(DaemonTest, MetricsTellOutcomesAndWhatIsLive) {
  start();
  deploy("v1");
  const auto answer = ask("GET", "/metrics");
  EXPECT_NE(answer.raw.body.find("slipway_releases_total{app=\"shop\",environment=\"production\","
                                 "outcome=\"completed\"} 1"),
            std::string::npos);
  EXPECT_NE(answer.raw.body.find(
                "slipway_live_release{app=\"shop\",environment=\"production\",release=\"r-0001\","
                "version=\"v1\"} 1"),
            std::string::npos);
  EXPECT_NE(answer.raw.body.find("slipway_store_append_seconds_count"), std::string::npos);
}

TEST_F(DaemonTest, WrongPathsAndMethodsAreToldApart) {
  start();
  EXPECT_EQ(ask("GET", "/v1/nothing").status, 404);
  const auto wrong = ask("DELETE", "/v1/releases");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.raw.field("Allow"), "GET, POST");
}

class TcpTest : public DaemonTest {
 protected:
  void start_tcp() {
    auto wanted = options();
    wanted.listen = "127.0.0.1:0";
    auto started = start_with(wanted);
    ASSERT_TRUE(started.has_value()) << started.error().sentence();
    daemon_ = std::move(started).value();
  }
  std::string token(const std::string& role) {
    const auto made =
        ask("POST", "/v1/tokens", Json::object().set("name", "my-" + role).set("role", role));
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(openapi_.misfits("TokenMade", made.body), "");
    return made.body.text("token");
  }
};

TEST_F(TcpTest, WithoutATokenOnlyVersionAndHealthAnswer) {
  start_tcp();
  EXPECT_EQ(ask_tcp("GET", "/v1/version", "").status, 200);
  EXPECT_EQ(ask_tcp("GET", "/v1/health", "").status, 200);
  const auto refused = ask_tcp("GET", "/v1/status", "");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body.at("error").text("code"), "Unauthorized");
  EXPECT_EQ(ask_tcp("GET", "/v1/status", "slw_wrong").status, 401);
}

TEST_F(TcpTest, EachRoleMayWhatItsNameSays) {
  start_tcp();
  const auto viewer = token("viewer");
  const auto deployer = token("deployer");
  const auto approver = token("approver");
  const auto admin = token("admin");
  EXPECT_EQ(ask_tcp("GET", "/v1/status", viewer).status, 200);
  const auto body = release_request(kBlueGreen, "v1");
  const auto refused = ask_tcp("POST", "/v1/releases", viewer, body);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body.at("error").integer("exit_code"), 3);
  const auto started = ask_tcp("POST", "/v1/releases", deployer, body);
  EXPECT_EQ(started.status, 201);
  const std::string promote = "/v1/releases/" + started.body.text("release") + "/promote";
  EXPECT_EQ(ask_tcp("POST", promote, deployer).status, 403);
  EXPECT_NE(ask_tcp("POST", promote, approver).status, 403);
  EXPECT_EQ(ask_tcp("GET", "/v1/tokens", approver).status, 403);
  EXPECT_EQ(ask_tcp("GET", "/v1/tokens", admin).status, 200);
}

TEST_F(TcpTest, WhoeverHoldsATokenActsUnderItsName) {
  start_tcp();
  const auto started =
      ask_tcp("POST", "/v1/releases", token("deployer"), release_request(kBlueGreen, "v1"));
  const auto release = ask("GET", "/v1/releases/" + started.body.text("release"));
  EXPECT_EQ(release.body.at("release").text("by"), "my-deployer")
      << "not \"kim\", as the request says";
}

TEST_F(TcpTest, ARevokedTokenOpensNothing) {
  start_tcp();
  const auto viewer = token("viewer");
  const auto list = ask("GET", "/v1/tokens");
  EXPECT_EQ(openapi_.misfits("Tokens", list.body), "");
  const auto id = list.body.at("tokens").items().front().text("id");
  EXPECT_EQ(ask("DELETE", "/v1/tokens/" + id).status, 200);
  EXPECT_EQ(ask_tcp("GET", "/v1/status", viewer).status, 401);
  EXPECT_EQ(ask("DELETE", "/v1/tokens/" + id).status, 404);
}

TEST_F(TcpTest, AnAddressThatIsNotLoopbackIsRefused) {
  auto wanted = options();
  wanted.listen = "0.0.0.0:0";
  const auto started = start_with(wanted);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, Code::Unsupported);
  EXPECT_NE(started.error().what.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace slipway::daemon

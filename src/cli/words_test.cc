// Status and history in words, files and whole runs that need no daemon.
#include <gtest/gtest.h>

#include "cli/history_text.h"
#include "cli/run.h"
#include "cli/status_text.h"
#include "cli/target.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::cli {
namespace {
Json parsed(std::string_view text) { return Json::parse(text).value(); }

TEST(StatusText, ShowsWhatIsLiveWhatRunsAndWhatIsWrong) {
  const Json status = parsed(R"({"ready":true,"now_ms":1000000,"problems":[],"environments":[{
    "app":"shop","environment":"production","url":"https://shop.example","mode":"serve",
    "live":{"release":"r-0001","version":"v1","by":"kim","since_ms":400000,"strategy":"canary"},
    "previous":null,"last":null,"maintenance":null,
    "running":{"release":"r-0002","version":"v2","index":3,"of":9,"text":"judge v2","left_ms":61000,
      "progress":"12 requests","reason":"","taking_back":false,"hold":false},
    "instances":[
      {"id":"web/r-0001/0","service":"web","release":"r-0001","version":"v1","role":"live","state":"running","health":"healthy","why":""},
      {"id":"web/r-0001/1","service":"web","release":"r-0001","version":"v1","role":"live","state":"failed","health":"unhealthy","why":"exit status 3"}],
    "split":[{"service":"web","release":"r-0001","version":"v1","percent":90}],
    "counts":[{"release":"r-0001","requests_per_s":20.25,"error_rate_percent":0.5,"p95_ms":12.4,"window_s":10}],
    "problems":[{"what":"the disk is nearly full","next":"make room"}]}]})");
  EXPECT_EQ(status_text(status, false),
            "shop production  serve  https://shop.example\n"
            "  live        v1  r-0001  canary, by kim, 10m ago\n"
            "  running     v2  r-0002  step 3 of 9: judge v2  (61s left)\n"
            "              12 requests\n"
            "  web         1 of 2 healthy  v1  live\n"
            "              web/r-0001/1 is failed, unhealthy: exit status 3\n"
            "  traffic     v1 90%  20.2 requests/s, 0.5% errors, p95 12 ms\n"
            "  problem     the disk is nearly full\n"
            "              next: make room\n");
}

TEST(StatusText, TellsTheFreshBaselineFromTheOldRelease) {
  const Json status = parsed(R"({"ready":true,"now_ms":0,"problems":[],"environments":[{
    "app":"shop","environment":"production","mode":"serve","live":null,"running":null,
    "instances":[{"id":"web/r-0002-baseline/0","service":"web","release":"r-0002-baseline",
      "version":"v1","role":"baseline","state":"running","health":"healthy","why":""}],
    "split":[{"release":"r-0001","version":"v1","percent":80},
      {"release":"r-0002","version":"v2","percent":10},
      {"release":"r-0002-baseline","version":"v1","percent":10}],
    "counts":[],"problems":[]}]})");
  const auto text = status_text(status, false);
  EXPECT_NE(text.find("1 of 1 healthy  v1  baseline\n"), std::string::npos) << text;
  EXPECT_NE(text.find("v1 80%\n"), std::string::npos) << text;
  EXPECT_NE(text.find("fresh v1 10%\n"), std::string::npos) << text;
}

TEST(StatusText, SaysSoWhenThereIsNothing) {
  EXPECT_EQ(status_text(parsed(R"({"ready":true,"environments":[]})"), false),
            "nothing has been released yet\n");
}

TEST(HistoryText, AlignsOneLineForEachRelease) {
  const Json list = parsed(R"({"releases":[
    {"id":"r-0002","app":"shop","environment":"production","kind":"deploy","version":"v2","by":"kim",
     "outcome":"rolled_back","reason":"judge-10: error rate","created_ms":1763721000000,"live":false},
    {"id":"r-0001","app":"shop","environment":"staging","kind":"deploy","version":"v1.0","by":"jo",
     "outcome":"completed","reason":"","created_ms":1763720000000,"live":true}]})");
  EXPECT_EQ(
      history_text(list),
      "r-0002  2025-11-21 10:30  shop production  v2    rolled back  kim  judge-10: error rate\n"
      "r-0001  2025-11-21 10:13  shop staging     v1.0  completed    jo  live\n");
}

TEST(HistoryText, TellsOneReleaseWithItsEvidence) {
  const Json full = parsed(R"({"release":{"id":"r-0002","app":"shop","environment":"production",
    "kind":"deploy","version":"v2","by":"kim","outcome":"completed","reason":"",
    "created_ms":1763721000000,"ended_ms":1763721041000},"words":"the plan\n",
    "records":[{"seq":3,"at_ms":1763721001123,"event":"settled","step":"probe-web","op":"r-0002/shift-10/1",
    "detail":"3 instances ready","state":{"phase":"acting"}}],
    "verdicts":[{"step":"judge-10","at_ms":1763721010000,"sentence":"Passed: 0 of 90 failed.",
      "decision":{"rule":0,"numbers":{"log_limit":-5.0,"log_blame":-1.25,"log_threshold":8.29,"log_proof":2.5}}}],
    "notices":[{"at_ms":1763721040000,"kind":"released","text":"v2 is live","deliveries":[
      {"channel":"team","state":"sent","error":""},{"channel":"mail","state":"dead","error":"no such user"}]}]})");
  const std::string text = release_text(full);
  EXPECT_NE(text.find("r-0002  deploy v2 in production of shop: completed\n"
                      "by kim, 2025-11-21 10:30:00 UTC to 10:30:41 (took 41.0s)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("evidence: 3 instances ready"), std::string::npos) << text;
  EXPECT_NE(text.find("10:30:10  judge-10  Passed: 0 of 90 failed.\n"
                      "          evidence: limit -5.00, blame -1.25 of 8.29; kept 2.50\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("released: v2 is live  (team: sent, mail: dead)\n"
                      "            mail: no such user\n"),
            std::string::npos)
      << text;
}

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = *io::make_temp_dir("slipway-cli-");
    ASSERT_TRUE(io::make_dirs(folder_ + "/deep/er"));
    around_.version = "1.2.3";
    around_.folder = folder_;
    around_.state = folder_;
    around_.clock = &clock_;
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }

  struct Ran {
    int status;
    std::string out;
    std::string err;
  };
  Ran ran(const std::vector<std::string>& words) {
    around_.out = std::tmpfile();
    around_.err = std::tmpfile();
    Ran out{run(words, around_, {}), "", ""};
    out.out = text_of(around_.out);
    out.err = text_of(around_.err);
    return out;
  }
  static std::string text_of(std::FILE* file) {
    std::string out;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) out += static_cast<char>(c);
    std::fclose(file);
    return out;
  }
  void write(const std::string& text) {
    ASSERT_TRUE(io::write_file_atomically(folder_ + "/slipway.yaml", text));
  }

  io::SystemClock clock_;
  Surroundings around_;
  std::string folder_;
};

TEST_F(RunTest, VersionAsksNobody) {
  EXPECT_EQ(ran({"version"}).out, "slipway 1.2.3\n");
  EXPECT_EQ(ran({"--version"}).out, "slipway 1.2.3\n");
  EXPECT_EQ(Json::parse(ran({"version", "--json"}).out)->text("version"), "1.2.3");
}

TEST_F(RunTest, AnUnknownVerbIsAUsageErrorWithASuggestion) {
  const auto bad = ran({"deplyo"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("did you mean slipway deploy?"), std::string::npos) << bad.err;
  EXPECT_EQ(ran({}).status, 2);
  EXPECT_EQ(ran({"maintenance"}).status, 2);
}

TEST_F(RunTest, InitWritesAFileThatCheckFindsGoodAndNeverTouchesOneThatIsThere) {
  EXPECT_EQ(ran({"init", "--app", "shop"}).status, 0);
  const auto check = ran({"check"});
  EXPECT_EQ(check.status, 0) << check.err;
  EXPECT_EQ(check.out, "slipway.yaml: shop, environment production: no mistakes\n");
  write("mine");
  EXPECT_EQ(ran({"init"}).status, 1);
  EXPECT_EQ(*io::read_file(folder_ + "/slipway.yaml"), "mine");
}

TEST_F(RunTest, CheckReportsEveryMistakeWithItsPlace) {
  write(
      "app: shop\nservices:\n  web:\n    rum: x\n    instances: many\nenvironments:\n  production: "
      "{}\n");
  const auto check = ran({"check"});
  EXPECT_EQ(check.status, 2);
  EXPECT_NE(check.err.find("slipway.yaml:4:5: "), std::string::npos) << check.err;
  EXPECT_NE(check.err.find("slipway.yaml:5:"), std::string::npos) << check.err;
  const auto json = Json::parse(ran({"check", "--json"}).out);
  ASSERT_TRUE(json);
  EXPECT_GE(json->at("error").at("diagnostics").size(), 2u);
}

TEST_F(RunTest, TheFileIsFoundInAFolderAbove) {
  EXPECT_EQ(ran({"init", "--app", "shop"}).status, 0);
  around_.folder = folder_ + "/deep/er";
  EXPECT_EQ(ran({"check"}).status, 0);
}

TEST_F(RunTest, WithoutAFileItSaysHowToWriteOne) {
  const auto bad = ran({"check"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("slipway init"), std::string::npos) << bad.err;
}

TEST_F(RunTest, ThePlanOfAFirstReleaseNeedsNoDaemon) {
  EXPECT_EQ(ran({"init", "--app", "shop"}).status, 0);
  const auto plan = ran({"plan", "v1", "--offline"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_NE(plan.out.find("shop in production: nothing -> v1"), std::string::npos) << plan.out;
  EXPECT_EQ(Json::parse(ran({"plan", "v1", "--offline", "--json"}).out)->text("version"), "v1");
}

TEST_F(RunTest, AnEnvironmentThatIsNotThereIsNamedWithTheNearest) {
  EXPECT_EQ(ran({"init", "--app", "shop"}).status, 0);
  const auto bad = ran({"deploy", "prodution", "v1"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("did you mean production?"), std::string::npos) << bad.err;
}

TEST_F(RunTest, WithoutADaemonTheExitStatusIsSix) {
  EXPECT_EQ(ran({"init", "--app", "shop"}).status, 0);
  for (const auto* verb : {"status", "history", "pause", "abort", "logs"}) {
    EXPECT_EQ(ran({verb}).status, 6) << verb;
  }
  EXPECT_EQ(ran({"deploy", "v1"}).status, 6);
}

TEST(About, UsesOneUnit) {
  EXPECT_EQ(about(42), "42ms");
  EXPECT_EQ(about(119'000), "119s");
  EXPECT_EQ(about(120'000), "2m");
  EXPECT_EQ(about(3 * 3'600'000), "3h");
  EXPECT_EQ(about(3LL * 86'400'000), "3d");
}

TEST(ReleaseId, IsAnRAndANumber) {
  EXPECT_TRUE(is_release_id("r-0042"));
  EXPECT_FALSE(is_release_id("r-"));
  EXPECT_FALSE(is_release_id("r-4x"));
  EXPECT_FALSE(is_release_id("production"));
}

}  // namespace
}  // namespace slipway::cli

// A check of a gate from its question to its sentence.
#include "checks/answer.h"

#include <gtest/gtest.h>

#include "checks/people.h"
#include "plan/shop_for_test.h"

namespace slipway::checks {
namespace {
using config::GateCheck;
using Kind = GateCheck::Kind;

constexpr std::int64_t kNow = 1'795'276'200'000;
constexpr std::int64_t kHour = 3'600'000;

GateCheck check_of(Kind kind, const std::string& file = "build/report") {
  GateCheck out;
  out.kind = kind;
  out.name = "item";
  out.file = file;
  return out;
}

plan::Plan plan_with(std::vector<GateCheck> checks, plan::Request request = plan::deploy()) {
  auto settings = plan::shop_settings(config::Strategy::BlueGreen);
  settings.gates.checks = std::move(checks);
  settings.folder = "/srv/shop";
  return plan::make_plan(plan::shop(settings), plan::facts_with_live(settings), request).value();
}

ports::Evidence bytes(std::string text, std::int64_t age_ms = 0) {
  ports::Evidence out;
  out.there = true;
  out.bytes = std::move(text);
  out.written_ms = kNow - age_ms;
  return out;
}

plan::GateAnswer answer(const GateCheck& check, const ports::Evidence& evidence = {}) {
  return answer_of(plan_with({check}), check, evidence, kNow);
}

TEST(Question, IsAskedForTheVersionAndNeverInTheWordsOfAShell) {
  auto check = check_of(Kind::Scan, "build/${version}.json");
  check.timeout = Millis(5'000);
  const auto question = question_of(plan_with({check}), check, "r-0042");
  EXPECT_EQ(question->file, "build/v2.json");
  EXPECT_EQ(question->folder, "/srv/shop");
  EXPECT_EQ(question->timeout, Millis(5'000));
  EXPECT_EQ(question->variables.at("SLIPWAY_RELEASE"), "r-0042");
  const auto tag = question_of(plan_with({check}, plan::deploy("v2")), check_of(Kind::Tag, ""), "");
  EXPECT_EQ(tag->run.find("v2"), std::string::npos) << tag->run;
  EXPECT_EQ(tag->variables.at("SLIPWAY_VERSION"), "v2");
  for (const auto kind : {Kind::Ask, Kind::Variables, Kind::RollbackPlan, Kind::Alerts})
    EXPECT_FALSE(question_of(plan_with({check}), check_of(kind), ""));
}

TEST(Answer, WhatIsNotThereIsClosedWithTheReason) {
  ports::Evidence absent;
  absent.why = "build/report is not there";
  for (const auto kind :
       {Kind::Run, Kind::File, Kind::Tests, Kind::Scan, Kind::Flags, Kind::LoadTest}) {
    EXPECT_FALSE(answer(check_of(kind), absent).open);
    EXPECT_EQ(answer(check_of(kind), absent).why, "build/report is not there");
  }
}

TEST(Answer, AFileMustHoldItsTextAndBeFresh) {
  auto check = check_of(Kind::File);
  check.contains = "Reviewed-by:";
  check.max_age = Millis(24 * kHour);
  EXPECT_EQ(answer(check, bytes("Reviewed-by: kim", kHour)).why, "build/report: is there, 1h old");
  EXPECT_EQ(answer(check, bytes("hm")).why, "build/report does not hold \"Reviewed-by:\"");
  EXPECT_EQ(answer(check, bytes("Reviewed-by: kim", 30 * kHour)).why,
            "build/report is 1d6h old, 1d is allowed");
  EXPECT_EQ(answer(check, bytes("Reviewed-by: kim", -kHour)).why,
            "build/report is from the future: look at the clocks");
}

TEST(Answer, TestsMustHavePassedAndThereMustBeSome) {
  const auto check = check_of(Kind::Tests);
  const auto of = [&](const std::string& text) { return answer(check, bytes(text)); };
  EXPECT_EQ(of("<testsuite><testcase name='a'/></testsuite>").why,
            "build/report: 1 test passed, just now");
  EXPECT_EQ(of("<testsuite><testcase name='a'><error/></testcase></testsuite>").why,
            "build/report says 1 of 1 test failed: a");
  EXPECT_EQ(of("<testsuite></testsuite>").why, "build/report holds no test");
  EXPECT_FALSE(of("<testsuite><testcase name='a'><skipped/></testcase></testsuite>").open);
  EXPECT_FALSE(of("<testsui").open);
}

TEST(Answer, AScanIsOfThisVersionFreshAndWithinItsLimits) {
  auto check = check_of(Kind::Scan);
  check.limits = {{"critical", 0}};
  check.max_age = Millis(24 * kHour);
  const auto of = [&](const std::string& text, std::int64_t age = 0) {
    return answer(check, bytes(text, age));
  };
  const std::string good = R"({ "version": "v2", "findings": [] })";
  EXPECT_EQ(of(good, kHour).why, "build/report: 0 critical (0 allowed); 1h old");
  EXPECT_TRUE(of(good, kHour).open);
  EXPECT_EQ(of(R"({ "version": "v1", "findings": [] })").why, "build/report is about v1, not v2");
  EXPECT_NE(of(R"({ "findings": [] })").why.find("does not say which version"), std::string::npos);
  EXPECT_EQ(of(good, 25 * kHour).why, "build/report is 1d1h old, 1d is allowed");
  // Its own word counts more than the time of a file, which a copy makes new.
  EXPECT_FALSE(
      of(R"({ "version": "v2", "created": "2026-11-01T00:00:00Z", "findings": [] })").open);
  check.file = "build/${version}.json";
  EXPECT_TRUE(of(R"({ "findings": [] })").open) << "the name says it";
  check.file = "build/report";
  check.any_version = true;
  EXPECT_TRUE(of(R"({ "findings": [] })").open);
}

TEST(Answer, OfAScannerItsReportCountsAndOfOthersTheirExitStatusToo) {
  auto ran = bytes(R"({ "findings": [] })");
  ran.written_ms = 0;
  ran.succeeded = false;
  ran.ending = "ended with exit status 3: boom";
  auto scan = check_of(Kind::Scan, "");
  scan.run = "npm audit --json";
  EXPECT_EQ(answer(scan, ran).why, "`npm audit --json`: nothing found; made now");
  auto load = check_of(Kind::LoadTest, "");
  load.run = "./load";
  EXPECT_EQ(answer(load, ran).why, "`./load` ended with exit status 3: boom");
  auto run = check_of(Kind::Run, "");
  run.run = "./fresh";
  EXPECT_EQ(answer(run, ran).why, "`./fresh` ended with exit status 3: boom");
  ran.succeeded = true;
  ran.bytes = "backup of 04:00\n";
  EXPECT_EQ(answer(run, ran).why, "`./fresh`: backup of 04:00");
}

TEST(Answer, ATagIsThereOrNot) {
  auto found = bytes("0123456789abcdef0123\n");
  EXPECT_EQ(answer(check_of(Kind::Tag, ""), found).why, "git has the tag v2: 0123456789ab…");
  found.succeeded = false;
  EXPECT_EQ(answer(check_of(Kind::Tag, ""), found).why, "git has no tag v2 here");
}

TEST(Answer, VariablesComeByEnvOrBySecretAndAreNotEmpty) {
  auto settings = plan::shop_settings(config::Strategy::BlueGreen);
  settings.services[0].env = {{"A", "1"}, {"B", ""}};
  settings.services[1].secrets = {"A", "B"};
  auto check = check_of(Kind::Variables, "");
  check.variables = {"A", "B"};
  settings.gates.checks = {check};
  const auto plan =
      plan::make_plan(plan::shop(settings), plan::facts_with_live(settings), plan::deploy())
          .value();
  EXPECT_EQ(answer_of(plan, check, {}, kNow).why, "worker does not get B");
  check.variables = {"A"};
  EXPECT_TRUE(answer_of(plan, check, {}, kNow).open);
}

TEST(Answer, APlanThatCanBeTakenBackSaysHow) {
  const auto check = check_of(Kind::RollbackPlan, "");
  EXPECT_EQ(answer(check).why, "every step can be undone, and v1 stays warm for 10m after it");
  auto plan = plan_with({check});
  plan.old->bad = true;
  EXPECT_FALSE(answer_of(plan, check, {}, kNow).open);
  plan.old.reset();
  EXPECT_TRUE(answer_of(plan, check, {}, kNow).open);
  for (auto& step : plan.steps) step.undoable = false;
  EXPECT_NE(answer_of(plan, check, {}, kNow).why.find("cannot be undone"), std::string::npos);
}

TEST(Answer, AlertsReachSomebodyOrTheyAreNone) {
  const auto check = check_of(Kind::Alerts, "");
  EXPECT_EQ(answer(check).why,
            "no alert reaches a channel; nobody is told of a release that is taken back (notify)");
  auto plan = plan_with({check});
  plan.settings.channels["ops"] = {};
  plan.settings.alerts.push_back({});
  plan.settings.alerts.back().to = {"ops"};
  plan.settings.notify.push_back({{"held"}, {"ops"}});
  EXPECT_FALSE(answer_of(plan, check, {}, kNow).open) << "not of those that are taken back";
  plan.settings.notify.push_back({{}, {"ops"}});
  EXPECT_EQ(answer_of(plan, check, {}, kNow).why,
            "1 alert and the notices of a release reach 1 channel");
}

GateCheck asked(std::vector<std::string> people = {}) {
  auto check = check_of(Kind::Ask, "");
  check.name = "support";
  check.question = "Support knows";
  check.people = std::move(people);
  return check;
}
Confirmation by(const plan::Plan& plan, const std::string& person) {
  return {"support", person, plan.hash, "token", "by phone", 5};
}

TEST(People, AreAskedOnceForOnePlan) {
  const auto plan = plan_with({asked({"kim", "lee"})});
  EXPECT_EQ(answer_of(plan, asked({"kim", "lee"}), {}).why,
            "kim or lee has not confirmed: Support knows");
  const auto yes = accept_confirmation(plan, {}, by(plan, "kim"));
  ASSERT_TRUE(yes) << yes.error().sentence();
  EXPECT_EQ(answer_of(plan, asked({"kim", "lee"}), {*yes}).why,
            "Support knows: confirmed by kim (by phone)");
  EXPECT_NE(accept_confirmation(plan, {*yes}, by(plan, "lee"))
                .error()
                .what.find("was confirmed by kim already"),
            std::string::npos);
  EXPECT_EQ(to_json(confirmation_from_json(to_json(*yes))), to_json(*yes));
}

TEST(People, WhoIsNotAskedOrAnswersAnotherPlanIsRefused) {
  const auto plan = plan_with({asked({"kim"}), check_of(Kind::File)});
  EXPECT_NE(accept_confirmation(plan, {}, by(plan, "eve")).error().what.find("eve is not asked"),
            std::string::npos);
  auto other = by(plan, "kim");
  other.plan_hash = std::string(64, '0');
  EXPECT_NE(accept_confirmation(plan, {}, other).error().what.find("is for the plan 000000000000"),
            std::string::npos);
  EXPECT_FALSE(answer_of(plan, asked({"kim"}), {other}).open) << "nor is it counted";
  auto wrong = by(plan, "kim");
  wrong.item = "suport";
  EXPECT_EQ(accept_confirmation(plan, {}, wrong).error().next, "did you mean 'support'?");
  wrong.item = "item";
  EXPECT_NE(accept_confirmation(plan, {}, wrong).error().what.find("slipway looks itself"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::checks

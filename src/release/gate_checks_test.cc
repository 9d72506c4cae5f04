// A release whose gates look at something or ask a person.
#include <gtest/gtest.h>

#include "checks/people.h"
#include "plan/gates.h"
#include "release/machine.h"
#include "tests/release/team.h"

namespace slipway::release {
namespace {
using config::GateCheck;
using Kind = GateCheck::Kind;

GateCheck file_check(GateCheck::When when = GateCheck::When::Before) {
  GateCheck out;
  out.kind = Kind::File;
  out.name = "review";
  out.when = when;
  out.file = "/review.md";
  out.patience.expires = Millis(60'000);
  return out;
}

GateCheck question(GateCheck::When when = GateCheck::When::Before) {
  GateCheck out;
  out.kind = Kind::Ask;
  out.name = "support";
  out.when = when;
  out.question = "Support knows";
  out.patience.expires = Millis(60'000);
  return out;
}

class GateChecks : public ::testing::Test {
 protected:
  Result<Ending> release_with(std::vector<GateCheck> checks, const std::string& version = "v1") {
    team_.settings.gates.checks = std::move(checks);
    return team_.release(deploy_of(version));
  }
  void confirm(const std::string& release, const plan::Plan& plan) {
    const checks::Confirmation yes{"support", "kim", plan.hash, "token", "", 1};
    ASSERT_TRUE(team_.store.set_value(checks::confirmation_prefix(release) + "support",
                                      checks::to_json(yes)));
  }
  std::string detail(const std::string& release, const std::string& step) {
    std::string out;
    const auto records = team_.store.records(release, 0).value();
    for (const auto& record : records) {
      if (record.step == step && record.event == "settled") out = record.detail;
    }
    return out;
  }
  Team team_;
};

TEST_F(GateChecks, WhatHoldsIsPassedWithItsEvidenceInTheJournal) {
  team_.inquiry.put("/review.md", "Reviewed-by: kim");
  const auto end = release_with({file_check()});
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_EQ(detail("r-0001", "gate-checklist-review"), "/review.md: is there, made now");
}

TEST_F(GateChecks, WhatDoesNotHoldInTimeEndsTheReleaseBeforeAnythingChanges) {
  const auto end = release_with({file_check()});
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_EQ(end->reason, "gate-checklist-review: not open within 1m: /review.md is not there");
  EXPECT_TRUE(plan::was_refused_by_gate(end->reason));
  EXPECT_EQ(team_.world.starts, 0);
  EXPECT_GT(team_.inquiry.looks("/review.md"), 5) << "it is looked at while it waits";
}

TEST_F(GateChecks, HoldWaitsForAPersonAndGoOnGoesOnOnTheRecord) {
  auto check = file_check();
  check.patience.on_expiry = config::OnExpiry::GoOn;
  const auto end = release_with({check});
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  bool recorded = false;
  const auto records = team_.store.records("r-0001", 0).value();
  for (const auto& record : records)
    recorded = recorded || record.detail.find("/review.md is not there") != std::string::npos;
  EXPECT_TRUE(recorded);
  check.patience.on_expiry = config::OnExpiry::Hold;
  team_.settings.gates.checks = {check};
  const auto plan = team_.plan_for(deploy_of("v2"));
  const auto id = team_.create(plan);
  ScriptedMailbox mailbox(team_.clock);
  mailbox.close_at(Millis(120'000));
  EXPECT_FALSE(team_.run(plan, id, mailbox));
  EXPECT_EQ(decode(team_.store.last_record(id).value()->state)->phase, Phase::Held);
}

TEST_F(GateChecks, APersonIsAskedOnceAndTheAnswerIsOfThisPlan) {
  team_.settings.gates.checks = {question()};
  const auto plan = team_.plan_for(deploy_of("v1"));
  const auto id = team_.create(plan);
  confirm(id, plan);
  ScriptedMailbox mailbox(team_.clock);
  const auto end = team_.run(plan, id, mailbox);
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_EQ(detail(id, "gate-checklist-support"), "Support knows: confirmed by kim");
  const auto next = release_with({question()}, "v2");
  EXPECT_EQ(next->phase, Phase::Aborted) << "what was said of v1 is not said of v2";
  EXPECT_NE(next->reason.find("a person has not confirmed: Support knows"), std::string::npos);
  EXPECT_TRUE(team_.told("r-0002/approval/support"));
  EXPECT_FALSE(team_.told("r-0001/approval/support")) << "it was confirmed before it was asked";
}

TEST_F(GateChecks, DuringTheReleaseWhatDoesNotHoldTakesItBackWithoutBlamingTheVersion) {
  ASSERT_TRUE(release_with({}));
  const auto end = release_with({file_check(GateCheck::When::During)}, "v2");
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_EQ(team_.live(), "r-0001");
  EXPECT_FALSE(team_.store.value("bad/r-0002").value());
}

TEST_F(GateChecks, AfterTheReleaseTheThresholdsHoldWhileItWaits) {
  ASSERT_TRUE(release_with({}));
  fake::Behaviour ill;
  ill.version = "v2";
  ill.dies_after = Millis(20'000);
  team_.script(ill);
  auto check = question(GateCheck::When::After);
  check.patience.expires = Millis(600'000);
  const auto end = release_with({check}, "v2");
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::RolledBack) << end->reason;
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(GateChecks, WhatHeldBeforeALongWaitIsLookedAtAgain) {
  team_.inquiry.put("/review.md", "Reviewed-by: kim");
  team_.settings.gates.checks = {file_check()};
  config::Window window;
  window.hours = {"01:00-23:00"};  // the virtual clock begins at 00:16:40
  team_.settings.gates.window = window;
  const auto plan = team_.plan_for(deploy_of("v1"));
  const auto id = team_.create(plan);
  ScriptedMailbox first(team_.clock);
  first.close_at(Millis(60'000));
  EXPECT_FALSE(team_.run(plan, id, first));
  team_.inquiry.remove("/review.md");
  ScriptedMailbox second(team_.clock);
  second.close_at(Millis(3'600'000));
  EXPECT_FALSE(
      team_.run(plan, id, second, "daemon 2", *decode(team_.store.last_record(id).value()->state)));
  EXPECT_TRUE(team_.heard_progress("does not hold any more: /review.md is not there"));
  EXPECT_EQ(team_.world.starts, 0);
  team_.inquiry.put("/review.md", "Reviewed-by: kim");
  ScriptedMailbox third(team_.clock);
  const auto end =
      team_.run(plan, id, third, "daemon 3", *decode(team_.store.last_record(id).value()->state));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
}

TEST_F(GateChecks, WhatIsLeftOutIsNotLookedAt) {
  team_.settings.gates.checks = {file_check()};
  auto request = deploy_of("v1");
  request.overrides = {"checklist.review"};
  request.reason = "the reviewer is ill";
  const auto end = team_.release(request);
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_EQ(team_.inquiry.looks("/review.md"), 0);
  EXPECT_EQ(detail("r-0001", "gate-checklist-review"),
            "checklist.review overridden by ada: the reviewer is ill");
}

TEST_F(GateChecks, WithoutAnybodyToAskItStaysClosed) {
  team_.ports.inquiry = nullptr;
  team_.inquiry.put("/review.md", "Reviewed-by: kim");
  const auto end = release_with({file_check()});
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_NE(end->reason.find("nothing can be looked at here"), std::string::npos);
}

}  // namespace
}  // namespace slipway::release

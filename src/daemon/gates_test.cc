// Gates as callers of the daemon meet them: what is refused, what waits, what is left out and by
// whom.
#include "daemon/gates.h"

#include <future>

#include "tests/daemon/gates_fixture.h"

namespace slipway::daemon {
namespace {

class GatesTest : public GatesFixture {};

// Never open, whatever the day is.
const std::string kFrozen = "freeze: [ { date: 01-01..12-31, why: stocktaking } ]\n";
const std::string kHeld = kFrozen + "window: { on_expiry: hold }\n";

TEST_F(GatesTest, WhatCannotOpenInTimeIsRefusedBeforeAnythingIsWritten) {
  const auto answer = ask("POST", "/v1/releases", request(kFrozen));
  EXPECT_EQ(answer.status, 409) << answer.body.dump();
  EXPECT_EQ(answer.error().text("code"), "Refused");
  EXPECT_EQ(answer.error().integer("exit_code"), 3);
  EXPECT_NE(answer.error().text("what").find("is frozen: 01-01..12-31 (stocktaking)"),
            std::string::npos)
      << answer.error().text("what");
  EXPECT_NE(answer.error().text("next").find("--override freeze --reason"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/releases").body.at("releases").size(), 0U);
}

TEST_F(GatesTest, APlanSaysWhatItsGatesSayNow) {
  const auto answer = ask("POST", "/v1/plan", request(kFrozen));
  ASSERT_EQ(answer.status, 200) << answer.body.dump();
  EXPECT_EQ(openapi_.misfits("Planned", answer.body), "");
  ASSERT_EQ(answer.body.at("gates").size(), 1U);
  const auto& gate = answer.body.at("gates").items().front();
  EXPECT_FALSE(gate.flag("open", true));
  EXPECT_NE(gate.text("why").find("it does not open within two years"), std::string::npos);
}

TEST_F(GatesTest, AReleaseThatWaitsSaysForWhatAndHoldsTheEnvironment) {
  const auto begun = ask("POST", "/v1/releases", request(kHeld));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-window"; }));
  EXPECT_EQ(running().at("gates").size(), 1U);
  EXPECT_EQ(ask("POST", "/v1/releases", request("", "v2")).error().text("code"), "LeaseHeld");
  start();  // a daemon that comes back goes on waiting
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-window"; }));
  const auto id = begun.body.text("release");
  const auto promoted = ask("POST", "/v1/releases/" + id + "/promote", Json::object());
  EXPECT_EQ(promoted.status, 409) << promoted.body.dump();
  EXPECT_EQ(ask("POST", "/v1/releases/" + id + "/abort", Json::object()).status, 200);
  EXPECT_EQ(outcome_of(id), "aborted");
}

TEST_F(GatesTest, AnOverrideTakesAReasonAndSomebodyWhoMayApprove) {
  auto wish = request(kFrozen).set("override", Json::array_of(std::vector<std::string>{"freeze"}));
  const auto without = ask("POST", "/v1/releases", wish);
  EXPECT_EQ(without.status, 400);
  EXPECT_NE(without.error().text("what").find("needs a reason"), std::string::npos);
  wish.set("reason", "payments fail");
  const auto deployer = token_of("dan", "deployer");
  const auto refused = ask("POST", "/v1/releases", wish, deployer);
  EXPECT_EQ(refused.status, 403) << refused.body.dump();
  EXPECT_EQ(refused.error().integer("exit_code"), 3);
  const auto begun = ask("POST", "/v1/releases", wish, token_of("ann", "approver"));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  const auto id = begun.body.text("release");
  EXPECT_EQ(outcome_of(id), "completed");
  bool recorded = false;
  const Json told = release(id);
  for (const auto& record : told.at("records").items()) {
    recorded = recorded || record.text("detail") == "freeze overridden by ann: payments fail";
  }
  EXPECT_TRUE(recorded) << told.dump();
}

TEST_F(GatesTest, AHotfixIsTheShortPathOfWhoMayDeploy) {
  const auto wish = request(kFrozen).set("hotfix", true).set("reason", "CVE");
  const auto begun = ask("POST", "/v1/releases", wish, token_of("dan", "deployer"));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  EXPECT_EQ(outcome_of(begun.body.text("release")), "completed");
}

TEST_F(GatesTest, ARollbackWaitsForNoGate) {
  ASSERT_EQ(outcome_of(ask("POST", "/v1/releases", request("")).body.text("release")), "completed");
  const auto second = request(kFrozen, "v2").set("hotfix", true).set("reason", "CVE");
  const auto begun = ask("POST", "/v1/releases", second);
  ASSERT_EQ(outcome_of(begun.body.text("release")), "completed")
      << begun.body.dump() << running().dump();
  const auto back = ask(
      "POST", "/v1/releases",
      Json::object().set("kind", "rollback").set("app", "shop").set("environment", "production"));
  ASSERT_EQ(back.status, 201) << back.body.dump();
  EXPECT_EQ(outcome_of(back.body.text("release")), "completed");
}

const std::string kAsked =
    "roles: { qa: [kim, lee] }\napprovals: { need: 1, from: [qa, ann, dan] }\n";

class ApprovalsTest : public GatesTest {
 protected:
  // Waits at its approvals; asked for by dan.
  std::string waiting(const std::string& gates = kAsked, const std::string& version = "v1") {
    const auto begun =
        ask("POST", "/v1/releases", request(gates, version), token_of("dan", "approver"));
    EXPECT_EQ(begun.status, 201) << begun.body.dump();
    EXPECT_TRUE(eventually([&] { return running().text("step") == "gate-approvals"; }));
    return begun.body.text("release");
  }
  Answer approve(const std::string& id, const std::string& hash, const std::string& token) {
    return ask("POST", "/v1/releases/" + id + "/approve", Json::object().set("plan_hash", hash),
               token);
  }
};

TEST_F(ApprovalsTest, AReleaseGoesOnWhenSomebodyWhoIsAskedSaysYes) {
  const auto id = waiting();
  const Json whole = release(id);
  EXPECT_EQ(openapi_.misfits("ReleaseFull", whole), "");
  EXPECT_NE(running().at("gates").items().front().text("why").find("1 of 1 approval missing"),
            std::string::npos);
  const auto given = approve(id, hash_of(id), token_of("kim", "approver"));
  ASSERT_EQ(given.status, 200) << given.body.dump();
  EXPECT_EQ(openapi_.misfits("Approved", given.body), "");
  EXPECT_EQ(outcome_of(id), "completed");
  const Json after = release(id);
  EXPECT_EQ(after.at("approvals").items().front().text("by"), "kim");
  bool recorded = false;
  for (const auto& record : after.at("records").items())
    recorded = recorded || record.text("detail") == "approved by kim (qa)";
  EXPECT_TRUE(recorded);
  bool asked = false;
  for (const auto& notice : after.at("notices").items())
    asked = asked || notice.text("kind") == "approval";
  EXPECT_TRUE(asked) << "those who may approve are told";
}

TEST_F(ApprovalsTest, TheHashOfAnotherPlanIsRefused) {
  const auto id = waiting();
  expect_refused(approve(id, std::string(64, '0'), token_of("kim", "approver")),
                 "is not what was looked at");
  EXPECT_EQ(running().text("step"), "gate-approvals");
}

TEST_F(ApprovalsTest, WhoAskedCannotApprove) {
  const auto id = waiting();
  expect_refused(approve(id, hash_of(id), token_of("dan", "approver")),
                 "dan asked for this release");
}

TEST_F(ApprovalsTest, WhoIsNotAskedCannotApproveAndANameInTheRequestIsNobodysWord) {
  const auto id = waiting();
  const auto wish = Json::object().set("plan_hash", hash_of(id)).set("by", "kim");
  const std::string target = "/v1/releases/" + id + "/approve";
  expect_refused(ask("POST", target, wish, token_of("eve", "admin")), "eve is not among those");
  expect_refused(ask("POST", target, wish), "is not among those");  // the socket's login name
  EXPECT_EQ(ask("POST", target, wish, token_of("kim", "deployer")).status, 403);
}

TEST_F(ApprovalsTest, ReplayedItIsRefused) {
  const auto id = waiting("roles: { qa: [kim, lee] }\napprovals: { need: 2, from: [qa] }\n");
  const auto kim = token_of("kim", "approver");
  EXPECT_EQ(approve(id, hash_of(id), kim).status, 200);
  expect_refused(approve(id, hash_of(id), kim), "kim has approved this release already");
  EXPECT_EQ(release(id).at("approvals").size(), 1U);
}

TEST_F(ApprovalsTest, StaleItIsRefused) {
  const auto id = waiting();
  const auto hash = hash_of(id);
  EXPECT_EQ(ask("POST", "/v1/releases/" + id + "/abort", Json::object()).status, 200);
  EXPECT_EQ(outcome_of(id), "aborted");
  expect_refused(approve(id, hash, token_of("kim", "approver")),
                 "waits for nothing: it has ended, aborted");
  // The same plan again is another release: what was said to the first counts for nothing there.
  const auto next = waiting();
  EXPECT_EQ(hash_of(next), hash);
  EXPECT_EQ(release(next).at("approvals").size(), 0U);
}

TEST_F(ApprovalsTest, ThatDoNotComeInTimeEndTheReleaseWithExitStatusThree) {
  const auto begun =
      ask("POST", "/v1/releases", request("approvals: { from: [kim], expires: 1s }\n"),
          token_of("dan", "deployer"));
  const auto id = begun.body.text("release");
  EXPECT_EQ(outcome_of(id), "aborted");
  EXPECT_NE(
      release(id).at("release").text("reason").find("gate-approvals: not open within 1s: 1 of 1"),
      std::string::npos);
  expect_refused(approve(id, hash_of(id), token_of("kim", "approver")), "it has ended");
  const auto row = Json::parse(release(id).at("release").dump());
  EXPECT_EQ(row->text("bad"), "");
}

TEST_F(ApprovalsTest, TwoAtOnceCountOnceEach) {
  const auto id = waiting("approvals: { need: 3, from: [kim, lee, ann] }\n");
  const auto hash = hash_of(id);
  const std::vector<std::string> tokens{token_of("kim", "approver"), token_of("kim", "approver"),
                                        token_of("lee", "approver"), token_of("lee", "approver")};
  std::vector<std::future<Answer>> answers;
  for (const auto& token : tokens)
    answers.push_back(
        std::async(std::launch::async, [&, token] { return approve(id, hash, token); }));
  int accepted = 0;
  for (auto& answer : answers) {
    const auto told = answer.get();
    if (told.status == 200) ++accepted;
    if (told.status != 200) expect_refused(told, "has approved this release already");
  }
  EXPECT_EQ(accepted, 2);
  EXPECT_EQ(release(id).at("approvals").size(), 2U);
  EXPECT_EQ(running().text("step"), "gate-approvals");
}

TEST_F(ApprovalsTest, TheyOutliveTheDaemon) {
  const auto id = waiting("approvals: { need: 2, from: [kim, lee] }\n");
  EXPECT_EQ(approve(id, hash_of(id), token_of("kim", "approver")).status, 200);
  start();
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-approvals"; }));
  EXPECT_EQ(approve(id, hash_of(id), token_of("lee", "approver")).status, 200);
  EXPECT_EQ(outcome_of(id), "completed");
}

TEST_F(ApprovalsTest, ALinkApprovesOnceAndLookingAtItChangesNothing) {
  const auto id = waiting("approvals: { need: 2, from: [kim, lee] }\n");
  const std::string links = "/v1/releases/" + id + "/approval-links";
  const auto wish = Json::object().set("person", "kim");
  EXPECT_EQ(ask("POST", links, wish, token_of("ann", "approver")).status, 403);
  const auto made = ask("POST", links, wish);
  ASSERT_EQ(made.status, 201) << made.body.dump();
  EXPECT_EQ(openapi_.misfits("ApprovalLink", made.body), "");
  const std::string path = made.body.text("path");
  for (int look = 0; look < 2; ++look) {
    const auto view = ask("GET", path);
    EXPECT_EQ(view.status, 200);
    EXPECT_EQ(openapi_.misfits("LinkView", view.body), "");
  }
  EXPECT_EQ(release(id).at("approvals").size(), 0U);
  auto forged = path;
  auto& digit = forged[forged.size() - 70];  // of the number used once
  digit = digit == '0' ? '1' : '0';
  expect_refused(ask("POST", forged), "not one of this daemon's");
  EXPECT_EQ(ask("POST", path).status, 200);
  expect_refused(ask("POST", path), "was used already");
  expect_refused(ask("GET", path), "was used already");
  EXPECT_EQ(release(id).at("approvals").items().front().text("via"), "link");
}

TEST_F(ApprovalsTest, AnExpiredLinkAndOneOfWhoAskedAreRefused) {
  const auto id = waiting();
  const std::string links = "/v1/releases/" + id + "/approval-links";
  const auto brief =
      ask("POST", links, Json::object().set("person", "kim").set("valid_for", "1ms"));
  const std::string path = brief.body.text("path");
  ASSERT_TRUE(eventually([&] { return ask("GET", path).status == 409; }));
  expect_refused(ask("POST", path), "has expired");
  const auto own = ask("POST", links, Json::object().set("person", "dan"));
  expect_refused(ask("POST", own.body.text("path")), "dan asked for this release");
}

TEST_F(GatesTest, AZoneThatDoesNotExistIsAnErrorAndNoReleaseBegins) {
  const auto answer =
      ask("POST", "/v1/releases", request("window: { days: mon-sun, zone: Europe/Atlantis }\n"));
  EXPECT_EQ(answer.status, 404) << answer.body.dump();
  EXPECT_NE(answer.error().text("what").find("there is no time zone 'Europe/Atlantis'"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::daemon

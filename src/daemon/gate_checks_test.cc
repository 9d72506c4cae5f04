// Checks of gates as callers of the daemon meet them.
#include <future>

#include "tests/daemon/gates_fixture.h"

namespace slipway::daemon {
namespace {

const std::string kAsked =
    "checklist: [ { name: support, ask: Support knows, from: [kim, lee] } ]\n";

class GateChecksTest : public GatesFixture {
 protected:
  std::string waiting(const std::string& gates, const std::string& step) {
    const auto begun = ask("POST", "/v1/releases", request(gates), token_of("dan", "deployer"));
    EXPECT_EQ(begun.status, 201) << begun.body.dump();
    EXPECT_TRUE(eventually([&] { return running().text("step") == step; })) << running().dump();
    return begun.body.text("release");
  }
  Answer confirm(const std::string& id, const std::string& item, const std::string& hash,
                 const std::string& token) {
    return ask("POST", "/v1/releases/" + id + "/confirm",
               Json::object().set("item", item).set("plan_hash", hash), token);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
};

TEST_F(GateChecksTest, APlanShowsHowEachStandsWithoutRunningACommand) {
  world_.inquiry->put(path("trivy-v1.json"), R"({ "findings": [
      { "severity": "critical", "id": "CVE-2026-1", "package": "openssl" } ] })");
  const auto answer = ask("POST", "/v1/plan",
                          request("scans: [ { name: image, report: \"trivy-${version}.json\" } ]\n"
                                  "checklist:\n  - { name: backup, run: ./fresh }\n"
                                  "  - { name: way-back, verify: rollback-plan }\n"
                                  "  - { name: support, ask: Support knows }\n"));
  ASSERT_EQ(answer.status, 200) << answer.body.dump();
  EXPECT_EQ(openapi_.misfits("Planned", answer.body), "");
  const auto& gates = answer.body.at("gates").items();
  ASSERT_EQ(gates.size(), 4U);
  EXPECT_EQ(gates[0].text("gate"), "checklist.backup");
  EXPECT_FALSE(gates[0].flag("looked", true));
  EXPECT_EQ(gates[0].text("why"), "`./fresh` runs when the release gets there");
  EXPECT_TRUE(gates[1].flag("open"));
  EXPECT_EQ(gates[2].text("gate"), "scans.image");
  EXPECT_EQ(gates[2].text("why"),
            path("trivy-v1.json") + " has 1 critical finding, 0 allowed: CVE-2026-1 in openssl");
  EXPECT_EQ(gates[3].text("why"), "a person has not confirmed: Support knows");
  EXPECT_EQ(world_.inquiry->looks("./fresh"), 0);
}

TEST_F(GateChecksTest, AReleaseWaitsForItsReportAndTheEvidenceIsInTheJournal) {
  const auto id = waiting("load_tests: [ { name: peak, report: k6.txt, p95: 300ms } ]\n",
                          "gate-load_tests-peak");
  EXPECT_TRUE(eventually([&] {
    const auto gates = running().at("gates");
    return gates.size() == 1 &&
           gates.items().front().text("why") == path("k6.txt") + " is not there";
  })) << running().dump();
  world_.inquiry->put(path("k6.txt"), "p95=120ms");
  EXPECT_EQ(outcome_of(id), "completed");
  EXPECT_EQ(detail_of(id, "gate-load_tests-peak"),
            path("k6.txt") + ": p95 120ms (at most 300ms); made now");
}

TEST_F(GateChecksTest, APersonConfirmsOnceAndItIsOnTheRecord) {
  const auto id = waiting(kAsked, "gate-checklist-support");
  const auto given = confirm(id, "support", hash_of(id), token_of("kim", "deployer"));
  ASSERT_EQ(given.status, 200) << given.body.dump();
  EXPECT_EQ(openapi_.misfits("Confirmed", given.body), "");
  EXPECT_EQ(outcome_of(id), "completed");
  const Json whole = release(id);
  EXPECT_EQ(openapi_.misfits("ReleaseFull", whole), "");
  const auto& kept = whole.at("confirmations").items().front();
  EXPECT_EQ(kept.text("by"), "kim");
  EXPECT_EQ(kept.text("plan_hash"), hash_of(id));
  EXPECT_GT(kept.integer("at_ms"), 0);
  EXPECT_EQ(detail_of(id, "gate-checklist-support"), "Support knows: confirmed by kim");
}

TEST_F(GateChecksTest, WhatDoesNotCountIsRefusedWithItsReason) {
  const auto id = waiting(kAsked + "approvals: { from: [ann] }\n", "gate-checklist-support");
  const auto hash = hash_of(id);
  const auto kim = token_of("kim", "deployer");
  expect_refused(confirm(id, "support", std::string(64, '0'), kim), "is for the plan 000000000000");
  expect_refused(confirm(id, "support", hash, token_of("eve", "admin")), "eve is not asked");
  expect_refused(confirm(id, "suport", hash, kim), "there is no item 'suport'");
  EXPECT_EQ(confirm(id, "support", hash, token_of("vic", "viewer")).status, 403);
  EXPECT_EQ(confirm(id, "support", hash, kim).status, 200);
  expect_refused(confirm(id, "support", hash, token_of("lee", "deployer")),
                 "was confirmed by kim already");
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-approvals"; }));
  EXPECT_EQ(ask("POST", "/v1/releases/" + id + "/abort", Json::object()).status, 200);
  EXPECT_EQ(outcome_of(id), "aborted");
  expect_refused(confirm(id, "support", hash, kim), "asks nothing any more: it has ended, aborted");
}

TEST_F(GateChecksTest, OfTwoAtOnceOneCounts) {
  const auto id = waiting(kAsked + "approvals: { from: [ann] }\n", "gate-checklist-support");
  const auto hash = hash_of(id);
  std::vector<std::future<Answer>> answers;
  for (const auto* person : {"kim", "lee"}) {
    answers.push_back(std::async(std::launch::async, [&, token = token_of(person, "deployer")] {
      return confirm(id, "support", hash, token);
    }));
  }
  int counted = 0;
  for (auto& answer : answers) {
    const auto told = answer.get();
    counted += told.status == 200 ? 1 : 0;
    if (told.status != 200) expect_refused(told, "already");
  }
  EXPECT_EQ(counted, 1);
  EXPECT_EQ(release(id).at("confirmations").size(), 1U);
}

TEST_F(GateChecksTest, AnItemMayBeConfirmedBeforeTheReleaseGetsThereAndOutlivesTheDaemon) {
  const auto id = waiting(
      "approvals: { from: [ann] }\n"
      "checklist: [ { name: support, when: after, ask: Orders arrive } ]\n",
      "gate-approvals");
  EXPECT_EQ(confirm(id, "support", hash_of(id), token_of("kim", "deployer")).status, 200);
  start();
  ASSERT_TRUE(eventually([&] { return running().text("step") == "gate-approvals"; }));
  const auto wish = Json::object().set("plan_hash", hash_of(id));
  EXPECT_EQ(
      ask("POST", "/v1/releases/" + id + "/approve", wish, token_of("ann", "approver")).status,
      200);
  EXPECT_EQ(outcome_of(id), "completed");
}

TEST_F(GateChecksTest, OneItemIsOverriddenByNameByWhoMay) {
  auto wish = request("scans: [ { name: image, report: trivy.json } ]\n")
                  .set("override", Json::array_of(std::vector<std::string>{"scans.image"}))
                  .set("reason", "false alarm, see 4711");
  EXPECT_EQ(ask("POST", "/v1/releases", wish, token_of("dan", "deployer")).status, 403);
  const auto begun = ask("POST", "/v1/releases", wish, token_of("ann", "approver"));
  ASSERT_EQ(begun.status, 201) << begun.body.dump();
  const auto id = begun.body.text("release");
  EXPECT_EQ(outcome_of(id), "completed");
  EXPECT_EQ(detail_of(id, "gate-scans-image"),
            "scans.image overridden by ann: false alarm, see 4711");
}

TEST_F(GateChecksTest, WhatDoesNotHoldInTimeEndsTheRelease) {
  const auto begun = ask("POST", "/v1/releases",
                         request("flags: [ { name: f, file: f.json, need: { checkout: on }, "
                                 "expires: 1s } ]\n"));
  const auto id = begun.body.text("release");
  EXPECT_EQ(outcome_of(id), "aborted");
  const Json whole = release(id);
  EXPECT_EQ(whole.at("release").text("reason"),
            "gate-flags-f: not open within 1s: " + path("f.json") + " is not there");
}

}  // namespace
}  // namespace slipway::daemon

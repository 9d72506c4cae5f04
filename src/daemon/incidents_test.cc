// Incidents as people meet them: what each severity does, what is never done, what is told.
#include "daemon/incidents.h"

#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

const std::string kKept = "rollout: { keep_old: 1h }\n";
const std::string kTold =
    "secrets: { HOOK: { env: HOOK } }\nchannels: { team: { type: slack, secret: HOOK } }\n"
    "notify: [ { on: [incident], to: [team] } ]\n";

class IncidentsTest : public DaemonKit {
 protected:
  Json opening(const std::string& severity) {
    return Json::object()
        .set("app", "shop")
        .set("environment", "production")
        .set("severity", severity)
        .set("impact", "checkout is down")
        .set("by", "kim");
  }
  Json open(const std::string& severity) {
    const auto answer = ask("POST", "/v1/incidents", opening(severity));
    EXPECT_EQ(answer.status, 201) << answer.text;
    EXPECT_EQ(openapi_.misfits("Incident", answer.body), "");
    return answer.body;
  }
  Json incident(const std::string& id) { return ask("GET", "/v1/incidents/" + id).body; }
  bool comes_to(const std::string& id, const std::string& state) {
    return eventually([&] { return incident(id).at("response").text("state") == state; });
  }
  std::size_t rollbacks() {
    std::size_t count = 0;
    const auto list = ask("GET", "/v1/releases?limit=100").body;  // outlives the loop over it
    for (const auto& one : list.at("releases").items())
      count += one.text("kind") == "rollback" ? 1 : 0;
    return count;
  }
  static bool tells(const Json& incident, const std::string& word) {
    for (const auto& event : incident.at("events").items()) {
      if (event.text("text").find(word) != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(IncidentsTest, ASevOneRollsTheLiveReleaseBackAtOnceAndOnce) {
  start();
  deployed(kKept + kTold, "v1");
  const auto bad = deployed(kKept + kTold, "v2");
  const auto made = open("sev1");
  EXPECT_EQ(made.text("release"), bad);
  EXPECT_EQ(made.text("version"), "v2");
  ASSERT_TRUE(comes_to("i-0001", "done")) << incident("i-0001").dump(1);
  EXPECT_EQ(live(), "r-0001");
  EXPECT_EQ(rollbacks(), 1U);
  const auto message = incident("i-0001").text("message");
  EXPECT_NE(message.find("DEPLOYMENT INCIDENT\n\nStatus: Identified\nSeverity: SEV1\n"
                         "Impact: checkout is down\nStart Time: 20"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("Resolution: v1 (r-0001) has the traffic again\nETA: "), std::string::npos)
      << message;
  // Somebody else sees the same: it is over, nothing more is taken away.
  const auto again = ask("POST", "/v1/incidents", opening("sev1").set("by", "lee"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body.text("release"), bad);
  ASSERT_TRUE(comes_to("i-0002", "done"));
  EXPECT_EQ(rollbacks(), 1U);
  EXPECT_EQ(live(), "r-0001");
  EXPECT_EQ(release(bad).at("release").text("bad").empty(), false);
}

TEST_F(IncidentsTest, WhatIsToldStandsInTheHistoryOfTheReleaseAndGoesToTheChannelsOfIncidents) {
  start();
  deployed(kKept + kTold, "v1");
  const auto bad = deployed(kKept + kTold, "v2");
  open("sev1");
  ASSERT_TRUE(comes_to("i-0001", "done"));
  std::vector<std::string> keys;
  const auto full = release(bad);  // outlives the loop over its members
  for (const auto& notice : full.at("notices").items()) {
    if (notice.text("kind") != "incident") continue;
    keys.push_back(notice.text("key"));
    EXPECT_EQ(notice.at("deliveries").items().front().text("channel"), "team");
    EXPECT_EQ(notice.at("facts").items().front().text("name"), "Status");
  }
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys.front(), "i-0001/opened");
}

TEST_F(IncidentsTest, ASevOneTakesBackAReleaseThatGetsItsFirstTraffic) {
  start();
  deployed(kKept, "v1");
  const auto canary = begin("rollout: { strategy: canary, steps: [10%, 100%], judge: 1h }\n", "v2");
  ASSERT_TRUE(eventually([&] { return environment().at("running").number("percent") == 10; }));
  const auto made = open("sev1");
  EXPECT_EQ(made.text("release"), canary);
  EXPECT_EQ(outcome_of(canary), "aborted");
  ASSERT_TRUE(comes_to(made.text("id"), "done"));
  EXPECT_EQ(live(), "r-0001");
  EXPECT_EQ(rollbacks(), 0U);
  const auto reason = release(canary).at("release").text("reason");
  EXPECT_NE(reason.find("SEV1: checkout is down"), std::string::npos) << reason;
}

TEST_F(IncidentsTest, NothingIsRolledBackToAReleaseThatIsNotWell) {
  fake::Behaviour quick = world_.world.script->behaviours.front();
  fake::Behaviour first = quick;
  first.version = "v1";
  world_.script({first, quick});
  start();
  deployed(kKept, "v1");
  deployed(kKept, "v2");
  first.never_ready = true;
  world_.script({first, quick});
  open("sev1");
  ASSERT_TRUE(comes_to("i-0001", "impossible")) << incident("i-0001").dump(1);
  EXPECT_EQ(live(), "r-0002");
  EXPECT_EQ(rollbacks(), 0U);
  EXPECT_TRUE(tells(incident("i-0001"), "web of r-0001, to which it would go back, is not healthy"))
      << incident("i-0001").dump(1);
  // When it is well again, a person may ask once more.
  first.never_ready = false;
  world_.script({first, quick});
  const auto asked = ask("POST", "/v1/incidents/i-0001/assess",
                         Json::object().set("verdict", "roll_back").set("by", "kim"));
  EXPECT_EQ(asked.status, 200) << asked.text;
  EXPECT_TRUE(comes_to("i-0001", "done"));
  EXPECT_EQ(live(), "r-0001");
}

TEST_F(IncidentsTest, WhereThereIsNothingToGoBackToAPersonIsNeeded) {
  start();
  deployed(kKept, "v1");
  open("sev1");
  ASSERT_TRUE(comes_to("i-0001", "impossible"));
  EXPECT_EQ(live(), "r-0001");
}

TEST_F(IncidentsTest, ASevTwoIsRolledBackWhenItsTimeIsOverAndThatIsToldBefore) {
  start();
  deployed(kKept, "v1");
  deployed(kKept + "incidents: { assess_within: 6s }\n", "v2");
  const auto made = open("sev2");
  EXPECT_EQ(made.integer("assess_by_ms") - made.integer("opened_ms"), 6'000);
  EXPECT_NE(made.text("message").find("without a word by 20"), std::string::npos)
      << made.text("message");
  EXPECT_NE(made.text("message").find("v2 (r-0002) is rolled back"), std::string::npos);
  EXPECT_EQ(live(), "r-0002");
  ASSERT_TRUE(comes_to("i-0001", "done")) << incident("i-0001").dump(1);
  EXPECT_EQ(live(), "r-0001");
  std::string kinds;
  const auto end = incident("i-0001");
  for (const auto& event : end.at("events").items()) kinds += event.text("kind") + " ";
  EXPECT_EQ(kinds, "opened reminder expired response response ");
}

TEST_F(IncidentsTest, ASevTwoThatIsAssessedStaysOrGoesAsItWasSaid) {
  start();
  deployed(kKept, "v1");
  deployed(kKept + "incidents: { assess_within: 2s }\n", "v2");
  open("sev2");
  const auto kept = ask("POST", "/v1/incidents/i-0001/assess",
                        Json::object()
                            .set("verdict", "keep")
                            .set("note", "a bank is down")
                            .set("eta", "tonight")
                            .set("by", "lee"));
  EXPECT_EQ(kept.status, 200) << kept.text;
  EXPECT_NE(kept.body.text("message").find("Resolution: a bank is down\nETA: tonight\n"),
            std::string::npos);
  EXPECT_EQ(kept.body.integer("assess_by_ms"), 0);
  EXPECT_EQ(
      ask("POST", "/v1/incidents/i-0001/assess", Json::object().set("verdict", "perhaps")).status,
      400);
  const auto closed = ask("POST", "/v1/incidents/i-0001/close",
                          Json::object().set("resolution", "the bank is back").set("by", "lee"));
  EXPECT_EQ(closed.body.text("status"), "resolved");
  EXPECT_EQ(ask("POST", "/v1/incidents/i-0001/close", Json::object().set("resolution", "x")).status,
            409);
  EXPECT_EQ(
      ask("POST", "/v1/incidents/i-0001/assess", Json::object().set("verdict", "keep")).status,
      409);
  EXPECT_EQ(live(), "r-0002");
  EXPECT_EQ(rollbacks(), 0U);
}

TEST_F(IncidentsTest, AnExpiredClockMayHoldInstead) {
  start();
  deployed(kKept, "v1");
  deployed(kKept + "incidents: { assess_within: 1s, on_expiry: hold }\n", "v2");
  open("sev2");
  ASSERT_TRUE(eventually([&] { return incident("i-0001").integer("assess_by_ms") == 0; }));
  EXPECT_TRUE(tells(incident("i-0001"), "it waits for a person"));
  EXPECT_EQ(live(), "r-0002");
}

TEST_F(IncidentsTest, ASevThreeIsOnTheListThatTheNextReleaseShows) {
  start();
  deployed(kKept, "v1");
  open("sev3");
  EXPECT_EQ(incident("i-0001").text("status"), "listed");
  const auto planned = ask("POST", "/v1/plan", request(kKept, "v2"));
  EXPECT_NE(planned.text.find("i-0001 (SEV3) is open here: checkout is down"), std::string::npos);
  deployed(kKept, "v2");
  EXPECT_TRUE(eventually([&] { return tells(incident("i-0001"), "v2 (r-0002) is live"); }));
  EXPECT_EQ(incident("i-0001").text("status"), "listed") << "a person says that it is corrected";
}

TEST_F(IncidentsTest, TheClockRunsOnWhileNoDaemonDoes) {
  start();
  deployed(kKept, "v1");
  deployed(kKept + "incidents: { assess_within: 1s }\n", "v2");
  open("sev2");
  start();
  ASSERT_TRUE(comes_to("i-0001", "done")) << incident("i-0001").dump(1);
  EXPECT_EQ(live(), "r-0001");
  EXPECT_EQ(rollbacks(), 1U);
}

TEST_F(IncidentsTest, TheTimelineTellsJournalApprovalsNoticesAndWords) {
  start();
  deployed(kKept + kTold, "v1");
  deployed(kKept + kTold, "v2");
  open("sev1");
  ASSERT_TRUE(comes_to("i-0001", "done"));
  ask("POST", "/v1/incidents/i-0001/close",
      Json::object().set("resolution", "rolled back | for now").set("by", "kim"));
  const auto page = ask("GET", "/v1/incidents/i-0001/timeline");
  EXPECT_EQ(page.status, 200);
  for (const char* part :
       {"# Incident i-0001: SEV1 in production of shop\n", "| Status | Resolved |",
        "| Release | v2 (r-0002) |", "## Timeline (UTC)", "| release r-0002 | promote done",
        "| release r-0003 | ", "| incident | opened by kim: SEV1: checkout is down |",
        "| notice | shop production: incident i-0001 (SEV1): checkout is down (team: waiting) |",
        "| incident | closed by kim: rolled back \\| for now |"}) {
    EXPECT_NE(page.text.find(part), std::string::npos) << part << "\n" << page.text;
  }
}

TEST_F(IncidentsTest, WhoMayOnlyLookOpensNone) {
  start();
  deployed(kKept, "v1");
  const auto viewer = token_of("wall", "viewer");
  EXPECT_EQ(ask("POST", "/v1/incidents", opening("sev1"), viewer).status, 403);
  EXPECT_EQ(ask("GET", "/v1/incidents", {}, viewer).status, 200);
  const auto deployer = token_of("robot", "deployer");
  const auto made = ask("POST", "/v1/incidents", opening("sev3").set("by", "the queen"), deployer);
  EXPECT_EQ(made.body.text("by"), "robot") << "a token's name is sure";
}

TEST_F(IncidentsTest, RefusesWhatItCannotMean) {
  start();
  EXPECT_EQ(ask("POST", "/v1/incidents", opening("sev1")).status, 404) << "nothing was released";
  deployed(kKept, "v1");
  EXPECT_EQ(ask("POST", "/v1/incidents", opening("sev9")).status, 400);
  EXPECT_EQ(ask("POST", "/v1/incidents", opening("sev3").set("impact", "")).status, 400);
  EXPECT_EQ(ask("POST", "/v1/incidents", opening("sev3").set("release", "r-0099")).status, 404);
  EXPECT_EQ(ask("GET", "/v1/incidents/i-0001").status, 404);
  const auto first = open("sev3");
  EXPECT_EQ(open("sev3").text("id"), first.text("id")) << "sent twice, opened once";
  const auto list = ask("GET", "/v1/incidents?app=shop&open=1");
  EXPECT_EQ(openapi_.misfits("IncidentList", list.body), "");
  EXPECT_EQ(list.body.at("incidents").size(), 1U);
}

}  // namespace
}  // namespace slipway::daemon

// One release told whole: the text as a stranger reads it.
#include "cli/history_text.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

constexpr const char* kTakenBack = R"json({
  "release": {"id": "r-0042", "kind": "deploy", "version": "v1.5.0", "app": "shopflow",
    "environment": "production", "by": "kim", "outcome": "rolled_back",
    "reason": "judge-10: error_rate 8.2 % of 1,204 requests",
    "bad": "judge-10: error_rate", "created_ms": 1763721000000, "ended_ms": 1763721330000},
  "words": "Release v1.5.0 …\n 1. wait for 1 approval\n",
  "story": [
    {"at_ms": 1763721000000, "took_ms": 120000, "what": "step", "step": "gate-approvals",
     "text": "wait for 1 approval", "result": "done", "why": "approved by lee (qa)"},
    {"at_ms": 1763721120000, "took_ms": 180000, "what": "step", "step": "judge-10",
     "text": "judge v1.5.0 for 5m", "result": "failed",
     "why": "error_rate 8.2 % of 1,204 requests, 5 % are allowed"},
    {"at_ms": 1763721200000, "took_ms": -1, "what": "word", "step": "judge-10", "text": "",
     "result": "pause", "why": "kim: lunch"},
    {"at_ms": 1763721300000, "took_ms": 340, "what": "undo", "step": "shift-10",
     "text": "all traffic to v1.4.2", "result": "undone", "why": ""}],
  "gates": [
    {"gate": "window", "step": "gate-window", "result": "open", "at_ms": 1763721000000,
     "why": "freeze left out", "approvals": [],
     "skipped": [{"gate": "freeze", "how": "override", "by": "ada", "reason": "payments fail"}]},
    {"gate": "approvals", "step": "gate-approvals", "result": "open", "at_ms": 1763721120000,
     "why": "approved by lee (qa)", "skipped": [],
     "approvals": [{"by": "lee", "role": "qa", "via": "link sent to team", "note": "staging is fine",
       "at_ms": 1763721119000}]}],
  "judgements": [{"step": "judge-10", "at_ms": 1763721300000, "answer": "fail",
    "evidence": "error_rate 8.2 % of 1,204 requests, 5 % are allowed"}],
  "notices": [{"at_ms": 1763721330000, "kind": "rolled_back", "text": "v1.5.0 was taken back",
    "deliveries": [{"channel": "team", "state": "sent", "error": ""},
                   {"channel": "mail", "state": "dead", "error": "550 no such user"}]}],
  "records": [{"seq": 3, "at_ms": 1763721300000, "event": "bad", "step": "judge-10", "op": "",
    "detail": "error_rate 8.2 %", "state": {"phase": "back-settling"}}]
})json";

constexpr const char* kTold = R"(r-0042  deploy v1.5.0 in production of shopflow: rolled back
by kim, 2025-11-21 10:30:00 UTC to 10:35:30 (took 5m30s)
because judge-10: error_rate 8.2 % of 1,204 requests
no rollback chooses it by itself: judge-10: error_rate

Release v1.5.0 …
 1. wait for 1 approval

What happened
  10:30:00  gate-approvals  done in 2m00s: wait for 1 approval
            approved by lee (qa)
  10:32:00  judge-10        failed in 3m00s: judge v1.5.0 for 5m
            error_rate 8.2 % of 1,204 requests, 5 % are allowed
  10:33:20  a person        pause
            kim: lunch
  10:35:00  undo shift-10   undone in 340ms: all traffic to v1.4.2

Gates
  10:30:00  window: open
            freeze left out
            freeze left out by ada (override): payments fail
  10:32:00  approvals: open
            approved by lee (qa)
            10:31:59  lee (qa) by link sent to team: staging is fine

Verdicts
  10:35:00  judge-10: fail
            error_rate 8.2 % of 1,204 requests, 5 % are allowed

Notices
  10:35:30  rolled_back: v1.5.0 was taken back  (team: sent, mail: dead)
            mail: 550 no such user

How it ended
  10:35:30  rolled back
            judge-10: error_rate 8.2 % of 1,204 requests

Journal
   3  10:35:00.000  bad          judge-10  back-settling
        evidence: error_rate 8.2 %
)";

TEST(ReleaseText, TellsAReleaseThatWasTakenBackSoThatAStrangerCanFollow) {
  EXPECT_EQ(release_text(*Json::parse(kTakenBack)), kTold);
}

TEST(ReleaseText, SaysThatARunningOneHasNotEndedAndLeavesOutWhatThereIsNot) {
  const auto text = release_text(*Json::parse(
      R"({"release":{"id":"r-0001","created_ms":1763721000000},"words":"the plan\n","records":[]})"));
  EXPECT_NE(text.find("How it ended\n  it has not: running\n"), std::string::npos) << text;
  for (const char* heading : {"Gates", "Verdicts", "Notices", "What happened"})
    EXPECT_EQ(text.find(heading), std::string::npos) << text;
}

}  // namespace
}  // namespace slipway::cli

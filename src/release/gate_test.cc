// A release that waits at a gate: what it waits for, how the wait ends, and what may not end it.
#include <gtest/gtest.h>

#include "plan/gates.h"
#include "release/machine.h"
#include "tests/release/team.h"

namespace slipway::release {
namespace {

// The virtual clock begins at 00:16:40 of a Thursday, UTC.
config::Window opens_at(const std::string& hours, Millis expires = Millis(3'600'000)) {
  config::Window window;
  window.hours = {hours};
  window.patience.expires = expires;
  return window;
}

Command say(EventKind kind, std::vector<Result<void>>& answers) {
  Command out;
  out.kind = kind;
  out.by = "ada";
  out.answer = [&answers](const Result<void>& answer) { answers.push_back(answer); };
  return out;
}

struct Zoned : ports::Zones {
  Result<std::string> read(const std::string& name) override {
    return Error(Code::NotFound, "there is no time zone " + name, "install tzdata");
  }
};

bool has_record(const Team& team, const std::string& text) {
  return std::find(team.heard.records.begin(), team.heard.records.end(), text) !=
         team.heard.records.end();
}

TEST(Gate, AnOpenWindowIsPassedAtOnce) {
  Team team;
  team.settings.gates.window = opens_at("00:10-00:20");
  const auto end = team.release(deploy_of("v1"));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_TRUE(has_record(team, "gate-window settled"));
}

TEST(Gate, NothingStartsBeforeTheWindowOpens) {
  Team team;
  team.settings.gates.window = opens_at("00:20-00:30");
  const auto plan = team.plan_for(deploy_of("v1"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  mailbox.close_at(Millis(190'000));  // 00:19:50
  EXPECT_FALSE(team.run(plan, id, mailbox));
  EXPECT_EQ(team.world.starts, 0);
  EXPECT_TRUE(team.heard_progress(
      "outside of the window 00:20-00:30 UTC; it opens Thu 1970-01-01 00:20 UTC"));
  // The next daemon takes it up where it is.
  ScriptedMailbox next(team.clock);
  const auto state = decode(team.store.last_record(id).value()->state);
  const auto end = team.run(plan, id, next, "daemon 2", *state);
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  EXPECT_GE(team.clock.now(), from_unix_ms(20 * 60'000));
}

TEST(Gate, AWindowThatDoesNotOpenInTimeEndsTheReleaseWithoutBlamingTheVersion) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  team.settings.gates.window = opens_at("05:00-06:00", Millis(60'000));
  const auto end = team.release(deploy_of("v2"));
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_NE(end->reason.find("gate-window: not open within 1m: it is Thu 1970-01-01"),
            std::string::npos)
      << end->reason;
  EXPECT_TRUE(plan::was_refused_by_gate(end->reason));
  EXPECT_EQ(team.store.release("r-0002")->outcome, "aborted");
  EXPECT_FALSE(team.store.value("bad/r-0002").value());
  EXPECT_EQ(team.live(), "r-0001");
}

TEST(Gate, TheWaitIsNotBegunAnewByARestart) {
  Team team;
  team.settings.gates.window = opens_at("05:00-06:00", Millis(60'000));
  const auto plan = team.plan_for(deploy_of("v1"));
  const auto id = team.create(plan);
  ScriptedMailbox first(team.clock);
  first.close_at(Millis(50'000));
  EXPECT_FALSE(team.run(plan, id, first));
  const auto begun = team.clock.monotonic();
  ScriptedMailbox second(team.clock);
  const auto end =
      team.run(plan, id, second, "daemon 2", *decode(team.store.last_record(id).value()->state));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_LT(team.clock.monotonic() - begun, Millis(60'000));
}

TEST(Gate, AfterAHoldAPersonResumesButDoesNotPromotePastIt) {
  Team team;
  team.settings.gates.window = opens_at("00:20-00:30", Millis(60'000));
  team.settings.gates.window.patience.on_expiry = config::OnExpiry::Hold;
  const auto plan = team.plan_for(deploy_of("v1"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  mailbox.at(Millis(30'000), say(EventKind::Promote, answers));  // while it waits
  mailbox.at(Millis(90'000), say(EventKind::Promote, answers));  // while it is held
  mailbox.at(Millis(150'000), say(EventKind::Resume, answers));
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end) << end.error().sentence();
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_FALSE(answers[0]);
  ASSERT_FALSE(answers[1]);
  EXPECT_NE(answers[1].error().what.find("a gate is not promoted past"), std::string::npos);
  EXPECT_TRUE(answers[2]);
  EXPECT_GE(team.clock.now(), from_unix_ms(20 * 60'000));
}

TEST(Gate, PromotedToTheEndByHandItStillWaits) {
  Team team;
  team.settings.gates.window = opens_at("00:20-00:30");
  const auto plan = team.plan_for(deploy_of("v1"));
  const auto id = team.create(plan);
  ScriptedMailbox mailbox(team.clock);
  std::vector<Result<void>> answers;
  auto full = say(EventKind::Promote, answers);
  full.full = true;
  mailbox.at(Millis(1'000), full);
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_GE(team.clock.now(), from_unix_ms(20 * 60'000));
}

TEST(Gate, AnOverrideIsInTheJournal) {
  Team team;
  team.settings.gates.window = opens_at("05:00-06:00");
  auto request = deploy_of("v1");
  request.overrides = {"window"};
  request.reason = "payments fail";
  const auto end = team.release(request);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed) << end->reason;
  bool told = false;
  for (const auto& record : *team.store.records("r-0001", 0)) {
    told = told || (record.step == "gate-window" &&
                    record.detail == "window overridden by ada: payments fail");
  }
  EXPECT_TRUE(told);
}

TEST(Gate, AZoneThatCannotBeReadKeepsTheGateClosed) {
  Team team;
  Zoned zones;
  team.ports.zones = &zones;
  team.settings.gates.window = opens_at("00:00-24:00", Millis(30'000));
  team.settings.gates.window.zone = "Europe/Berlin";
  const auto end = team.release(deploy_of("v1"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Aborted);
  EXPECT_NE(end->reason.find("there is no time zone Europe/Berlin"), std::string::npos)
      << end->reason;
}

TEST(Gate, WhatChangedWhileItWaitedIsNotReleased) {
  Team team;
  team.settings.gates.window = opens_at("00:20-00:30");
  auto plan = team.plan_for(deploy_of("v1"));
  plan.digests["web"] = "sha256:what it was when the plan was made";
  const auto id = team.create(plan);
  plan.steps.erase(plan.steps.begin());  // as if preflight had passed before the files changed
  ScriptedMailbox mailbox(team.clock);
  const auto end = team.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack);
  EXPECT_NE(end->reason.find("changed after the plan was made"), std::string::npos) << end->reason;
  EXPECT_EQ(team.world.starts, 0);
}

}  // namespace
}  // namespace slipway::release

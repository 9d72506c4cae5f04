// The gates of a plan: their steps, their words, and what a request may leave out.
#include "plan/gates.h"

#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

config::Environment gated_settings() {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  settings.gates.window.days = {"tue-thu"};
  settings.gates.window.hours = {"10:00-14:00"};
  settings.gates.freeze.emplace_back().week_of = "black-friday";
  return settings;
}

Result<Plan> planned(const Request& request,
                     const config::Environment& settings = gated_settings()) {
  return make_plan(shop(settings), facts_with_live(settings), request);
}

Calendar calendar_of(const Plan& plan) {
  return Calendar::make(gates_in_force(plan), Zone::utc()).value();
}

constexpr std::int64_t kSaturday = 1'795'276'200;  // 2026-11-21 15:50 UTC
constexpr std::int64_t kTuesday = 1'794'913'200;   // 2026-11-17 11:00 UTC

TEST(GatesOfAPlan, StandAfterPreflightAndBeforeAnythingChanges) {
  const auto plan = planned(deploy());
  ASSERT_TRUE(plan) << plan.error().sentence();
  ASSERT_GE(plan->steps.size(), 3U);
  EXPECT_EQ(plan->steps[0].kind, StepKind::Preflight);
  EXPECT_EQ(plan->steps[1].id, "gate-window");
  EXPECT_EQ(plan->steps[1].text,
            "wait for the window tue-thu 10:00-14:00 UTC, not frozen (week of black-friday)");
  EXPECT_EQ(plan->steps[1].deadline, Millis(86'400'000));
  EXPECT_FALSE(plan->steps[1].undoable);
  EXPECT_NE(in_words(*plan).find("    if it is not open within 1d: abort, nothing has changed\n"),
            std::string::npos)
      << in_words(*plan);
}

TEST(GatesOfAPlan, AreNoPartOfARollback) {
  const auto settings = gated_settings();
  auto facts = facts_with_live(settings);
  facts.previous = kept(settings, "r-0040", "v0");
  const auto plan = make_plan(shop(settings), facts, roll_back());
  ASSERT_TRUE(plan) << plan.error().sentence();
  EXPECT_EQ(gate_step(*plan, "window"), nullptr);
}

TEST(GatesOfAPlan, ComeBackFromJsonWithTheSameHash) {
  auto request = deploy();
  request.overrides = {"freeze"};
  request.reason = "payments fail";
  const auto plan = planned(request);
  ASSERT_TRUE(plan);
  const auto read = plan_from_json(to_json(*plan));
  ASSERT_TRUE(read);
  EXPECT_EQ(hash_of(*read), plan->hash);
  EXPECT_NE(plan->hash, planned(deploy())->hash);
}

TEST(GatesOfAPlan, AnOverrideNamesItsGateAndStaysOnTheRecord) {
  auto request = deploy();
  request.overrides = {"window"};
  request.reason = "payments fail";
  const auto plan = planned(request);
  ASSERT_TRUE(plan) << plan.error().sentence();
  ASSERT_EQ(plan->skipped.size(), 1U);
  EXPECT_EQ(plan->notes.front(), "window overridden by ada: payments fail");
  const auto& step = *gate_step(*plan, "window");
  EXPECT_EQ(step.text,
            "wait until it is not frozen (week of black-friday); window overridden by ada: "
            "payments fail");
  EXPECT_EQ(skipped_text(*plan, step), "window overridden by ada: payments fail");
  EXPECT_TRUE(answer_of(calendar_of(*plan), kSaturday).open);
}

TEST(GatesOfAPlan, AHotfixLeavesOutWhatTheConfigurationAllows) {
  auto request = deploy();
  request.hotfix = true;
  request.reason = "CVE";
  const auto both = planned(request);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->skipped.size(), 2U);
  EXPECT_EQ(gate_step(*both, "window")->text,
            "do not wait; window left out for a hotfix by ada: CVE; freeze left out for a hotfix "
            "by ada: CVE");
  EXPECT_EQ(in_words(*both).find("if it is not open"), std::string::npos);
  auto settings = gated_settings();
  settings.gates.hotfix_skips = {"window"};
  const auto one = planned(request, settings);
  ASSERT_EQ(one->skipped.size(), 1U);
  EXPECT_EQ(one->skipped[0].gate, "window");
}

TEST(GatesOfAPlan, LeavingOutNeedsAReasonAndTheNameOfAGate) {
  auto request = deploy();
  request.overrides = {"window"};
  EXPECT_EQ(planned(request).error().what, "leaving out a gate needs a reason");
  request.reason = "  ";
  EXPECT_FALSE(planned(request));
  request.reason = "payments fail";
  request.overrides = {"windows"};
  EXPECT_EQ(planned(request).error().next, "did you mean 'window'?");
}

TEST(GatesOfAPlan, AnswerWithTheRuleAndTheNextOpening) {
  const auto plan = planned(deploy());
  const auto calendar = calendar_of(*plan);
  const auto closed = answer_of(calendar, kSaturday);
  EXPECT_FALSE(closed.open);
  EXPECT_EQ(
      closed.why,
      "it is Sat 2026-11-21 15:50 UTC, outside of the window tue-thu 10:00-14:00 UTC; it opens Tue "
      "2026-12-01 10:00 UTC");
  const auto open = answer_of(calendar, kTuesday);
  EXPECT_TRUE(open.open);
  EXPECT_EQ(open.why, "open until Tue 2026-11-17 14:00 UTC");
}

TEST(GatesOfAPlan, WhatCannotOpenInTimeIsHopeless) {
  const auto plan = planned(deploy());
  const auto calendar = calendar_of(*plan);
  const auto& step = *gate_step(*plan, "window");
  const auto on_saturday = why_hopeless(step, answer_of(calendar, kSaturday), calendar, kSaturday);
  EXPECT_NE(on_saturday.find(
                "a release waits until Sun 2026-11-22 15:50 UTC at most (window.expires: 1d)"),
            std::string::npos)
      << on_saturday;
  const std::int64_t evening = kTuesday + 8 * 3600;
  EXPECT_EQ(why_hopeless(step, answer_of(calendar, evening), calendar, evening), "");
  EXPECT_EQ(why_hopeless(step, answer_of(calendar, kTuesday), calendar, kTuesday), "");
  auto patient = step;
  patient.on_expiry = config::OnExpiry::Hold;
  EXPECT_EQ(why_hopeless(patient, answer_of(calendar, kSaturday), calendar, kSaturday), "");
}

config::GateCheck check_of(config::GateCheck::Kind kind, const std::string& name,
                           config::GateCheck::When when = config::GateCheck::When::Before) {
  config::GateCheck out;
  out.kind = kind;
  out.name = name;
  out.when = when;
  out.file = "report";
  return out;
}

using Kind = config::GateCheck::Kind;
using When = config::GateCheck::When;

config::Environment checked_settings(config::Strategy strategy) {
  auto settings = shop_settings(strategy);
  settings.gates.window.days = {"tue-thu"};
  settings.gates.checks = {check_of(Kind::Scan, "image"), check_of(Kind::File, "review"),
                           check_of(Kind::Ask, "looks-right", When::During),
                           check_of(Kind::Ask, "support", When::After)};
  return settings;
}

int index_of(const Plan& plan, const std::string& id) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

TEST(ChecksOfAPlan, StandBeforeDuringAndAfterItsChangesInEveryStrategy) {
  using enum config::Strategy;
  for (const auto strategy : {BlueGreen, Canary, Rolling, Recreate}) {
    const auto plan = planned(deploy(), checked_settings(strategy));
    ASSERT_TRUE(plan) << plan.error().sentence();
    const auto at = [&](const std::string& id) { return index_of(*plan, id); };
    EXPECT_LT(at("gate-scans-image"), at("gate-window"));
    EXPECT_GT(at("gate-scans-image"), at("preflight"));
    EXPECT_TRUE(is_before_changes(*plan, plan->steps[at("gate-window")]));
    EXPECT_FALSE(is_before_changes(*plan, plan->steps[at("gate-checklist-looks-right")]));
    EXPECT_LT(at("gate-checklist-looks-right"), at("promote"));
    EXPECT_GT(at("gate-checklist-support"), at("promote"));
    EXPECT_LT(at("gate-checklist-support"), at("watch"));
    const bool side_by_side = strategy == BlueGreen || strategy == Canary;
    EXPECT_EQ(at("gate-checklist-looks-right") < at("shift-100"), side_by_side);
    EXPECT_GT(at("gate-checklist-looks-right"), at("shift-10")) << "-1 where there is none";
    EXPECT_EQ(plan_from_json(to_json(*plan))->hash, plan->hash);
  }
}

TEST(ChecksOfAPlan, SayInWordsWhatTheyLeadTo) {
  auto settings = checked_settings(config::Strategy::BlueGreen);
  settings.gates.checks[3].patience.on_expiry = config::OnExpiry::GoOn;
  const auto words = in_words(*planned(deploy(), settings));
  EXPECT_NE(words.find("checklist review: look whether report is there\n"
                       "    if it is not open within 1d: abort, nothing has changed\n"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("    if it is not open within 1d: undo "), std::string::npos) << words;
  EXPECT_NE(words.find("    if it is not open within 1d: go on, on the record\n"),
            std::string::npos)
      << words;
}

TEST(ChecksOfAPlan, AreLeftOutTogetherOrOneByOne) {
  const auto settings = checked_settings(config::Strategy::BlueGreen);
  auto request = deploy();
  request.reason = "CVE";
  request.overrides = {"checklist.review"};
  const auto one = planned(request, settings);
  ASSERT_TRUE(one) << one.error().sentence();
  EXPECT_EQ(gate_step(*one, "checklist.review")->text,
            "checklist review: do not look; checklist.review overridden by ada: CVE");
  EXPECT_EQ(gate_step(*one, "checklist.review")->deadline, Millis(0));
  EXPECT_GT(gate_step(*one, "checklist.support")->deadline, Millis(0));
  request.overrides = {"checklist"};
  const auto all = planned(request, settings);
  EXPECT_EQ(gate_step(*all, "checklist.support")->deadline, Millis(0));
  EXPECT_GT(gate_step(*all, "scans.image")->deadline, Millis(0));
  request.overrides = {"checklist.reviw"};
  EXPECT_EQ(planned(request, settings).error().next, "did you mean 'checklist.review'?");
}

TEST(ChecksOfAPlan, AreNoPartOfARollback) {
  const auto settings = checked_settings(config::Strategy::BlueGreen);
  auto facts = facts_with_live(settings);
  facts.previous = kept(settings, "r-0040", "v0");
  const auto plan = make_plan(shop(settings), facts, roll_back());
  ASSERT_TRUE(plan) << plan.error().sentence();
  for (const auto& step : plan->steps) EXPECT_NE(step.kind, StepKind::Gate) << step.id;
}

}  // namespace
}  // namespace slipway::plan

// Approvals: what counts, what does not, and the reason each time.
#include "plan/approvals.h"

#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

config::Environment asked_settings(int need = 2) {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  settings.gates.approvals.need = need;
  settings.gates.approvals.from = {"qa", "ada", "bo"};
  settings.gates.approvals.roles = {{"qa", {"kim", "lee"}}};
  return settings;
}

Plan asked_plan(int need = 2, const std::string& version = "v2") {
  const auto settings = asked_settings(need);
  return make_plan(shop(settings), facts_with_live(settings), deploy(version)).value();
}

Approval yes_of(const std::string& person, const Plan& plan) {
  Approval out;
  out.by = person;
  out.plan_hash = plan.hash;
  return out;
}

std::string why_refused(const Plan& plan, const std::vector<Approval>& given,
                        const Approval& offered, const std::string& requester = "ada") {
  const auto accepted = accept_approval(plan, given, requester, offered);
  if (accepted) return "";
  EXPECT_EQ(accepted.error().code, Code::Refused);
  EXPECT_FALSE(accepted.error().next.empty());
  return accepted.error().what;
}

TEST(Approvals, AreWaitedForBeforeTheWindow) {
  auto settings = asked_settings();
  settings.gates.window.days = {"tue-thu"};
  const auto plan = make_plan(shop(settings), facts_with_live(settings), deploy());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps[1].id, "gate-approvals");
  EXPECT_EQ(plan->steps[1].text, "wait for 2 approvals from qa (kim, lee), ada, bo");
  EXPECT_EQ(plan->steps[2].id, "gate-window");
}

TEST(Approvals, CountByNameAndByRole) {
  const Plan plan = asked_plan();
  const auto first = accept_approval(plan, {}, "ada", yes_of("kim", plan));
  ASSERT_TRUE(first) << first.error().sentence();
  EXPECT_EQ(first->role, "qa");
  auto answer = answer_of(plan, {*first}, "ada");
  EXPECT_FALSE(answer.open);
  EXPECT_EQ(answer.why,
            "1 of 2 approvals missing, from qa (kim, lee), ada, bo; approved by kim (qa)");
  const auto second = accept_approval(plan, {*first}, "ada", yes_of("bo", plan));
  ASSERT_TRUE(second) << second.error().sentence();
  EXPECT_EQ(second->role, "");
  answer = answer_of(plan, {*first, *second}, "ada");
  EXPECT_TRUE(answer.open);
  EXPECT_EQ(answer.why, "approved by kim (qa), bo");
}

TEST(Approvals, OfAnotherPlanAreRefused) {
  const Plan plan = asked_plan();
  const Plan changed = asked_plan(2, "v3");
  EXPECT_NE(why_refused(plan, {}, yes_of("kim", changed)).find("it is not what was looked at"),
            std::string::npos);
  EXPECT_NE(why_refused(plan, {}, Approval{"kim", "", "", "", "", 0}), "");
}

TEST(Approvals, OfWhoAskedAreRefused) {
  const Plan plan = asked_plan();
  EXPECT_EQ(why_refused(plan, {}, yes_of("ada", plan)),
            "ada asked for this release and cannot approve it");
  EXPECT_EQ(why_refused(plan, {}, yes_of("kim", plan), "kim"),
            "kim asked for this release and cannot approve it");
}

TEST(Approvals, OfSomebodyElseAreRefused) {
  const Plan plan = asked_plan();
  EXPECT_EQ(why_refused(plan, {}, yes_of("eve", plan)),
            "eve is not among those who may approve: qa (kim, lee), ada, bo");
  // The name of a role is no person.
  EXPECT_NE(why_refused(plan, {}, yes_of("qa", plan)), "");
}

TEST(Approvals, OfTheSamePersonCountOnce) {
  const Plan plan = asked_plan();
  const auto first = accept_approval(plan, {}, "ada", yes_of("kim", plan));
  ASSERT_TRUE(first);
  EXPECT_EQ(why_refused(plan, {*first}, yes_of("kim", plan)),
            "kim has approved this release already");
  EXPECT_FALSE(answer_of(plan, {*first, *first}, "ada").open);
}

TEST(Approvals, WhatWasStoredForAnotherPlanOrByWhoAskedIsNotCounted) {
  const Plan plan = asked_plan(1);
  auto old = yes_of("kim", plan);
  old.plan_hash = "0000";
  EXPECT_FALSE(answer_of(plan, {old}, "ada").open);
  EXPECT_FALSE(answer_of(plan, {yes_of("ada", plan)}, "ada").open);
  EXPECT_FALSE(answer_of(plan, {yes_of("eve", plan)}, "ada").open);
  EXPECT_TRUE(answer_of(plan, {yes_of("kim", plan)}, "ada").open);
}

TEST(Approvals, ComeBackFromTheStore) {
  const Approval written{"kim", "qa", "abc", "link", "looks good", 42};
  const auto read = approval_from_json(to_json(written));
  EXPECT_EQ(to_json(read), to_json(written));
}

TEST(Approvals, AreLeftOutOnlyByName) {
  const auto settings = asked_settings();
  auto request = deploy();
  request.hotfix = true;
  request.reason = "CVE";
  EXPECT_TRUE(make_plan(shop(settings), facts_with_live(settings), request)->skipped.empty());
  request.hotfix = false;
  request.overrides = {"approvals"};
  const auto plan = make_plan(shop(settings), facts_with_live(settings), request);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps[1].text, "do not wait for approvals; approvals overridden by ada: CVE");
}

}  // namespace
}  // namespace slipway::plan

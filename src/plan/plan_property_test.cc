// What holds for every plan, over all strategies, counts and situations.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {
enum class Situation { First, Replace, Redeploy, WarmRollback, ColdRollback };

Result<Plan> plan_in(Situation situation, const config::Environment& settings,
                     const config::Environment& old) {
  Facts facts = facts_with_live(old);
  facts.previous = kept(settings, "r-0040", "v0");
  facts.previous->warm = situation == Situation::WarmRollback;
  if (situation == Situation::First) facts.live.reset();
  if (situation == Situation::First || situation == Situation::Replace) {
    return make_plan(shop(settings), facts, deploy());
  }
  if (situation == Situation::Redeploy) return make_plan(shop(settings), facts, deploy("v1"));
  return make_plan(shop(settings), facts, roll_back());
}

std::vector<Plan> make_all_plans() {
  std::vector<Plan> out;
  for (const auto strategy : {config::Strategy::BlueGreen, config::Strategy::Canary,
                              config::Strategy::Rolling, config::Strategy::Recreate}) {
    for (const int count : {1, 2, 3, 7}) {
      for (const int batch : {1, 2, 5}) {
        for (const int old_count : {1, 4}) {
          auto settings = shop_settings(strategy);
          settings.services = {worker_service(count), web_service(count)};
          settings.rollout.batch = batch;
          settings.rollout.keep_old = Millis(batch == 2 ? 0 : 600'000);
          auto old = settings;
          old.services = {worker_service(old_count), web_service(old_count)};
          for (const auto situation : {Situation::First, Situation::Replace, Situation::Redeploy,
                                       Situation::WarmRollback, Situation::ColdRollback}) {
            auto plan = plan_in(situation, settings, old);
            EXPECT_TRUE(plan) << plan.error().sentence();
            if (plan) out.push_back(*plan);
          }
        }
      }
    }
  }
  return out;
}

const std::vector<Plan>& all_plans() {
  static const std::vector<Plan> plans = make_all_plans();
  return plans;
}

TEST(EveryPlan, HasUniqueStepIdsThatFitIntoAnOpId) {
  for (const auto& plan : all_plans()) {
    std::set<std::string> ids;
    for (const auto& step : plan.steps) {
      EXPECT_TRUE(ids.insert(step.id).second) << step.id;
      EXPECT_EQ(step.id.find_first_of("/. "), std::string::npos) << step.id;
    }
  }
}

TEST(EveryPlan, SaysWhatUndoesWhatCanBeUndone) {
  for (const auto& plan : all_plans()) {
    for (const auto& step : plan.steps) {
      EXPECT_EQ(step.undoable, !step.undo_text.empty()) << step.id;
      EXPECT_FALSE(step.text.empty()) << step.id;
      if (step.on_failure == OnFailure::GoOn) {
        EXPECT_FALSE(step.undoable) << step.id;
      }
    }
  }
}

TEST(EveryPlan, RaisesTheShareOfEachServiceUpToAllOfIt) {
  for (const auto& plan : all_plans()) {
    std::map<std::string, double> last;
    for (const auto& step : plan.steps) {
      if (step.kind != StepKind::Shift) continue;
      EXPECT_GT(step.percent, last[step.service]) << step.id;
      last[step.service] = step.percent;
    }
    EXPECT_FALSE(last.empty());
    for (const auto& [service, percent] : last) EXPECT_EQ(percent, 100) << service;
  }
}

TEST(EveryPlan, ProbesWhatItStartsBeforeAnythingElseHappens) {
  for (const auto& plan : all_plans()) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      if (plan.steps[i].kind != StepKind::Start) continue;
      ASSERT_LT(i + 1, plan.steps.size());
      EXPECT_EQ(plan.steps[i + 1].kind, StepKind::Probe);
      EXPECT_EQ(plan.steps[i + 1].service, plan.steps[i].service);
      EXPECT_EQ(plan.steps[i + 1].count, plan.steps[i].count);
    }
  }
}

TEST(EveryPlan, LeavesOldInstancesForTheTrafficTheyStillGet) {
  for (const auto& plan : all_plans()) {
    if (plan.strategy != config::Strategy::Rolling) continue;
    for (const auto& step : plan.steps) {
      if (step.kind != StepKind::Shift || step.percent == 100) continue;
      if (step.old_count >= 0) {
        EXPECT_GE(step.old_count, 1) << step.id;
      }
    }
  }
}

TEST(EveryPlan, PromotesExactlyOnceAndTellsAtTheEnd) {
  for (const auto& plan : all_plans()) {
    int promoted = 0;
    for (const auto& step : plan.steps) promoted += step.kind == StepKind::Promote ? 1 : 0;
    EXPECT_EQ(promoted, 1);
    EXPECT_EQ(plan.steps.back().kind, StepKind::Notify);
  }
}

TEST(EveryPlan, WaitsForNothingForEver) {
  for (const auto& plan : all_plans()) {
    for (const auto& step : plan.steps) {
      if (step.kind == StepKind::Watch) continue;
      EXPECT_GT(step.deadline.count(), 0) << step.id;
      if (step.kind == StepKind::Judge) {
        EXPECT_GE(step.deadline, step.duration) << step.id;
      }
    }
  }
}

TEST(EveryPlan, SurvivesTheJournal) {
  for (const auto& plan : all_plans()) {
    const std::string text = to_json(plan).dump();
    const auto parsed = Json::parse(text);
    ASSERT_TRUE(parsed);
    const auto read = plan_from_json(*parsed);
    ASSERT_TRUE(read) << read.error().sentence();
    EXPECT_EQ(to_json(*read).dump(), text);
    EXPECT_EQ(hash_of(*read), plan.hash);
    EXPECT_EQ(in_words(*read), in_words(plan));
  }
}

Plan canary_plan() {
  const auto settings = shop_settings(config::Strategy::Canary);
  auto plan = make_plan(shop(settings), facts_with_live(settings), deploy());
  EXPECT_TRUE(plan);
  return std::move(plan).value();
}

TEST(PlanHash, IsTheSameForTheSamePlan) {
  EXPECT_EQ(canary_plan().hash, canary_plan().hash);
  EXPECT_EQ(canary_plan().hash.size(), 64u);
}

TEST(PlanHash, ChangesWithAnythingThatIsInThePlan) {
  const std::vector<void (*)(Plan&)> changes = {
      [](Plan& p) { p.app = "other"; },
      [](Plan& p) { p.version = "v3"; },
      [](Plan& p) { p.environment = "staging"; },
      [](Plan& p) { p.kind = RequestKind::Rollback; },
      [](Plan& p) { p.strategy = config::Strategy::Rolling; },
      [](Plan& p) { p.settings.services[1].instances = 9; },
      [](Plan& p) { p.digests["web"] = "sha256:other"; },
      [](Plan& p) { p.target_release = "r-0001"; },
      [](Plan& p) { p.old.reset(); },
      [](Plan& p) { p.old->warm = true; },
      [](Plan& p) { p.notes.push_back("one more"); },
      [](Plan& p) { p.steps.pop_back(); },
      [](Plan& p) { p.steps[0].deadline += Millis(1); },
      [](Plan& p) { p.steps[0].on_failure = OnFailure::GoOn; },
      [](Plan& p) { p.steps[3].count += 1; },
      [](Plan& p) { p.steps[3].undo_count += 1; },
      [](Plan& p) { p.steps[6].percent += 1; },
      [](Plan& p) { p.steps[6].undo_to_maintenance = true; },
      [](Plan& p) { std::swap(p.steps[0], p.steps[1]); },
  };
  std::set<std::string> hashes{canary_plan().hash};
  for (const auto change : changes) {
    Plan plan = canary_plan();
    change(plan);
    EXPECT_TRUE(hashes.insert(hash_of(plan)).second) << "change " << hashes.size();
  }
}

TEST(PlanFromJson, RefusesWhatIsNotAPlan) {
  EXPECT_EQ(plan_from_json(Json("x")).error().code, Code::Corrupt);
  Json json = to_json(canary_plan());
  json["strategy"] = Json("hope");
  EXPECT_EQ(plan_from_json(json).error().code, Code::Corrupt);
  json = to_json(canary_plan());
  json["steps"] = Json(Json::Array{Json::object().set("id", "x").set("kind", "pray")});
  EXPECT_EQ(plan_from_json(json).error().code, Code::Corrupt);
}

TEST(StepKinds, HaveNamesThatReadBack) {
  for (int i = 0; i <= static_cast<int>(StepKind::Notify); ++i) {
    const auto kind = static_cast<StepKind>(i);
    EXPECT_EQ(step_kind_named(name_of(kind)), kind);
  }
  EXPECT_FALSE(step_kind_named("pray"));
}

TEST(Capabilities, AreADocument) {
  Capabilities can;
  can.router_name = "edge";
  can.weights = false;
  EXPECT_FALSE(to_json(can).flag("weights", true));
  EXPECT_TRUE(to_json(can).flag("side_by_side"));
  EXPECT_EQ(to_json(can).text("router"), "edge");
}
}  // namespace
}  // namespace slipway::plan

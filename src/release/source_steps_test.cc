#include "release/source_steps.h"

#include <gtest/gtest.h>

#include "release/performer.h"
#include "tests/release/team.h"

namespace slipway::release {
namespace {

using verdict::Answer;

config::Metric metric(const std::string& name, config::Metric::Side side, double limit) {
  config::Metric metric;
  metric.name = name;
  metric.side = side;
  metric.bound.limit = limit;
  metric.every = Millis(1'000);
  metric.timeout = Millis(500);
  return metric;
}
config::Metric success() { return metric("order-success", config::Metric::Side::Below, 95); }

class Sources : public testing::Test {
 protected:
  // The metrics of a release of v2 beside v1.
  void begin(std::vector<config::Metric> metrics) {
    ASSERT_TRUE(team_.release(deploy_of("v1")));
    team_.settings.metrics = std::move(metrics);
    plan_ = team_.plan_for(deploy_of("v2"));
    scene_.emplace(make_scene(team_.ports, lease_, plan_, "r-0002"));
    steps_.emplace(*scene_);
  }
  verdict::Verdict after(int ms) {
    for (int passed = 0; passed < ms; passed += 100) {
      team_.clock.advance(Millis(100));
      steps_->look();
    }
    return steps_->look();
  }

  Team team_;
  plan::Plan plan_;
  ports::Lease lease_;
  std::optional<Scene> scene_;
  std::optional<SourceSteps> steps_;
};

TEST_F(Sources, NoneIsAPassWithoutAWord) {
  begin({});
  EXPECT_FALSE(steps_->any());
  EXPECT_EQ(steps_->look().answer, Answer::Pass);
  EXPECT_EQ(steps_->look().evidence, "");
}

TEST_F(Sources, AskForTheNewReleaseAndTheOldOneByName) {
  auto relative = success();
  relative.bound = {0.9, true};
  begin({relative});
  std::vector<std::string> asked;
  team_.measures.answer = [&](const ports::MetricQuestion& question) -> Result<double> {
    asked.push_back(question.names.at("release") + " " + question.names.at("version"));
    return question.names.at("version") == "v1" ? 50 : 40;
  };
  EXPECT_EQ(steps_->look().answer, Answer::NotEnough) << "nobody waits for an answer";
  const auto verdict = after(500);
  EXPECT_EQ(verdict.answer, Answer::Fail);
  EXPECT_EQ(verdict.evidence,
            "order-success is 40 against 50 on the old release, below 0.9x baseline");
  EXPECT_EQ(asked, (std::vector<std::string>{"r-0002 v2", "r-0001 v1"}));
}

TEST_F(Sources, AreAskedAtTheirOwnPaceAndNeverTwiceAtOnce) {
  begin({success()});
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 99; };
  EXPECT_EQ(after(5'000).answer, Answer::Pass);
  EXPECT_EQ(team_.measures.asked, 5);
  team_.measures.takes = Millis(60'000);
  EXPECT_EQ(after(20'000).answer, Answer::NotEnough) << "and an old answer is none";
  EXPECT_EQ(team_.measures.asked, 6);
}

TEST_F(Sources, WhatIsNotKnownKeepsAPassFromBeingOne) {
  begin({success(), metric("queue", config::Metric::Side::Above, 100)});
  team_.measures.answer = [](const ports::MetricQuestion& question) -> Result<double> {
    if (question.metric.name == "queue") return Error(Code::Timeout, "no answer within 500ms");
    return 99;
  };
  const auto verdict = after(2'000);
  EXPECT_EQ(verdict.answer, Answer::NotEnough);
  EXPECT_EQ(verdict.evidence,
            "queue has no number yet: no answer within 500ms; order-success is 99, it fails "
            "below 95");
}

TEST_F(Sources, ADryRunIsShownAndDecidesNothing) {
  auto dry = success();
  dry.dry_run = true;
  begin({dry, metric("queue", config::Metric::Side::Above, 100)});
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 10; };
  const auto verdict = after(1'000);
  EXPECT_EQ(verdict.answer, Answer::Pass);
  EXPECT_NE(verdict.evidence.find("order-success is 10, below 95 (dry run)"), std::string::npos)
      << verdict.evidence;
}

// A whole release of v2 with these metrics.
class SourcesOfARelease : public testing::Test {
 protected:
  Ending deploy(std::vector<config::Metric> metrics, ScriptedMailbox* mailbox = nullptr) {
    EXPECT_TRUE(team_.release(deploy_of("v1")));
    team_.settings.metrics = std::move(metrics);
    const auto plan = team_.plan_for(deploy_of("v2"));
    id_ = team_.create(plan);
    ScriptedMailbox own(team_.clock);
    const auto end = team_.run(plan, id_, mailbox == nullptr ? own : *mailbox);
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }
  Team team_;
  std::string id_;
};

TEST_F(SourcesOfARelease, OneThatFailsTakesItBackWithItsSentence) {
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 93.1; };
  const Ending end = deploy({success()});
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_EQ(end.reason, "judge-100: order-success is 93.1, below 95");
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(SourcesOfARelease, WhenAllAreWithinTheirBoundsItCompletes) {
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 99; };
  EXPECT_EQ(deploy({success()}).phase, Phase::Completed);
  EXPECT_TRUE(team_.heard_progress("order-success is 99"));
}

TEST_F(SourcesOfARelease, ADryRunThatFailsStopsNothing) {
  auto dry = success();
  dry.dry_run = true;
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 1; };
  EXPECT_EQ(deploy({dry}).phase, Phase::Completed);
  EXPECT_TRUE(team_.heard_progress("(dry run)"));
}

TEST_F(SourcesOfARelease, OneThatNeverAnswersHoldsItAtTheDeadline) {
  ScriptedMailbox mailbox(team_.clock);
  Command stop;
  stop.kind = EventKind::Abort;
  stop.by = "ada";
  stop.reason = "no numbers";
  mailbox.at(Millis(60'000), stop);
  const Ending end = deploy({success()}, &mailbox);
  EXPECT_EQ(end.phase, Phase::Aborted);
  const auto& records = team_.heard.records;
  EXPECT_NE(std::find(records.begin(), records.end(), "judge-100 inconclusive"), records.end());
}

TEST_F(SourcesOfARelease, WhileItIsHeldAFailingOneTakesItBack) {
  auto slow = success();
  slow.hold = Millis(20'000);
  team_.measures.answer = [](const ports::MetricQuestion&) -> Result<double> { return 90; };
  const Ending end = deploy({slow});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_NE(end.reason.find("order-success is 90, below 95, for 20s"), std::string::npos)
      << end.reason;
}

TEST_F(Sources, WithoutSomebodyToAskThereIsNotEnough) {
  begin({success()});
  team_.ports.measures = nullptr;
  EXPECT_EQ(after(1'000).answer, Answer::NotEnough);
}

}  // namespace
}  // namespace slipway::release

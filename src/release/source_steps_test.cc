#include "release/source_steps.h"

#include <gtest/gtest.h>

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
  team_.measures.answer = [&](const ports::Question& question) -> Result<double> {
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
  team_.measures.answer = [](const ports::Question&) -> Result<double> { return 99; };
  EXPECT_EQ(after(5'000).answer, Answer::Pass);
  EXPECT_EQ(team_.measures.asked, 6);
  team_.measures.takes = Millis(60'000);
  EXPECT_EQ(after(20'000).answer, Answer::NotEnough) << "and an old answer is none";
  EXPECT_EQ(team_.measures.asked, 7);
}

TEST_F(Sources, WhatIsNotKnownKeepsAPassFromBeingOne) {
  begin({success(), metric("queue", config::Metric::Side::Above, 100)});
  team_.measures.answer = [](const ports::Question& question) -> Result<double> {
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
  team_.measures.answer = [](const ports::Question&) -> Result<double> { return 10; };
  const auto verdict = after(1'000);
  EXPECT_EQ(verdict.answer, Answer::Pass);
  EXPECT_NE(verdict.evidence.find("order-success is 10, below 95 (dry run)"), std::string::npos)
      << verdict.evidence;
}

TEST_F(Sources, WithoutSomebodyToAskThereIsNotEnough) {
  begin({success()});
  team_.ports.measures = nullptr;
  EXPECT_EQ(after(1'000).answer, Answer::NotEnough);
}

}  // namespace
}  // namespace slipway::release

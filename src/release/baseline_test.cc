// What a release does with a fresh baseline beside its canary.
#include <gtest/gtest.h>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

constexpr const char* kFresh = "r-0002-baseline";

fake::Behaviour of_version(const std::string& version) {
  fake::Behaviour behaviour;
  behaviour.version = version;
  return behaviour;
}
fake::Behaviour of_fresh() {
  auto behaviour = of_version("v1");
  behaviour.release = kFresh;
  return behaviour;
}

class BaselineTest : public testing::Test {
 protected:
  BaselineTest() {
    auto& rollout = team_.settings.rollout;
    rollout.strategy = config::Strategy::Canary;
    rollout.steps = {40, 100};
    rollout.judge.period = Millis(30'000);
    rollout.judge.deadline = Millis(60'000);
    rollout.judge.baseline = config::Baseline::Fresh;
    rollout.keep_old = Millis(0);
  }

  Ending deploy(const std::vector<fake::Behaviour>& behaviours,
                std::vector<std::pair<Millis, Command>> words = {}) {
    EXPECT_TRUE(team_.release(deploy_of("v1")));
    for (const auto& behaviour : behaviours) team_.script(behaviour);
    const auto plan = team_.plan_for(deploy_of("v2"));
    const auto id = team_.create(plan);
    EXPECT_EQ(ports::baseline_of(id), kFresh);
    team_.seam.hook = [&](const fake::Point& point) {
      if (point.call == fake::Call::SetSplit && point.when == fake::When::After) note_split();
      return fake::Fault::None;
    };
    ScriptedMailbox mailbox(team_.clock);
    for (auto& [at, command] : words) mailbox.at(at, std::move(command));
    auto end = team_.run(plan, id, mailbox);
    team_.seam.hook = nullptr;
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }

  void note_split() {
    const auto* route = fake::find_route(team_.world, team_.app);
    std::string text;
    for (const auto& share : route->split->shares)
      text += (text.empty() ? "" : " ") + share.release + ":" +
              std::to_string(static_cast<int>(share.percent));
    splits_.push_back(text);
  }

  int running(const std::string& release) {
    int count = 0;
    const auto now = team_.clock.monotonic();
    for (const auto& slot : team_.world.slots) {
      if (slot.slot.release != release) continue;
      for (const auto& instance : slot.instances) {
        if (fake::state_of(team_.world, slot, instance, now) == ports::InstanceState::Running)
          ++count;
      }
    }
    return count;
  }

  std::string sentences() {
    std::string out;
    for (const auto& [key, json] : *team_.store.values("verdict/"))
      out += json.text("sentence") + "\n";
    return out;
  }
  std::string journal() {
    std::string out;
    for (const auto& record : *team_.store.records("r-0002", 0))
      out += record.step + " " + record.event + " " + record.detail + "\n";
    return out;
  }

  std::vector<ports::Notice> told_of_it() {
    std::vector<ports::Notice> out;
    for (const auto& notice : *team_.store.notices("r-0002"))
      if (notice.kind == "baseline_lost") out.push_back(notice);
    return out;
  }

  Team team_;
  std::vector<std::string> splits_;
};

TEST_F(BaselineTest, HasAShareOfItsOwnWhileTheCanaryIsJudgedAndIsGoneAfterwards) {
  EXPECT_EQ(deploy({}).phase, Phase::Completed);
  EXPECT_EQ(splits_,
            (std::vector<std::string>{"r-0001:30 r-0002-baseline:30 r-0002:40", "r-0002:100"}));
  EXPECT_EQ(running(kFresh), 0);
  EXPECT_EQ(running("r-0002"), 2);
  EXPECT_TRUE(told_of_it().empty());
  EXPECT_NE(sentences().find("on the fresh baseline"), std::string::npos) << sentences();
}

TEST_F(BaselineTest, ACanaryThatIsAsSlowAsAnyFreshInstanceIsNotTakenBackForIt) {
  config::Trigger slow;
  slow.kind = config::Trigger::Kind::LatencyQuantile;
  slow.limit = 2;
  slow.relative_to_baseline = true;
  slow.text = "latency_p95 > 2x baseline";
  team_.settings.roll_back_when.push_back(slow);
  auto canary = of_version("v2");
  canary.usual_us = 65'536;
  auto fresh = of_fresh();
  fresh.usual_us = 65'536;
  EXPECT_EQ(deploy({canary, fresh}).phase, Phase::Completed) << sentences();
}

TEST_F(BaselineTest, TheSameCanaryIsTakenBackBesideTheWarmOldRelease) {
  team_.settings.rollout.judge.baseline = config::Baseline::Old;
  config::Trigger slow;
  slow.kind = config::Trigger::Kind::LatencyQuantile;
  slow.limit = 2;
  slow.relative_to_baseline = true;
  slow.text = "latency_p95 > 2x baseline";
  team_.settings.roll_back_when.push_back(slow);
  auto canary = of_version("v2");
  canary.usual_us = 65'536;
  EXPECT_EQ(deploy({canary}).phase, Phase::RolledBack) << sentences();
}

TEST_F(BaselineTest, ACanaryWorseThanAFreshInstanceGoesBackAndNothingIsLeftOver) {
  auto canary = of_version("v2");
  canary.error_share = 0.3;
  EXPECT_EQ(deploy({canary}).phase, Phase::RolledBack);
  EXPECT_EQ(splits_.back(), "r-0001:100");
  EXPECT_EQ(running(kFresh), 0);
  EXPECT_EQ(running("r-0001"), 2);
  EXPECT_NE(sentences().find("on the fresh baseline"), std::string::npos) << sentences();
}

TEST_F(BaselineTest, ThatNeverGetsReadyIsDoneWithoutAndTheEvidenceSaysSo) {
  auto fresh = of_fresh();
  fresh.never_ready = true;
  EXPECT_EQ(deploy({fresh}).phase, Phase::Completed);
  EXPECT_EQ(splits_.front(), "r-0001:60 r-0002:40");
  EXPECT_EQ(running(kFresh), 0);
  EXPECT_NE(sentences().find("on the old release (the fresh baseline failed)"), std::string::npos)
      << sentences();
  EXPECT_NE(journal().find("baseline-probe-web overdue"), std::string::npos) << journal();
  ASSERT_EQ(told_of_it().size(), 1u);
}

TEST_F(BaselineTest, ThatDiesLosesItsTrafficAtOnceAndTheCanaryIsJudgedAnew) {
  auto fresh = of_fresh();
  fresh.dies_after = Millis(12'000);
  auto canary = of_version("v2");
  canary.ready_after = Millis(500);
  EXPECT_EQ(deploy({fresh, canary}).phase, Phase::Completed);
  ASSERT_EQ(splits_.size(), 3u);
  EXPECT_EQ(splits_[1], "r-0001:60 r-0002:40");
  EXPECT_EQ(running(kFresh), 0);
  EXPECT_NE(
      journal().find("judge-40 lost the fresh baseline failed: web/r-0002-baseline/0 has ended"),
      std::string::npos)
      << journal();
  EXPECT_NE(sentences().find("(the fresh baseline failed)"), std::string::npos) << sentences();
  const auto told = told_of_it();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].key, "r-0002/baseline_lost");
  EXPECT_EQ(told[0].severity, ports::Severity::Warning);
  EXPECT_EQ(told[0].turn, ports::Turn::Event);
  EXPECT_NE(told[0].text.find("v2 is judged beside v1 as it runs"), std::string::npos);
  ASSERT_EQ(told[0].facts.size(), 2u);
  EXPECT_NE(told[0].facts[1].second.find("web/r-0002-baseline/0 has ended"), std::string::npos);
}

TEST_F(BaselineTest, ThatDiesWhileTheReleaseIsHeldLosesItsTrafficAndTheHoldStays) {
  auto fresh = of_fresh();
  fresh.dies_after = Millis(50'000);
  Command pause;
  pause.kind = EventKind::Pause;
  Command abort;
  abort.kind = EventKind::Abort;
  EXPECT_EQ(deploy({fresh}, {{Millis(20'000), pause}, {Millis(200'000), abort}}).phase,
            Phase::Aborted);
  ASSERT_EQ(splits_.size(), 3u);
  EXPECT_EQ(splits_[1], "r-0001:60 r-0002:40");
  EXPECT_EQ(splits_[2], "r-0001:100");
  EXPECT_NE(journal().find("judge-40 lost"), std::string::npos) << journal();
}

TEST_F(BaselineTest, ThatIsNotWhatTheOldReleaseWasStartedFromIsNone) {
  auto plan = [&] {
    EXPECT_TRUE(team_.release(deploy_of("v1")));
    return team_.plan_for(deploy_of("v2"));
  }();
  ASSERT_TRUE(plan.old);
  plan.old->digests["web"] = "sha256:other";
  const auto id = team_.create(plan);
  ScriptedMailbox mailbox(team_.clock);
  const auto end = team_.run(plan, id, mailbox);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::Completed);
  EXPECT_NE(journal().find("baseline-start-web not-applied"), std::string::npos) << journal();
  EXPECT_NE(journal().find("are not those it was released with"), std::string::npos);
}

TEST_F(BaselineTest, AStateWithoutItSurvivesTheJournalAndAnOlderOneReads) {
  State state;
  state.phase = Phase::Settling;
  state.without_baseline = true;
  EXPECT_EQ(decode(encode(state)), state);
  const auto older = decode("settling|3|1|4|h-fnw|verdict|1732182000123|reason");
  ASSERT_TRUE(older);
  EXPECT_TRUE(older->narrow && older->word);
  EXPECT_FALSE(older->without_baseline);
}

}  // namespace
}  // namespace slipway::release

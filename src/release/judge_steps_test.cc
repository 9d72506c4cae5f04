// What a release does with what its judge says.
#include <gtest/gtest.h>

#include "tests/release/team.h"
#include "verdict/replay.h"

namespace slipway::release {
namespace {

using config::LowTraffic;
using config::Strategy;

fake::Behaviour failing(const std::string& version, double share) {
  fake::Behaviour behaviour;
  behaviour.version = version;
  behaviour.error_share = share;
  return behaviour;
}

class JudgeStepsTest : public testing::Test {
 protected:
  JudgeStepsTest() {
    team_.settings.rollout.strategy = Strategy::Canary;
    team_.settings.rollout.steps = {10, 100};
    team_.settings.rollout.judge.period = Millis(30'000);
    team_.settings.rollout.judge.deadline = Millis(120'000);
  }
  void release_v1() { ASSERT_TRUE(team_.release(deploy_of("v1"))); }

  struct Change {
    Millis after{0};
    std::vector<fake::Behaviour> behaviours;
  };
  // What the world is like from some time after the new release has its first traffic.
  Ending deploy(std::vector<Change> changes = {},
                std::vector<std::pair<Millis, Command>> words = {}) {
    const auto plan = team_.plan_for(deploy_of("v2"));
    id_ = team_.create(plan);
    Millis first{-1};
    team_.seam.hook = [&, changes](const fake::Point& point) mutable {
      const bool shift = point.subject != nullptr && *point.subject == "shift-10";
      if (first.count() < 0 && shift && point.when == fake::When::After)
        first = team_.clock.monotonic();
      while (first.count() >= 0 && !changes.empty() &&
             team_.clock.monotonic() - first >= changes.front().after) {
        fake::count_until(team_.world, team_.clock.monotonic());
        auto next = std::make_shared<fake::Script>(*team_.world.script);
        next->behaviours = changes.front().behaviours;
        team_.world.script = next;
        for (auto& slot : team_.world.slots) behave(slot);
        changes.erase(changes.begin());
      }
      return fake::Fault::None;
    };
    ScriptedMailbox mailbox(team_.clock);
    for (auto& [at, command] : words) mailbox.at(at, std::move(command));
    auto end = team_.run(plan, id_, mailbox);
    team_.seam.hook = nullptr;
    EXPECT_TRUE(end) << end.error().sentence();
    return end ? *end : Ending{};
  }
  // Instances that run already behave as the new script says.
  void behave(fake::FakeSlot& slot) const {
    slot.behaviour = -1;
    const auto& behaviours = team_.world.script->behaviours;
    for (std::size_t i = 0; i < behaviours.size(); ++i) {
      const auto& version = behaviours[i].version;
      if (slot.behaviour < 0 && (version.empty() || version == slot.version))
        slot.behaviour = static_cast<int>(i);
    }
  }
  bool heard(const std::string& record) const {
    const auto& records = team_.heard.records;
    return std::find(records.begin(), records.end(), record) != records.end();
  }
  std::vector<Json> entries() {
    std::vector<Json> out;
    const auto values = team_.store.values("verdict/" + id_ + "/");
    for (const auto& [key, json] : *values) out.push_back(json);
    return out;
  }

  Team team_;
  std::string id_;
};

TEST_F(JudgeStepsTest,
       WhatIsFarOverTheLimitIsPutIntoQuarantineAtOnceAndTakenBackWhenTheGuardAgrees) {
  release_v1();
  const auto end = deploy({{Millis(3'000), {failing("v2", 0.5)}}});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_TRUE(heard("judge-10 narrow"));
  EXPECT_FALSE(heard("judge-10 widen"));
  const auto kept = entries();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].text("event"), "narrow");
  EXPECT_EQ(kept[1].at("decision").text("answer"), "fail");
  EXPECT_EQ(kept[1].text("sentence").rfind("Rolled back after ", 0), 0U) << kept[1].dump();
}

TEST_F(JudgeStepsTest, AQuarantineLeavesTheNewReleaseOnePercent) {
  release_v1();
  double least = 100;
  deploy({{Millis(3'000), {failing("v2", 0.5)}}});
  for (const auto& entry : entries()) {
    for (const auto& tick : entry.at("ticks").items())
      if (tick.number("w") > 0) least = std::min(least, tick.number("w") * 100);
  }
  EXPECT_DOUBLE_EQ(least, 1);
}

TEST_F(JudgeStepsTest, OneBurstIsForgivenAndTheReleaseGoesOn) {
  release_v1();
  const auto end = deploy({{Millis(3'000), {failing("v2", 0.9)}}, {Millis(5'000), {}}});
  EXPECT_EQ(end.phase, Phase::Completed) << end.reason;
  EXPECT_TRUE(heard("judge-10 narrow"));
  EXPECT_TRUE(heard("judge-10 widen"));
  EXPECT_EQ(team_.live(), id_);
}

TEST_F(JudgeStepsTest, WithoutQuarantineTheGuardAloneDecides) {
  team_.settings.rollout.judge.quarantine = false;
  release_v1();
  const auto end = deploy({{Millis(3'000), {failing("v2", 0.5)}}});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_FALSE(heard("judge-10 narrow"));
}

TEST_F(JudgeStepsTest, WithoutGuardItIsTakenBackAtOnce) {
  team_.settings.rollout.judge.guard = config::BurstGuard::Off;
  release_v1();
  const auto end = deploy({{Millis(3'000), {failing("v2", 0.5)}}});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_FALSE(heard("judge-10 narrow"));
  ASSERT_EQ(entries().size(), 1U);
  EXPECT_LT(entries()[0].at("decision").integer("after_ms"), 10'000);
}

TEST_F(JudgeStepsTest, WhoPromotesWhatIsInQuarantineGivesItItsShareAgainFirst) {
  release_v1();
  Command promote;
  promote.kind = EventKind::Promote;
  promote.by = "ada";
  const auto end = deploy({{Millis(3'000), {failing("v2", 0.9)}}, {Millis(5'000), {}}},
                          {{Millis(9'000), promote}});
  EXPECT_EQ(end.phase, Phase::Completed) << end.reason;
  EXPECT_TRUE(heard("judge-10 narrow"));
  EXPECT_TRUE(heard("judge-10 promote"));
}

TEST_F(JudgeStepsTest, EveryVerdictComesOutAgainFromWhatIsKept) {
  release_v1();
  EXPECT_EQ(deploy({{Millis(3'000), {failing("v2", 0.9)}}, {Millis(5'000), {}}}).phase,
            Phase::Completed);
  const auto kept = entries();
  EXPECT_GE(kept.size(), 4U) << "narrow, widen, judge-10, judge-100, watch";
  const auto replayed = verdict::replay_entries(kept);
  ASSERT_TRUE(replayed) << replayed.error().sentence();
  for (const auto& one : *replayed) EXPECT_TRUE(one.equal) << one.step << " " << one.sentence;
}

TEST_F(JudgeStepsTest, WithTooLittleTrafficDoesAsTheConfigurationSays) {
  const auto quiet = [&] {
    auto script = std::make_shared<fake::Script>(*team_.world.script);
    script->requests_per_second = 0.5;
    team_.world.script = script;
  };
  team_.settings.rollout.judge.low_traffic = LowTraffic::Promote;
  release_v1();
  quiet();
  EXPECT_EQ(deploy().phase, Phase::Completed);
  team_.settings.rollout.judge.low_traffic = LowTraffic::RollBack;
  const auto end = deploy();
  EXPECT_EQ(end.phase, Phase::RolledBack);
  EXPECT_NE(end.reason.find("not enough data after 2m"), std::string::npos) << end.reason;
}

TEST_F(JudgeStepsTest, WhenBothFailItHoldsTellsAndBlamesNobody) {
  release_v1();
  Command abort;
  abort.kind = EventKind::Abort;
  const auto end = deploy({{Millis(3'000), {failing("", 0.3)}}}, {{Millis(60'000), abort}});
  EXPECT_EQ(end.phase, Phase::Aborted) << end.reason;
  EXPECT_TRUE(heard("judge-10 inconclusive"));
  ASSERT_FALSE(entries().empty());
  EXPECT_NE(entries().back().text("sentence").find("not this release's doing"), std::string::npos)
      << entries().back().text("sentence");
  bool told = false;
  const auto notices = team_.store.notices(id_);
  for (const auto& notice : *notices) told = told || notice.kind == "held";
  EXPECT_TRUE(told);
}

TEST_F(JudgeStepsTest, IsNeverTakenBackToAReleaseThatIsNotHealthy) {
  release_v1();
  Command abort;
  abort.kind = EventKind::Abort;
  auto sick = failing("v1", 0);
  sick.never_ready = true;
  const auto end = deploy({{Millis(1'000), {sick}}, {Millis(12'000), {sick, failing("v2", 0.5)}}},
                          {{Millis(80'000), abort}});
  EXPECT_EQ(end.phase, Phase::Aborted) << end.reason;
  ASSERT_FALSE(entries().empty());
  EXPECT_NE(entries().back().text("sentence").find("not healthy enough to go back to"),
            std::string::npos)
      << entries().back().text("sentence");
}

TEST_F(JudgeStepsTest, ThresholdsStayArmedWhileItIsPausedBetweenTwoSteps) {
  release_v1();
  Command pause;
  pause.kind = EventKind::Pause;
  const auto end = deploy({{Millis(60'000), {failing("v2", 0.5)}}}, {{Millis(10'000), pause}});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_TRUE(heard("judge-10 bad"));
}

TEST_F(JudgeStepsTest, ADaemonThatTakesUpAHeldReleaseArmsItsThresholdsAnew) {
  release_v1();
  const auto plan = team_.plan_for(deploy_of("v2"));
  id_ = team_.create(plan);
  Command pause;
  pause.kind = EventKind::Pause;
  ScriptedMailbox closing(team_.clock);
  closing.at(Millis(10'000), pause);
  closing.close_at(Millis(60'000));
  ASSERT_FALSE(team_.run(plan, id_, closing));
  const auto state = decode(team_.store.last_record(id_).value()->state).value();
  ASSERT_EQ(state.phase, Phase::Held);
  team_.script(failing("v2", 0.5));
  for (auto& slot : team_.world.slots) behave(slot);
  ScriptedMailbox mailbox(team_.clock);
  const auto end = team_.run(plan, id_, mailbox, "daemon 2", state);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::RolledBack) << end->reason;
}

TEST_F(JudgeStepsTest, WhatFailsOnlyWhileItIsWatchedIsTakenBack) {
  team_.settings.watch = Millis(60'000);
  release_v1();
  const auto end = deploy({{Millis(80'000), {failing("v2", 0.3)}}});
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_EQ(end.reason.rfind("watch", 0), 0U) << end.reason;
  EXPECT_EQ(team_.live(), "r-0001");
}

TEST_F(JudgeStepsTest, ARouteThatAnswersSlowerThanItDidIsTakenBackWhileTheWholeDoesNot) {
  config::Trigger slower;
  slower.kind = config::Trigger::Kind::LatencyQuantile;
  slower.quantile = 0.95;
  slower.limit = 2;
  slower.relative_to_baseline = true;
  slower.text = "latency_p95 > 2x baseline";
  team_.settings.roll_back_when = {slower};
  team_.settings.rollout.steps = {50, 100};
  team_.settings.rollout.judge.warmup = Millis(1'000);
  fake::Behaviour usual;
  usual.routes = {{"/", 0.98, 0, 0}, {"/checkout", 0.02, 0, 0}};
  auto slow = usual;
  slow.version = "v2";
  slow.routes[1].slow_share = 1;
  team_.script(slow);
  auto script = std::make_shared<fake::Script>(*team_.world.script);
  script->behaviours.push_back(usual);
  script->requests_per_second = 400;
  team_.world.script = script;
  release_v1();
  team_.clock.advance(Millis(60'000));
  const auto end = deploy();
  EXPECT_EQ(end.phase, Phase::RolledBack) << end.reason;
  EXPECT_NE(end.reason.find("/checkout: "), std::string::npos) << end.reason;
}

// Counts that cannot be: more errors than requests, look after look.
class LyingCounters : public ports::Counters {
 public:
  explicit LyingCounters(ports::Counters& truth) : truth_(truth) {}
  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    auto counts = TRY(truth_.read(app, release));
    if (release == "r-0002" && lies) counts.errors = counts.requests * 2 + 10;
    return counts;
  }
  bool lies = true;

 private:
  ports::Counters& truth_;
};

TEST_F(JudgeStepsTest, CountsThatCannotBeHoldTheReleaseAndSaySo) {
  release_v1();
  LyingCounters counters(team_.counters);
  World world{team_.instances, team_.router,    counters,    team_.probe,
              team_.smoke,     team_.artifacts, team_.store, team_.clock};
  const auto plan = team_.plan_for(deploy_of("v2"));
  id_ = team_.create(plan);
  const auto lease = team_.store.take_lease(team_.app, "daemon 1", id_).value();
  Runner runner(world, lease, plan, id_, State{}, &team_.heard);
  ScriptedMailbox mailbox(team_.clock);
  Command abort;
  abort.kind = EventKind::Abort;
  mailbox.at(Millis(30'000), abort);
  ASSERT_TRUE(runner.run(mailbox));
  EXPECT_TRUE(heard("judge-10 inconclusive"));
  ASSERT_FALSE(entries().empty());
  EXPECT_EQ(entries().back().at("decision").text("reason"), "nonsense");
}

}  // namespace
}  // namespace slipway::release

#include "release/performer.h"

#include <gtest/gtest.h>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

class PerformerTest : public testing::Test {
 protected:
  PerformerTest() {
    EXPECT_TRUE(team_.release(deploy_of("v1")));
    plan_ = team_.plan_for(deploy_of("v2"));
    release_ = team_.create(plan_);
    lease_ = team_.store.take_lease(team_.app, "daemon 1", release_).value();
  }
  Performer performer() { return Performer(make_scene(team_.ports, lease_, plan_, release_)); }
  State at(const std::string& id) {
    State state;
    state.attempt = 1;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (plan_.steps[i].id == id) state.step = static_cast<int>(i);
    }
    state.since_ms = to_unix_ms(team_.clock.now());
    return state;
  }
  OpId op(const std::string& step, int attempt = 1) { return {release_, step, attempt}; }
  // Started, and old enough to answer its probes.
  void start(Performer& performer) {
    EXPECT_EQ(performer.act(at("start-web"), op("start-web")).kind, ports::Outcome::Kind::Applied);
    team_.clock.advance(Millis(2'000));
  }
  EventKind probe_until_settled(Performer& performer) {
    EventKind last = EventKind::Pending;
    for (int i = 0; i < 5 && last == EventKind::Pending; ++i)
      last = performer.look(at("probe-web")).kind;
    return last;
  }

  Team team_;
  plan::Plan plan_;
  std::string release_;
  ports::Lease lease_;
};

TEST_F(PerformerTest, ReadyTakesAsManyGoodProbesInARowAsTheServiceSays) {
  auto performer = this->performer();
  start(performer);
  EXPECT_EQ(performer.look(at("probe-web")).kind, EventKind::Pending);
  EXPECT_EQ(performer.look(at("probe-web")).kind, EventKind::Settled);
}

TEST_F(PerformerTest, AnInstanceThatWasStartedAgainHasToAnswerItsProbesAgain) {
  auto performer = this->performer();
  start(performer);
  ASSERT_EQ(probe_until_settled(performer), EventKind::Settled);
  for (auto& slot : team_.world.slots) {
    if (slot.slot.release != release_) continue;
    slot.instances[0].restarts = 1;
    slot.instances[0].started = team_.clock.monotonic();
  }
  team_.clock.advance(Millis(200));  // runs, but does not answer yet
  const auto seen = performer.look(at("probe-web"));
  EXPECT_EQ(seen.kind, EventKind::Pending);
  EXPECT_NE(seen.why.find("1 of 2 ready"), std::string::npos) << seen.why;
}

TEST_F(PerformerTest, ALostStartIsSeenAsAbsent) {
  auto performer = this->performer();
  EXPECT_EQ(performer.look(at("start-web")).kind, EventKind::Absent);
}

TEST_F(PerformerTest, APlatformThatDoesNotAnswerSaysNothingAboutTheRelease) {
  auto performer = this->performer();
  start(performer);
  team_.seam.hook = [](const fake::Point& point) {
    return fake::is_write(point.call) ? fake::Fault::None : fake::Fault::NotAppliedBefore;
  };
  for (const char* step : {"start-web", "probe-web", "smoke", "shift-100", "judge-100"}) {
    EXPECT_EQ(performer.look(at(step)).kind, EventKind::Pending) << step;
  }
  EXPECT_EQ(performer.look_undone(at("start-web")).kind, EventKind::Pending);
  EXPECT_EQ(performer.look_undone(at("shift-100")).kind, EventKind::Pending);
  EXPECT_EQ(performer.act(at("shift-100"), op("shift-100")).kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(performer.undo(at("shift-100"), op("undo-shift-100")).kind,
            ports::Outcome::Kind::NotApplied);
}

TEST_F(PerformerTest, AShiftIsRefusedWhileNothingNewRuns) {
  auto performer = this->performer();
  const auto outcome = performer.act(at("shift-100"), op("shift-100"));
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::InstanceDied);
  EXPECT_EQ(performer.look(at("shift-100")).kind, EventKind::Absent);
}

TEST_F(PerformerTest, AForeignSplitIsSeenAndNotTakenForOurs) {
  auto performer = this->performer();
  start(performer);
  ASSERT_EQ(performer.act(at("shift-100"), op("shift-100")).kind, ports::Outcome::Kind::Applied);
  EXPECT_EQ(performer.look(at("shift-100")).kind, EventKind::Settled);
  auto foreign = team_.router.observe_split(team_.app).value();
  foreign.split.shares[0].percent = 50;
  ASSERT_EQ(team_.router
                .set_split(team_.app, foreign.split, foreign.version, lease_.epoch, op("somebody"))
                .kind,
            ports::Outcome::Kind::Applied);
  EXPECT_EQ(performer.look(at("shift-100")).kind, EventKind::Absent);
}

TEST_F(PerformerTest, HowAServiceIsReachedComesWithTheShiftAndGoesWithItsUndo) {
  for (auto& service : plan_.settings.services) {
    if (service.listens) service.edge = Json::object().set("release_header", true);
  }
  for (auto& step : plan_.steps) {
    if (step.id == "shift-100") step.percent = 40;
  }
  auto performer = this->performer();
  start(performer);
  const auto split = [&] { return team_.router.observe_split(team_.app).value().split; };
  ASSERT_EQ(performer.act(at("shift-100"), op("shift-100")).kind, ports::Outcome::Kind::Applied);
  ASSERT_FALSE(split().fronts.empty());
  EXPECT_TRUE(split().fronts[0].edge.flag("release_header"));
  EXPECT_EQ(split().shares.back().release, release_) << "the newest is the last of its service";
  EXPECT_EQ(split().shares.back().percent, 40);
  ASSERT_EQ(performer.undo(at("shift-100"), op("undo-shift-100")).kind,
            ports::Outcome::Kind::Applied);
  EXPECT_TRUE(split().fronts[0].edge.is_null());
}

TEST_F(PerformerTest, UndoingAStartWaitsForTheRequestsThatStillRunThere) {
  auto performer = this->performer();
  start(performer);
  ASSERT_EQ(performer.act(at("shift-100"), op("shift-100")).kind, ports::Outcome::Kind::Applied);
  ASSERT_EQ(performer.undo(at("shift-100"), op("undo-shift-100")).kind,
            ports::Outcome::Kind::Applied);
  const auto waiting = performer.look_undone(at("start-web"));
  EXPECT_EQ(waiting.kind, EventKind::Pending);
  EXPECT_NE(waiting.why.find("still running"), std::string::npos) << waiting.why;
  team_.clock.advance(Millis(60));
  EXPECT_EQ(performer.look_undone(at("start-web")).kind, EventKind::Absent)
      << "now it may be stopped";
}

}  // namespace
}  // namespace slipway::release

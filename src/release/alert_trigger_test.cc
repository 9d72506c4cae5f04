#include "release/alert_trigger.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace slipway::release {
namespace {
using plan::StepKind;

plan::Step step(StepKind kind, double percent = 0) {
  plan::Step out;
  out.kind = kind;
  out.percent = percent;
  return out;
}

struct Scenery {
  Scenery() {
    plan.app = "shop";
    plan.environment = "production";
    plan.settings.roll_back_on_alerts = {"CheckoutDown"};
    plan.steps = {step(StepKind::Gate), step(StepKind::Shift, 10), step(StepKind::Judge),
                  step(StepKind::Promote), step(StepKind::Watch)};
    ports::ReleaseRow row;
    row.app = {"shop", "production"};
    row.created_ms = 1'000;
    release = store.create_release(row)->id;
  }
  void fires(const std::string& name, std::int64_t since_ms) {
    ASSERT_TRUE(store.set_value(alert_prefix({"shop", "production"}) + "f1",
                                Json::object()
                                    .set("alert", name)
                                    .set("since_ms", since_ms)
                                    .set("summary", "nobody can pay")));
  }
  std::optional<std::string> at(Phase phase, int index, bool at_boundary = false) {
    State state;
    state.phase = phase;
    state.step = index;
    state.at_boundary = at_boundary;
    return fired_alert(store, plan, release, state);
  }
  store::MemoryStore store;
  plan::Plan plan;
  std::string release;
};

TEST(AlertTrigger, SpeaksAgainstAReleaseThatIsJudgedWatchedOrHeldWithTraffic) {
  Scenery scenery;
  EXPECT_FALSE(scenery.at(Phase::Settling, 2)) << "nothing fires";
  scenery.fires("CheckoutDown", 2'000);
  EXPECT_EQ(scenery.at(Phase::Settling, 2), "alert CheckoutDown fires: nobody can pay");
  EXPECT_TRUE(scenery.at(Phase::Settling, 4));
  EXPECT_TRUE(scenery.at(Phase::Held, 2));
  EXPECT_TRUE(scenery.at(Phase::Held, 1, true)) << "held after its first share";
}

TEST(AlertTrigger, SaysNothingWhileThereIsNoTrafficOrNothingLooksOrItGoesBackAlready) {
  Scenery scenery;
  scenery.fires("CheckoutDown", 2'000);
  EXPECT_FALSE(scenery.at(Phase::Held, 0)) << "held at a gate";
  EXPECT_FALSE(scenery.at(Phase::Settling, 1)) << "the shift itself";
  EXPECT_FALSE(scenery.at(Phase::Acting, 3));
  EXPECT_FALSE(scenery.at(Phase::BackSettling, 2));
  EXPECT_FALSE(scenery.at(Phase::Completed, 5));
  scenery.plan.kind = plan::RequestKind::Rollback;
  EXPECT_FALSE(scenery.at(Phase::Settling, 4)) << "it leads away from the trouble";
}

TEST(AlertTrigger, BlamesNoReleaseForWhatFiredBeforeItOrForWhatItDoesNotName) {
  Scenery scenery;
  scenery.fires("CheckoutDown", 999);
  EXPECT_FALSE(scenery.at(Phase::Settling, 2));
  scenery.fires("Other", 2'000);
  EXPECT_FALSE(scenery.at(Phase::Settling, 2));
  scenery.fires("CheckoutDown", 1'000);
  EXPECT_TRUE(scenery.at(Phase::Settling, 2));
  scenery.plan.settings.roll_back_on_alerts.clear();
  EXPECT_FALSE(scenery.at(Phase::Settling, 2));
}

}  // namespace
}  // namespace slipway::release

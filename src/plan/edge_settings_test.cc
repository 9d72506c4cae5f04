#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {
config::Environment with_edge(const std::string& json) {
  auto settings = shop_settings(config::Strategy::BlueGreen);
  settings.services[1].edge = Json::parse(json).value_or(Json());
  return settings;
}

constexpr const char* kTimes = R"({"timeouts":{"connect_ms":1000,"response_ms":2000}})";

TEST(PlanEdgeSettings, ARouterThatCannotDoThemIsRefusedByName) {
  const auto settings = with_edge(kTimes);
  auto facts = facts_with_live(shop_settings(config::Strategy::BlueGreen));
  facts.capabilities.router_name = "cards";
  const auto refused = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unsupported);
  EXPECT_EQ(refused.error().what,
            "service web sets timeouts.connect, timeouts.response under edge, which cards cannot "
            "do");
  facts.capabilities.edge_settings = {"timeouts.connect", "time"};
  const auto half = make_plan(shop(settings), facts, deploy());
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().what,
            "service web sets timeouts.response under edge, which cards cannot do");
}

TEST(PlanEdgeSettings, AGroupOrEverythingCoversItsKeys) {
  const auto settings = with_edge(kTimes);
  auto facts = facts_with_live(settings);
  for (const char* able : {"timeouts", "*"}) {
    facts.capabilities.edge_settings = {able};
    EXPECT_TRUE(make_plan(shop(settings), facts, deploy())) << able;
  }
}

TEST(PlanEdgeSettings, ARollbackIsHeldToTheSame) {
  auto facts = facts_with_live(shop_settings(config::Strategy::BlueGreen));
  facts.previous = kept(with_edge(kTimes), "r-0040", "v0");
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  EXPECT_FALSE(make_plan(shop(settings), facts, roll_back()));
  facts.capabilities.edge_settings = {"*"};
  EXPECT_TRUE(make_plan(shop(settings), facts, roll_back()));
}

TEST(PlanEdgeSettings, AChangeIsNotedAndChangesTheHash) {
  auto facts = facts_with_live(with_edge(kTimes));
  facts.capabilities.edge_settings = {"*"};
  const auto same = make_plan(shop(with_edge(kTimes)), facts, deploy());
  const auto other = make_plan(
      shop(with_edge(R"({"timeouts":{"connect_ms":1000},"max_pause_ms":5})")), facts, deploy());
  ASSERT_TRUE(same);
  ASSERT_TRUE(other);
  EXPECT_NE(same->hash, other->hash);
  const auto noted = [](const Plan& plan) {
    for (const auto& note : plan.notes) {
      if (note.starts_with("how web is reached")) return note;
    }
    return std::string();
  };
  EXPECT_EQ(noted(*same), "");
  EXPECT_EQ(noted(*other),
            "how web is reached changes with its first share of the traffic: edge.timeouts, "
            "edge.max_pause");
}

}  // namespace
}  // namespace slipway::plan

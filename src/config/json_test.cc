#include "base/json.h"

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

TEST(StoredEnvironment, ComesBackAsItWas) {
  const auto result = load_text(read_file(source_tree() / "docs/reference/full-example.yaml"));
  ASSERT_TRUE(result.config) << all_text(result);
  for (const auto& [name, environment] : result.config->environments) {
    const auto text = to_json(environment).dump();
    const auto json = Json::parse(text);
    ASSERT_TRUE(json);
    const auto back = environment_from_json(*json);
    ASSERT_TRUE(back) << back.error().sentence();
    EXPECT_EQ(to_json(*back).dump(), text) << name;
    EXPECT_EQ(fingerprint(*back), fingerprint(environment));
  }
}

// The round trip above compares what is written; this looks at what is read.
TEST(StoredEnvironment, KeepsTheMeaningOfEachKind) {
  const auto result = load_text(read_file(source_tree() / "docs/reference/full-example.yaml"));
  ASSERT_TRUE(result.config);
  const auto& before = result.config->environments.at("production");
  const auto after = environment_from_json(to_json(before));
  ASSERT_TRUE(after);
  ASSERT_EQ(after->services.size(), before.services.size());
  for (std::size_t i = 0; i < before.services.size(); ++i) {
    EXPECT_EQ(after->services[i].name, before.services[i].name);
    EXPECT_EQ(after->services[i].health, before.services[i].health);
    EXPECT_EQ(after->services[i].stop, before.services[i].stop);
    EXPECT_EQ(after->services[i].limits, before.services[i].limits);
    EXPECT_EQ(after->services[i].route, before.services[i].route);
    EXPECT_EQ(after->services[i].env, before.services[i].env);
    EXPECT_EQ(after->services[i].drain, before.services[i].drain);
    EXPECT_EQ(after->services[i].listens, before.services[i].listens);
  }
  EXPECT_EQ(after->secrets, before.secrets);
  EXPECT_EQ(after->rollout.steps, before.rollout.steps);
  EXPECT_EQ(after->rollout.judge.least_requests, 500);
  EXPECT_DOUBLE_EQ(after->rollout.judge.false_alarm, 0.01);
  EXPECT_DOUBLE_EQ(after->rollout.judge.missed, 1);
  EXPECT_EQ(after->rollout.judge.guard, BurstGuard::On);
  EXPECT_EQ(after->rollout.judge.warmup, Millis(120'000));
  EXPECT_FALSE(after->rollout.judge.quarantine);
  EXPECT_EQ(after->rollout.judge.low_traffic, LowTraffic::Promote);
  EXPECT_EQ(after->rollout.judge.baseline, Baseline::Fresh);
  EXPECT_EQ(after->rollout.judge.routes, (std::vector<std::string>{"/api/checkout", "/login"}));
  ASSERT_EQ(after->roll_back_when.size(), 4u);
  EXPECT_TRUE(after->roll_back_when[2].relative_to_baseline);
  EXPECT_DOUBLE_EQ(after->roll_back_when[2].limit, 2);
  EXPECT_EQ(after->on_conflict, OnConflict::Supersede);
  EXPECT_EQ(after->watch, before.watch);
}

TEST(StoredEnvironment, OfAnOlderSlipwayReadsWithDefaults) {
  const auto json = Json::parse(
      R"({"name": "p", "services": [{"name": "web", "run": "x"}], "rollout": {"strategy": "rolling"}})");
  ASSERT_TRUE(json);
  const auto environment = environment_from_json(*json);
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->services[0].instances, 1);
  EXPECT_EQ(environment->services[0].drain, Millis(30'000));
  EXPECT_EQ(environment->services[0].stop, Stop{});
  EXPECT_EQ(environment->rollout.strategy, Strategy::Rolling);
  EXPECT_DOUBLE_EQ(environment->rollout.judge.false_alarm, 0.1);
  EXPECT_EQ(environment->rollout.judge.low_traffic, LowTraffic::Hold);
  EXPECT_TRUE(environment->rollout.judge.quarantine);
  EXPECT_EQ(environment->rollout.judge.baseline, Baseline::Old);
  EXPECT_EQ(environment->platform, "process");
}

TEST(StoredEnvironment, ThatIsNoneIsAnErrorWithTheNextStep) {
  for (const auto* text :
       {"null", "[]", "{}", R"({"name": "p"})",
        R"({"name": "p", "rollout": {"strategy": "magic"}})",
        R"({"name": "p", "rollout": {"strategy": "canary"}, "roll_back_when": ["cpu > 1"]})",
        R"({"name": "p", "rollout": {"strategy": "canary"}, "roll_back_when": [7]})"}) {
    const auto environment = environment_from_json(*Json::parse(text));
    ASSERT_FALSE(environment) << text;
    EXPECT_EQ(environment.error().code, Code::Malformed);
    EXPECT_FALSE(environment.error().next.empty());
  }
}

TEST(Fingerprint, ChangesWithWhatRunsAndNotWithWhatIsOnlyShown) {
  const auto base = environment_of("app: a\nservices: { web: { run: x } }\n");
  EXPECT_EQ(fingerprint(base).size(), 64u);
  auto shown = base;
  shown.url = "https://b.example";
  shown.branch = "main";
  EXPECT_EQ(fingerprint(shown), fingerprint(base));
  auto changed = base;
  changed.services[0].env["A"] = "1";
  EXPECT_NE(fingerprint(changed), fingerprint(base));
  auto slower = base;
  slower.watch = Millis(1);
  EXPECT_NE(fingerprint(slower), fingerprint(base));
}

TEST(StoredEnvironment, HoldsReferencesToSecretsOnly) {
  const auto environment = environment_of(
      "app: a\nservices: { web: { run: x, secrets: [K] } }\nsecrets: { K: { env: SHOP_K } }\n");
  EXPECT_EQ(to_json(environment).at("secrets").dump(), R"({"K":{"env":"SHOP_K"}})");
}

}  // namespace
}  // namespace slipway::config

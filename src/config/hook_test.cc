#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

constexpr const char* kHead = "app: shop\nservices: { web: { run: x } }\n";

TEST(Hooks, AreReadInOrderAndComeBackFromTheJournal) {
  const auto result = load_text(std::string(kHead) + R"(
hooks:
  - { at: before_shift, run: ./warm.sh, timeout: 30s, deadline: 1h }
  - { at: done, run: "echo $SLIPWAY_VERSION" }
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  ASSERT_EQ(environment.hooks.size(), 2u);
  EXPECT_EQ(environment.hooks[0],
            (Hook{"before_shift", "./warm.sh", Millis(30'000), Millis(3'600'000)}));
  EXPECT_EQ(environment.hooks[1].timeout, Millis(60'000));
  const auto again = environment_from_json(to_json(environment));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->hooks, environment.hooks);
}

TEST(Hooks, MistakesAreToldWithWhatToWrite) {
  const auto told = [](const std::string& items) {
    return all_text(load_text(kHead + std::string("hooks:\n") + items));
  };
  EXPECT_NE(told("  - { run: x }\n").find("an item of 'hooks' has no 'at'"), std::string::npos);
  EXPECT_NE(told("  - { at: done }\n").find("an item of 'hooks' has no 'run'"), std::string::npos);
  EXPECT_NE(told("  - { at: before_shfit, run: x }\n").find("before_shift"), std::string::npos);
}

}  // namespace
}  // namespace slipway::config

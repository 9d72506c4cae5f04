// Metrics: read strictly, found again from JSON, every mistake told where it stands.
#include "config/metric.h"
#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

constexpr const char* kHead = R"(app: shop
services: { web: { run: x } }
secrets: { TOKEN: { env: TOKEN } }
)";

std::string told(const std::string& items) {
  return all_text(load_text(kHead + std::string("metrics:\n") + items));
}
void has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Metrics, AreReadWithTheirDefaultsAndComeBackFromTheJournal) {
  const auto result = load_text(std::string(kHead) + R"(
metrics:
  - { name: orders, prometheus: "http://p:9090", query: up, below: 95, for: 1m, secret: TOKEN }
  - { name: carts, get: "https://x/{release}", field: a.b, above: 2x baseline, every: 30s }
  - { name: queue, run: ./queue.sh, above: -1.5, timeout: 1s, dry_run: true }
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  ASSERT_EQ(environment.metrics.size(), 3u);
  const Metric& orders = environment.metrics[0];
  EXPECT_EQ(orders.source, Metric::Source::Prometheus);
  EXPECT_EQ(orders.at, "http://p:9090");
  EXPECT_EQ(orders.side, Metric::Side::Below);
  EXPECT_EQ(orders.bound, (MetricBound{95, false}));
  EXPECT_EQ(orders.hold, Millis(60'000));
  EXPECT_EQ(orders.every, Millis(10'000));
  EXPECT_EQ(orders.secret.env, "TOKEN");
  EXPECT_EQ(environment.metrics[1].bound, (MetricBound{2, true}));
  EXPECT_EQ(environment.metrics[1].text, "above 2x baseline");
  EXPECT_EQ(environment.metrics[2].bound, (MetricBound{-1.5, false}));
  EXPECT_TRUE(environment.metrics[2].dry_run);
  const auto again = environment_from_json(to_json(environment));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->metrics, environment.metrics);
}

TEST(Metrics, ChangeHowAReleaseRuns) {
  const auto plain = load_text(kHead);
  const auto with = load_text(std::string(kHead) + "metrics: [ { name: q, run: x, above: 1 } ]\n");
  ASSERT_TRUE(plain.config && with.config);
  EXPECT_NE(fingerprint(plain.config->environments.at("production")),
            fingerprint(with.config->environments.at("production")));
}

TEST(Metrics, MistakesAreToldWithWhatToWrite) {
  has(told("  - { run: x, above: 1 }\n"), "an item of 'metrics' has no 'name'");
  has(told("  - { name: a, above: 1 }\n"), "metric 'a' has none of prometheus, get, run");
  has(told("  - { name: a, run: x, get: \"http://x\", above: 1 }\n"),
      "metric 'a' has both 'get' and 'run'");
  has(told("  - { name: a, run: x }\n"), "metric 'a' has none of below, above");
  has(told("  - { name: a, run: x, below: 1, above: 2 }\n"), "has both 'below' and 'above'");
  has(told("  - { name: a, run: x, below: 95% }\n"), "write '95'");
  has(told("  - { name: a, run: \"x {release}\", above: 2x }\n"), "write '2x baseline'");
  has(told("  - { name: a, run: x, above: much }\n"), "for example 95");
  has(told("  - { name: a, prometheus: \"http://p\", above: 1 }\n"), "has no 'query'");
  has(told("  - { name: a, run: x, query: up, above: 1 }\n"), "'query' works with 'prometheus'");
  has(told("  - { name: a, get: ftp://x, above: 1 }\n"), "begins with https:// or http://");
  has(told("  - { name: a, run: x, above: 1 }\n  - { name: a, run: y, above: 1 }\n"),
      "two metrics are called 'a'");
  has(told("  - { name: a, get: \"http://x\", secret: TOKN, above: 1 }\n"),
      "did you mean 'TOKEN'?");
  has(told("  - { name: a, run: x, secret: TOKEN, above: 1 }\n"), "'secret' works with");
  has(told("  - { name: a, run: x, above: 2x baseline }\n"), "asks the same of both releases");
  has(told("  - { name: a, run: x, above: 1, every: 1ms }\n"), "every");
}

}  // namespace
}  // namespace slipway::config

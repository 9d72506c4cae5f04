#include "alerts/alerts.h"

#include <gtest/gtest.h>

namespace slipway::alerts {
namespace {

config::AlertRule rule(const std::string& when, Millis hold, const std::string& severity) {
  config::AlertRule out;
  out.name = when;
  out.when = when;
  out.condition = config::parse_condition(when).value();
  out.hold = hold;
  out.severity = severity;
  return out;
}

// Rules under a clock of their own; what is told is taken as told at once.
struct Bench {
  explicit Bench(std::vector<config::AlertRule> the_rules)
      : rules(std::move(the_rules)), memories(rules.size()) {}
  std::string at(std::int64_t s, const Reading& reading) {
    std::string out;
    for (const auto& change : advance(rules, reading, s * 1'000 + 1, memories)) {
      auto& memory = memories[change.rule];
      if (change.fires) memory.told = true;
      if (!change.fires) memory = {};
      out += (out.empty() ? "" : "; ") + rules[change.rule].name +
             (change.fires ? " fires: " + change.words : " is over");
    }
    return out;
  }
  std::vector<config::AlertRule> rules;
  std::vector<Memory> memories;
};

Reading errors(double percent) {
  Reading out;
  out.has_traffic = true;
  out.error_rate_percent = percent;
  out.is_probed = true;
  out.healthy = 2;
  return out;
}

Reading instances(int healthy, int unhealthy) {
  Reading out;
  out.is_probed = true;
  out.healthy = healthy;
  out.unhealthy = unhealthy;
  return out;
}

TEST(Alerts, FireWhenTheirConditionHasHeldForTheirTimeAndOnlyOnce) {
  Bench bench({rule("error_rate > 1%", Millis(300'000), "warning")});
  EXPECT_EQ(bench.at(0, errors(2.4)), "");
  EXPECT_EQ(bench.at(299, errors(2.4)), "");
  EXPECT_EQ(bench.at(300, errors(2.4)), "error_rate > 1% fires: error rate 2.4%");
  EXPECT_EQ(bench.at(301, errors(2.4)), "");
}

TEST(Alerts, StartAnewWhenTheirConditionDidNotHoldInBetween) {
  Bench bench({rule("error_rate > 1%", Millis(300'000), "warning")});
  bench.at(0, errors(2));
  bench.at(200, errors(1));  // not above the limit
  EXPECT_EQ(bench.at(310, errors(2)), "");
  EXPECT_EQ(bench.at(609, errors(2)), "");
  EXPECT_NE(bench.at(610, errors(2)), "");
}

TEST(Alerts, FireAtOnceWithoutATime) {
  Bench bench({rule("down", Millis(0), "critical")});
  EXPECT_EQ(bench.at(0, instances(0, 2)), "down fires: no instance answers its probe");
}

TEST(Alerts, AreOverWhenTheirConditionHasNotHeldForAWhile) {
  Bench bench({rule("error_rate > 1%", Millis(300'000), "warning")});
  bench.at(0, errors(2));
  bench.at(300, errors(2));
  EXPECT_EQ(bench.at(301, errors(0)), "");
  EXPECT_EQ(bench.at(340, errors(2)), "") << "back again: it never was over";
  EXPECT_EQ(bench.at(350, errors(0)), "");
  EXPECT_EQ(bench.at(409, errors(0)), "");
  EXPECT_EQ(bench.at(410, errors(0)), "error_rate > 1% is over");
  EXPECT_EQ(bench.at(411, errors(0)), "");
  EXPECT_EQ(bench.memories[0], Memory());
}

TEST(Alerts, SayNothingOfRatesWithoutTraffic) {
  Bench bench({rule("error_rate > 1%", Millis(0), "warning"),
               rule("latency_p95 > 100ms", Millis(0), "warning")});
  Reading reading;
  reading.error_rate_percent = 100;
  EXPECT_EQ(bench.at(0, reading), "");
  reading.has_traffic = true;
  EXPECT_EQ(bench.at(1, reading), "error_rate > 1% fires: error rate 100%");
}

TEST(Alerts, AskForTheQuantileOfTheRule) {
  Bench bench({rule("latency_p99 > 500ms", Millis(0), "warning")});
  Reading reading;
  reading.has_traffic = true;
  reading.latency_ms = [](double quantile) { return quantile > 0.98 ? 730.0 : 20.0; };
  EXPECT_EQ(bench.at(0, reading), "latency_p99 > 500ms fires: latency 730 ms");
}

TEST(Alerts, OneInstanceThatFailsIsNotDown) {
  Bench bench({rule("down", Millis(0), "critical"), rule("health failing", Millis(0), "warning")});
  EXPECT_EQ(bench.at(0, instances(2, 1)),
            "health failing fires: 1 of 3 instances fail their probe");
  EXPECT_EQ(bench.at(1, instances(0, 0)), "down fires: no instance answers its probe")
      << "gone altogether";
}

TEST(Alerts, NothingIsDownThatNobodyProbes) {
  Bench bench({rule("down", Millis(0), "critical")});
  EXPECT_EQ(bench.at(0, Reading()), "");
}

TEST(Alerts, AWarningIsHeldBackWhileItsCriticalOneFires) {
  Bench bench({rule("error_rate > 1%", Millis(10'000), "warning"),
               rule("error_rate > 5%", Millis(10'000), "critical")});
  bench.at(0, errors(9));
  EXPECT_EQ(bench.at(10, errors(9)), "error_rate > 5% fires: error rate 9%");
  EXPECT_EQ(bench.at(20, errors(3)), "");
  EXPECT_EQ(bench.at(30, errors(3)), "error_rate > 5% is over");
  EXPECT_EQ(bench.at(31, errors(3)), "error_rate > 1% fires: error rate 3%") << "it still holds";
}

TEST(Alerts, WhatWasHeldBackToItsEndIsNeverHeardOf) {
  Bench bench({rule("error_rate > 1%", Millis(0), "warning"), rule("down", Millis(0), "critical")});
  Reading both = errors(50);
  both.healthy = 0;
  EXPECT_EQ(bench.at(0, both), "down fires: no instance answers its probe");
  EXPECT_EQ(bench.at(1, errors(0)), "");
  EXPECT_EQ(bench.at(11, errors(0)), "down is over");
  EXPECT_EQ(bench.at(12, errors(0)), "");
  EXPECT_EQ(bench.memories[0], Memory());
}

TEST(Alerts, ComeBackUntilTheyAreTold) {
  std::vector<config::AlertRule> rules{rule("down", Millis(0), "critical")};
  std::vector<Memory> memories(1);
  EXPECT_EQ(advance(rules, instances(0, 1), 1'000, memories).size(), 1u);
  EXPECT_EQ(advance(rules, instances(0, 1), 2'000, memories).size(), 1u) << "not yet told";
  EXPECT_EQ(memories[0].fired_ms, 1'000) << "its name stays the same";
}

Reading of_database(const std::string& measure, double value) {
  Reading out;
  out.database[measure] = value;
  return out;
}

TEST(Alerts, ADatabasesMeasureHasALimitInItsOwnUnit) {
  Bench bench({rule("db_longest_transaction > 5m", Millis(10'000), "warning")});
  EXPECT_EQ(bench.at(0, of_database("db_longest_transaction", 301)), "");
  EXPECT_EQ(bench.at(10, of_database("db_longest_transaction", 311)),
            "db_longest_transaction > 5m fires: db_longest_transaction 5m11s");
  EXPECT_EQ(bench.at(20, of_database("db_longest_transaction", 300)), "");
  EXPECT_NE(bench.at(60, of_database("db_longest_transaction", 1)), "");
}

TEST(Alerts, WhatIsNotKnownOfADatabaseFiresNothing) {
  Bench bench({rule("db_deadlocks > 0", Millis(0), "warning")});
  EXPECT_EQ(bench.at(0, Reading()), "");
  EXPECT_EQ(bench.at(1, of_database("db_connections", 100)), "");
}

TEST(Alerts, ADatabaseThatIsDownSilencesItsMeasuresAndNothingElse) {
  Bench bench({rule("db down", Millis(0), "critical"),
               rule("db_connections > 80%", Millis(0), "warning"),
               rule("down", Millis(0), "critical")});
  Reading reading = of_database("db_connections", 90);
  reading.database_trouble = "nobody answers";
  reading.is_probed = true;
  EXPECT_EQ(
      bench.at(0, reading),
      "db down fires: the database: nobody answers; down fires: no instance answers its probe");
}

TEST(Alerts, AWarningOfOneMeasureIsNotHeldBackByAnother) {
  Bench bench({rule("db_connections > 80%", Millis(0), "critical"),
               rule("db_lock_wait > 1s", Millis(0), "warning"),
               rule("db_connections > 60%", Millis(0), "warning")});
  Reading reading = of_database("db_connections", 90);
  reading.database["db_lock_wait"] = 5;
  EXPECT_EQ(
      bench.at(0, reading),
      "db_connections > 80% fires: db_connections 90%; db_lock_wait > 1s fires: db_lock_wait 5s");
}

}  // namespace
}  // namespace slipway::alerts

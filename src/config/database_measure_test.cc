#include "config/database_measure.h"

#include <gtest/gtest.h>

#include "config/alert.h"
#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

TEST(DatabaseMeasures, AreConditionsWithALimitInTheirOwnUnit) {
  const auto share = parse_condition("db_connections > 80%");
  ASSERT_TRUE(share);
  EXPECT_EQ(share->signal, AlertCondition::Signal::Database);
  EXPECT_EQ(share->measure, "db_connections");
  EXPECT_EQ(share->limit, 80);
  EXPECT_EQ(parse_condition("db_longest_transaction > 5m")->limit, 300);
  EXPECT_EQ(parse_condition("db_size > 10GiB")->limit, 10.0 * (1ULL << 30));
  EXPECT_EQ(parse_condition("db_deadlocks > 0")->limit, 0);
  EXPECT_EQ(parse_condition("db down")->signal, AlertCondition::Signal::DatabaseDown);
  for (const auto* text :
       {"db_connections > 80", "db_connections < 5%", "db_size", "db_deadlocks > -1",
        "db_lock_wait > 10%", "db_x > 1s", "db", "db_connections"})
    EXPECT_FALSE(parse_condition(text)) << text;
}

TEST(DatabaseMeasures, AMisspeltOneIsAnsweredWithTheNearest) {
  const auto text = all_text(load_text(
      "app: shop\nservices: { web: { run: x } }\nalerts: [ { when: db_conections > 80% } ]\n"));
  EXPECT_NE(text.find("did you mean 'db_connections'?"), std::string::npos) << text;
  const auto unit = all_text(load_text(
      "app: shop\nservices: { web: { run: x } }\nalerts: [ { when: db_lock_wait > 80% } ]\n"));
  EXPECT_NE(unit.find("write 'db_lock_wait > 5m'"), std::string::npos) << unit;
}

TEST(DatabaseMeasures, AreShownInTheirUnit) {
  EXPECT_EQ(measure_text(*database_measure("db_connections"), 87.53), "87.5%");
  EXPECT_EQ(measure_text(*database_measure("db_lock_wait"), 90.4), "1m30s");
  EXPECT_EQ(measure_text(*database_measure("db_lock_wait"), 2.34), "2s300ms");
  EXPECT_EQ(measure_text(*database_measure("db_size"), 1536.0 * 1024 * 1024), "1536MiB");
  EXPECT_EQ(measure_text(*database_measure("db_deadlocks"), 3), "3");
  EXPECT_EQ(database_measure("db_nothing"), nullptr);
}

TEST(DatabaseMeasures, ThePoolIsReadForAllAndForEach) {
  const auto result = load_text(R"(app: shop
services: { web: { run: x, pool: 4 }, worker: { run: y, port: none } }
secrets: { DB: { env: DB } }
database: { url: "${secret.DB}", pool: 10, app_role: shop }
)");
  ASSERT_TRUE(result.config) << all_text(result);
  const auto& environment = result.config->environments.at("production");
  EXPECT_EQ(environment.database.pool, 10);
  EXPECT_EQ(environment.database.app_role, "shop");
  EXPECT_EQ(environment.service("web")->pool, 4);
  EXPECT_EQ(environment.service("worker")->pool, -1);
  EXPECT_EQ(database_from_json(to_json(environment.database)), environment.database);
}

}  // namespace
}  // namespace slipway::config

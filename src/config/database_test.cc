#include "config/database.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

constexpr std::string_view kHead = "app: shop\nservices: { web: { run: x } }\n";

Environment production(const std::string& rest) {
  const auto loaded = load_text(std::string(kHead) + rest);
  EXPECT_TRUE(loaded.config) << mistakes_of(std::string(kHead) + rest);
  return loaded.config ? loaded.config->environments.at("production") : Environment();
}

constexpr const char* kWhole = R"(secrets: { DATABASE_URL: { env: DATABASE_URL } }
database:
  url: ${secret.DATABASE_URL}
  migrations: { tool: prisma, path: prisma/migrations, lock_timeout: 50ms, contract: manual, safety_point: require,
                rehearse_on: backup }
  backup:
    repository: /var/backups/slipway
    passphrase: ${secret.DATABASE_URL}
    keep: 14d
    full: 7d
environments:
  production: {}
  staging: { database: { copy_of: production, anonymise: deploy/anonymise.yaml } }
)";

TEST(Database, ComesFromASecret) {
  const auto database = production(kWhole).database;
  EXPECT_TRUE(database.is_set());
  EXPECT_EQ(database.secret.env, "DATABASE_URL");
  EXPECT_EQ(database.url, "");
  EXPECT_TRUE(database.migrations.in_release);
  EXPECT_EQ(database.migrations.tool, "prisma");
  EXPECT_EQ(database.migrations.lock_timeout, Millis(50));
  EXPECT_EQ(database.migrations.wait, Millis(600'000));
  EXPECT_EQ(database.migrations.contract, ContractTime::Manual);
  EXPECT_EQ(database.migrations.rehearse_on, "backup");
}

TEST(Database, HasBackupsWhenItsSectionIsThere) {
  const auto database = production(kWhole).database;
  EXPECT_TRUE(database.backup.is_set);
  EXPECT_EQ(database.backup.repository, "/var/backups/slipway");
  EXPECT_EQ(database.backup.passphrase.env, "DATABASE_URL");
  EXPECT_EQ(database.backup.keep, std::chrono::hours(14 * 24));
  EXPECT_EQ(database.backup.full, std::chrono::hours(7 * 24));
  EXPECT_EQ(database.backup.incremental, std::chrono::hours(1));
  EXPECT_EQ(database.backup.keep_full, 0);
  EXPECT_EQ(database.migrations.safety_point, "require");
  EXPECT_FALSE(production("database: { url: \"postgresql://db/shop\" }\n"
                          "environments: { production: {} }\n")
                   .database.backup.is_set);
}

TEST(Database, ARehearsalOnABackupNeedsBackups) {
  const std::string text = std::string(kHead) +
                           "database: { url: \"postgresql://db/s\", migrations: { rehearse_on: "
                           "backup } }\nenvironments: { production: {} }\n";
  EXPECT_EQ(mistakes_of(text),
            "3:66 there is no backup to rehearse on | add database.backup, or use rehearse_on: "
            "schema");
}

TEST(Database, MistakesInItsBackupsAreTold) {
  const auto told = [](const std::string& backup) {
    return mistakes_of(std::string(kHead) + "database: { url: \"postgresql://db/s\", backup: " +
                       backup + " }\nenvironments: { production: {} }\n");
  };
  EXPECT_EQ(told("{ tool: auto }"),
            "3:39 backups have no place | add repository: /var/backups/slipway, or s3");
  EXPECT_EQ(told("{ repository: /b, passphrase: hidden }"),
            "3:77 'database.backup.passphrase' is not a secret such as "
            "${secret.BACKUP_PASSPHRASE} | for example ${secret.BACKUP_PASSPHRASE}");
  EXPECT_EQ(told("{ repository: /b, tool: pg_dump, passphrase: \"${secret.P}\" }"),
            "3:80 pg_dump has no 'passphrase' | use tool: pgbackrest, or take it away\n"
            "3:92 unknown secret 'P' | add secrets: { P: { env: P } }");
}

TEST(Database, AnEnvironmentIsACopyOfAnother) {
  const auto loaded = load_text(std::string(kHead) + kWhole);
  ASSERT_TRUE(loaded.config);
  const auto& staging = loaded.config->environments.at("staging").database;
  EXPECT_EQ(staging.copy_of, "production");
  EXPECT_EQ(staging.anonymise, "deploy/anonymise.yaml");
  EXPECT_EQ(staging.migrations.tool, "prisma");
}

TEST(Database, MigrationsAreRunByHandWithoutTheirSectionOrWhenItSaysSo) {
  const std::string url = "database: { url: \"postgresql://db/shop\"";
  const std::string rest = " }\nenvironments: { production: {} }\n";
  EXPECT_FALSE(production(url + rest).database.migrations.in_release);
  EXPECT_TRUE(production(url + ", migrations: {}" + rest).database.migrations.in_release);
  EXPECT_FALSE(
      production(url + ", migrations: { when: manual }" + rest).database.migrations.in_release);
}

TEST(Database, IsNotSetWithoutItsSection) {
  EXPECT_FALSE(production("environments: { production: {} }\n").database.is_set());
}

TEST(Database, KeepsItselfInJson) {
  const auto database = production(kWhole).database;
  EXPECT_EQ(database_from_json(to_json(database)), database);
  EXPECT_EQ(database_from_json(Json::object()), DatabaseSettings());
}

TEST(Database, ItsMistakesAreToldAtTheirPlaces) {
  const auto told = [](const std::string& rest) {
    return mistakes_of(std::string(kHead) + rest + "\nenvironments: { production: {} }\n");
  };
  EXPECT_EQ(told("database: { migrations: { tool: sql } }"),
            "3:1 the database has no 'url' | add url: ${secret.DATABASE_URL}, and the secret under "
            "'secrets'");
  EXPECT_EQ(told("database: { url: \"${secret.DB}\" }"),
            "3:18 unknown secret 'DB' | add secrets: { DB: { env: DB } }");
  EXPECT_EQ(told("database: { url: \"postgresql://app:hidden@db/shop\" }"),
            "3:18 'database.url' holds a password | put the whole URL into a secret and write "
            "'${secret.DATABASE_URL}'");
  EXPECT_EQ(
      told("database: { url: mysql://db/shop }"),
      "3:18 'database.url' is not a secret such as ${secret.DATABASE_URL}, or postgresql://… | "
      "for example ${secret.DATABASE_URL}");
}

TEST(Database, ACopyOfItselfIsRefused) {
  EXPECT_EQ(
      mistakes_of(std::string(kHead) +
                  "environments: { staging: { database: { url: \"postgresql://db/s\", "
                  "copy_of: staging } } }\n"),
      "3:75 an environment's database cannot be a copy of itself | name the environment it is "
      "copied from");
}

}  // namespace
}  // namespace slipway::config

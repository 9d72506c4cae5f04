// What a plan says of the way back of the database.
#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {

config::Environment settings_with(const std::string& tool) {
  auto out = shop_settings(config::Strategy::BlueGreen);
  out.database.url = "postgresql://shop@db/shop";
  out.database.backup.is_set = true;
  out.database.backup.tool = tool;
  out.database.backup.repository = "/var/backups/slipway";
  return out;
}

Plan planned(const config::Environment& settings) {
  const auto plan = make_plan(shop(settings), facts_with_live(settings), deploy());
  EXPECT_TRUE(plan) << plan.error().sentence();
  return plan ? *plan : Plan();
}

bool says(const Plan& plan, const std::string& line) {
  return in_words(plan).find("note: " + line + "\n") != std::string::npos;
}

TEST(Recovery, OfDumpsIsTheIntervalBetweenThem) {
  auto settings = settings_with("pg_dump");
  settings.database.backup.full = Millis(6 * 3'600'000);
  settings.database.backup.incremental = Millis(24 * 3'600'000);
  const auto plan = planned(settings);
  EXPECT_TRUE(says(plan,
                   "the database: no point-in-time recovery; what may be lost is the interval "
                   "between dumps: 6h"))
      << in_words(plan);
  EXPECT_EQ(to_json(plan).at("recovery").dump(),
            R"({"point_in_time":false,"interval_ms":21600000})");
}

TEST(Recovery, ByPgBackRestIsEveryMomentButTheRpo) {
  const auto plan = planned(settings_with("pgbackrest"));
  EXPECT_TRUE(says(plan,
                   "the database: point-in-time recovery by pgBackRest, what may be lost is 5m "
                   "(RPO)"))
      << in_words(plan);
  EXPECT_EQ(to_json(plan).at("recovery").dump(), R"({"point_in_time":true,"rpo_ms":300000})");
}

TEST(Recovery, WhereTheMachineDecidesBothAreSaid) {
  const auto plan = planned(settings_with("auto"));
  EXPECT_TRUE(says(plan,
                   "the database: point-in-time recovery by pgBackRest, what may be lost is 5m "
                   "(RPO); where slipway does not reach the server's files, no point-in-time "
                   "recovery; what may be lost is the interval between dumps: 1h"))
      << in_words(plan);
  EXPECT_TRUE(to_json(plan).at("recovery").at("point_in_time").is_null());
}

TEST(Recovery, IsNotSpokenOfWithoutBackups) {
  auto settings = settings_with("auto");
  settings.database.backup.is_set = false;
  const auto plan = planned(settings);
  EXPECT_EQ(in_words(plan).find("recovery"), std::string::npos);
  EXPECT_TRUE(to_json(plan).at("recovery").is_null());
}

TEST(Recovery, ARehearsalOnTheBackupIsAnnounced) {
  auto settings = settings_with("pgbackrest");
  settings.database.migrations.in_release = true;
  const auto words = [&] { return in_words(planned(settings)); };
  EXPECT_NE(words().find("on a scratch server, beside the release that runs\n"), std::string::npos);
  settings.database.migrations.rehearse_on = "backup";
  EXPECT_NE(words().find("rehearse what is pending on the newest backup, restored on a scratch "
                         "server\n"),
            std::string::npos)
      << words();
}

TEST(Recovery, SurvivesTheJournalWithItsHash) {
  for (const char* tool : {"auto", "pgbackrest", "pg_dump"}) {
    const auto plan = planned(settings_with(tool));
    const auto again = plan_from_json(to_json(plan));
    ASSERT_TRUE(again);
    EXPECT_EQ(hash_of(*again), plan.hash) << tool;
    EXPECT_EQ(to_json(*again).dump(), to_json(plan).dump()) << tool;
  }
}

}  // namespace
}  // namespace slipway::plan

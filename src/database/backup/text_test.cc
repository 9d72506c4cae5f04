// What is decided from texts and values alone.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "database/backup/keep.h"
#include "database/backup/moment.h"
#include "database/backup/pgbackrest_text.h"
#include "database/backup/points.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {

constexpr const char* kListing = R"([{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1",
"max":"000000010000000000000004","min":"000000010000000000000001"}],"backup":[
{"annotation":{"release":"r-0042","superuser":"postgres"},"database":{"id":1},"error":false,
 "info":{"size":23582298,"repository":{"delta":2874448}},"label":"20261122-014451F",
 "lsn":{"start":"0/2000028","stop":"0/2000100"},"prior":null,
 "timestamp":{"start":1795311891,"stop":1795311892},"type":"full"},
{"error":true,"info":{"size":23967322,"repository":{"delta":93024}},
 "label":"20261122-014451F_20261122-014453I","lsn":{"start":"0/4000028","stop":"0/4000100"},
 "prior":"20261122-014451F","timestamp":{"start":1795311893,"stop":1795311895},"type":"incr"}],
"db":[{"id":1,"system-id":7710805849590321433,"version":"15"}],"name":"shop-production",
"status":{"code":0,"message":"ok"}}])";

TEST(WhatPgBackRestLists, IsReadAsPgBackRestWritesIt) {
  const auto listing = read_listing(kListing, "production").value();
  ASSERT_EQ(listing.entries.size(), 2U);
  EXPECT_TRUE(listing.has_stanza);
  EXPECT_EQ(listing.archived, "000000010000000000000004");
  EXPECT_EQ(listing.entries[0].id, "20261122-014451F");
  EXPECT_EQ(listing.entries[0].release, "r-0042");
  EXPECT_EQ(listing.entries[0].end_lsn, "0/2000100");
  EXPECT_EQ(listing.entries[0].system_identifier, "7710805849590321433");
  EXPECT_EQ(to_unix_ms(listing.entries[0].finished), 1795311892000);
  EXPECT_EQ(listing.entries[1].kind, Kind::Incremental);
  EXPECT_EQ(listing.entries[1].based_on, "20261122-014451F");
  EXPECT_NE(listing.entries[1].damage, "");
}

TEST(WhatPgBackRestLists, OfARepositoryWithoutOurPlaceIsEmptyAndOneThatCannotBeReadIsAnError) {
  const auto none =
      read_listing(R"([{"backup":[],"db":[],"status":{"code":1,"message":"missing"}}])", "");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_stanza);
  EXPECT_FALSE(read_listing(R"([{"status":{"code":99,"message":"other"}}])", ""));
  EXPECT_FALSE(read_listing("pgbackrest: not found", ""));
}

constexpr const char* kGood = R"(stanza: shop
status: ok
  archiveId: 15-1, total WAL checked: 2, total valid WAL: 2
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261122-014524F, status: valid, total files checked: 965, total valid files: 965
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
)";

TEST(Verifying, CountsWhatWasLookedAt) {
  const auto seen = read_verification(kGood);
  EXPECT_TRUE(seen.is_good());
  EXPECT_EQ(seen.files, 967U);
}

TEST(Verifying, NamesTheFilesAlthoughPgBackRestEndsWell) {
  const auto seen = read_verification(
      "2026-11-22 01:45:27.543 P01   INFO: invalid checksum "
      "'20261122-014524F/pg_data/base/1/1255.zst'\n"
      "2026-11-22 01:45:27.543 P01   INFO: file missing "
      "'20261122-014524F/pg_data/base/5/1247.zst'\n"
      "2026-11-22 01:45:28.606 P01   INFO: invalid checksum '15-1/0000000100000000/0001-cd.zst'\n"
      "stanza: shop\nstatus: error\n");
  ASSERT_EQ(seen.findings.size(), 3U);
  EXPECT_EQ(seen.findings[0].entry, "20261122-014524F");
  EXPECT_EQ(seen.findings[0].file, "pg_data/base/1/1255.zst");
  EXPECT_EQ(seen.findings[1].what, "is missing");
  EXPECT_EQ(seen.findings[2].entry, "");
}

TEST(Verifying, AnErrorWithoutAFileIsStillOne) {
  EXPECT_FALSE(read_verification("stanza: shop\nstatus: error\n").is_good());
  EXPECT_FALSE(read_verification("P00 ERROR: [095]: cipher header missing\n").is_good());
}

TEST(Verifying, FindsAGapInTheArchive) {
  const std::string log = "0000000100000000";
  const auto wal = [&](const char* segment) { return log + segment + "-55210708b1.zst"; };
  EXPECT_TRUE(archive_gaps({wal("00000003"), wal("00000001"), wal("00000002"),
                            log + "00000002.00000028.backup"})
                  .empty());
  EXPECT_TRUE(archive_gaps({wal("000000FF"), "000000010000000100000000-cd.zst"}).empty());
  EXPECT_TRUE(archive_gaps({wal("00000007"), "000000020000000000000007-cd.zst"}).empty());
  EXPECT_EQ(archive_gaps({wal("00000001"), wal("00000004")}),
            std::vector<std::string>{"changes are missing between 000000010000000000000001 and "
                                     "000000010000000000000004"});
}

Settings some_settings() {
  Settings out;
  out.app = "shop";
  out.environment = "production";
  out.repository = "/var/backups";
  out.folder = "/etc/slipway/backup";
  return out;
}

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Configuration, KeepsByDaysOrByCount) {
  auto settings = some_settings();
  settings.keep = std::chrono::hours(36);
  EXPECT_TRUE(has(configuration(settings, nullptr), "repo1-retention-full=2"));
  EXPECT_TRUE(has(configuration(settings, nullptr), "repo1-retention-full-type=time"));
  settings.keep_full = 7;
  EXPECT_TRUE(has(configuration(settings, nullptr), "repo1-retention-full=7"));
  EXPECT_TRUE(has(configuration(settings, nullptr), "repo1-retention-full-type=count"));
}

TEST(Configuration, EncryptsOnlyWithAPassphraseAndNamesTheServerOnlyWhenItIsKnown) {
  auto settings = some_settings();
  EXPECT_EQ(configuration(settings, nullptr).find("cipher"), std::string::npos);
  EXPECT_EQ(configuration(settings, nullptr).find("pg1-"), std::string::npos);
  settings.passphrase = "correct horse";
  Server server;
  server.cluster = "/var/lib/postgresql/15/main";
  const auto text = configuration(settings, &server);
  EXPECT_TRUE(has(text, "repo1-cipher-pass=correct horse"));
  EXPECT_TRUE(has(text, "[shop-production]"));
  EXPECT_TRUE(has(text, "pg1-path=/var/lib/postgresql/15/main"));
}

TEST(Configuration, ABucketTakesTheFoldersPlace) {
  auto settings = some_settings();
  settings.bucket = {"shop-backups", "s3.example", "eu", "/p", "key", "secret"};
  const auto text = configuration(settings, nullptr);
  EXPECT_TRUE(has(text, "repo1-type=s3"));
  EXPECT_TRUE(has(text, "repo1-s3-bucket=shop-backups"));
  EXPECT_FALSE(has(text, "repo1-path=/var/backups"));
}

TEST(Configuration, TheArchiveCommandSaysWhereItIs) {
  EXPECT_EQ(archive_command(some_settings()),
            "pgbackrest --config=/etc/slipway/backup/pgbackrest.conf --stanza=shop-production "
            "archive-push %p");
}

std::vector<Entry> made_at(std::initializer_list<int> hours) {
  std::vector<Entry> out;
  for (const int hour : hours) {
    Entry entry;
    entry.id = std::to_string(hour);
    entry.finished = WallTime(std::chrono::hours(hour));
    out.push_back(entry);
  }
  return out;
}
using Ids = std::vector<std::string>;

TEST(Keeping, ByAgeLeavesTheOneThatTheOldestMomentIsRestoredFrom) {
  const KeepRule rule{std::chrono::hours(24), 0};
  const WallTime now(std::chrono::hours(100));
  EXPECT_EQ(outdated(made_at({10, 50, 70, 80, 99}), rule, now), (Ids{"50", "10"}));
  EXPECT_EQ(outdated(made_at({80, 90}), rule, now), Ids{});
  EXPECT_EQ(outdated(made_at({10}), rule, now), Ids{});
}

TEST(Keeping, ByCountLeavesSoMany) {
  const KeepRule rule{std::chrono::hours(24), 2};
  const WallTime now(std::chrono::hours(100));
  EXPECT_EQ(outdated(made_at({10, 50, 70}), rule, now), Ids{"10"});
  EXPECT_EQ(outdated(made_at({10, 50}), rule, now), Ids{});
}

TEST(Keeping, DamagedOnesDoNotCount) {
  auto entries = made_at({10, 50, 70});
  entries[2].damage = "data/toc.dat is missing";
  EXPECT_EQ(outdated(entries, {Millis(0), 2}, WallTime(std::chrono::hours(100))), Ids{});
}

TEST(Moments, AreReadAsPeopleWriteThem) {
  const auto whole = from_unix_ms(1795356300000);
  EXPECT_EQ(parse_moment("2026-11-22T14:05:00Z"), whole);
  EXPECT_EQ(parse_moment("2026-11-22 14:05"), whole);
  EXPECT_EQ(parse_moment("2026-11-22T14:05:00.25"), whole + Millis(250));
  EXPECT_EQ(parse_moment(to_iso8601(whole + Millis(7))), whole + Millis(7));
  for (const char* wrong : {"", "yesterday", "2026-02-30 10:00", "2026-11-22", "2026-11-22 25:00",
                            "2026-11-22 14:05:00+02", "2026-11-22T14:05:00Z "})
    EXPECT_FALSE(parse_moment(wrong)) << wrong;
}

TEST(Points, AreKeptAndALineThatWasCutOffIsPassedOver) {
  const auto folder = io::make_temp_dir("slipway-test-").value();
  const auto at = [](int hour) { return WallTime(std::chrono::hours(hour)); };
  ASSERT_TRUE(add_point(folder, {"early", "0/1", "a", at(1), "production", "", 1}));
  ASSERT_TRUE(add_point(folder, {"late", "0/2", "b", at(2), "production", "r-0001", 1}));
  ASSERT_TRUE(io::append_file(io::join_path(folder, "points.jsonl"), "{\"name\":\"ha"));
  auto points = read_points(folder);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[1].release, "r-0001");
  ASSERT_TRUE(forget_points(folder, at(2)));
  points = read_points(folder);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].name, "late");
  ASSERT_TRUE(io::remove_tree(folder, "/tmp"));
}

TEST(Points, HaveNamesThatPostgresqlTakes) {
  EXPECT_TRUE(check_point_name("slipway_r-0042_expand_20261122T014500"));
  EXPECT_FALSE(check_point_name(""));
  EXPECT_FALSE(check_point_name("a'; drop table orders"));
  EXPECT_FALSE(check_point_name(std::string(64, 'a')));
}

TEST(Repository, HasOneBackupAtATime) {
  const auto folder = io::make_temp_dir("slipway-test-").value();
  {
    const auto first = lock_folder(folder);
    ASSERT_TRUE(first);
    const auto second = lock_folder(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::LeaseHeld);
  }
  EXPECT_TRUE(lock_folder(folder));
  ASSERT_TRUE(io::remove_tree(folder, "/tmp"));
}

// A restore point that meets a backup.
class MeetsABackup : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = io::make_temp_dir("slipway-test-").value();
    running_ = std::make_unique<io::FileLock>(lock_folder(folder_).value());
    world_.on_progress = [this](const Progress& progress) { told_.push_back(progress); };
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }

  std::string folder_;
  io::SystemClock clock_;
  World world_{clock_, {}, {}};
  std::vector<Progress> told_;
  std::unique_ptr<io::FileLock> running_;
};

TEST_F(MeetsABackup, AndWaitsForItsEndAndSaysSo) {
  world_.on_progress = [this](const Progress& progress) {
    told_.push_back(progress);
    running_.reset();
  };
  EXPECT_TRUE(lock_folder_after_others(folder_, world_, Millis(60'000)));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].phase, "waiting");
  EXPECT_TRUE(told_[0].text.starts_with("waits for the backup that began 20")) << told_[0].text;
  EXPECT_TRUE(told_[0].text.ends_with(fmt::format("Z (process {}), 1m at most", ::getpid())))
      << told_[0].text;
}

TEST_F(MeetsABackup, AndWaitsNoLongerThanItMay) {
  const auto lock = lock_folder_after_others(folder_, world_, Millis(250));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, Code::LeaseHeld);
  EXPECT_TRUE(lock.error().what.starts_with("waited 250ms for the backup that began "))
      << lock.error().what;
  EXPECT_NE(lock.error().next.find("database.migrations.wait"), std::string::npos);
  EXPECT_EQ(told_.size(), 1U) << "it is said once";
}

TEST_F(MeetsABackup, AndDoesNotWaitWithoutPatience) {
  EXPECT_EQ(lock_folder_after_others(folder_, world_, Millis(0)).error().code, Code::LeaseHeld);
  EXPECT_TRUE(told_.empty());
}

TEST_F(MeetsABackup, AndIsInterrupted) {
  world_.interrupted = [] { return true; };
  const auto lock = lock_folder_after_others(folder_, world_, Millis(60'000));
  EXPECT_EQ(lock.error().code, Code::Aborted);
}

TEST(Catalogue, KeepsItselfInJsonAndPassesOverDamage) {
  Catalogue catalogue;
  catalogue.entries = made_at({1, 2});
  catalogue.entries[1].damage = "gone";
  EXPECT_EQ(catalogue.newest()->id, "1");
  EXPECT_EQ(catalogue.find("2")->damage, "gone");
  EXPECT_EQ(catalogue.find("3"), nullptr);
  const auto again = entry_from_json(to_json(catalogue.entries[1]));
  EXPECT_EQ(to_json(again), to_json(catalogue.entries[1]));
}

}  // namespace
}  // namespace slipway::database::backup

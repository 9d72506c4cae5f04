// What only a store on a disk can go through: kills, full disks, damage, other versions, tampering.
#include "store/sqlite_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

#include "store/memory_store.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/test_folder.h"

namespace slipway::store {
namespace {
const ports::AppRef kApp{"shop", "production"};

std::unique_ptr<ports::Store> opened(const std::string& path) {
  auto store = open_store(path);
  EXPECT_TRUE(store) << store.error().sentence();
  return store ? std::move(store).value() : nullptr;
}

std::string new_release(ports::Store& store) {
  ports::ReleaseRow row;
  row.app = kApp;
  row.version = "v1";
  auto made = store.create_release(row);
  return made ? made->id : "";
}

ports::Record record_of(const std::string& release, const std::string& event,
                        std::size_t state_bytes = 10) {
  ports::Record record;
  record.release = release;
  record.event = event;
  record.state = std::string(state_bytes, 's');
  return record;
}

// A closed store with one release and `count` records.
std::string filled(const std::string& path, int count, std::size_t state_bytes = 10) {
  auto store = opened(path);
  const auto release = new_release(*store);
  const auto lease = store->take_lease(kApp, "daemon 1", release);
  for (int i = 1; i <= count; ++i) {
    EXPECT_TRUE(
        store->append(*lease, record_of(release, "event " + std::to_string(i), state_bytes)));
  }
  return release;
}

void change(const std::string& path, const char* sql) {
  auto database = Database::open(path, Access::ReadWrite);
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->script(sql));
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::string& path, std::streamoff at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file << bytes;
}

int mode_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : -1;
}

TEST(SqliteStore, KeepsEverythingAcrossAReopening) {
  TestFolder folder;
  const auto release = filled(folder.file(), 3);
  const auto store = opened(folder.file());
  EXPECT_EQ(store->records(release, 0)->size(), 3U);
  EXPECT_EQ((*store->lease(kApp))->owner, "daemon 1");
  EXPECT_EQ(new_release(*store), "r-0002");
}

TEST(SqliteStore, IsReadableByItsOwnerAlone) {
  TestFolder folder;
  {
    auto store = opened(folder.file());
    new_release(*store);
    EXPECT_EQ(mode_of(folder.file()), 0600);
    EXPECT_EQ(mode_of(folder.file() + "-wal"), 0600);
  }
  ASSERT_EQ(::chmod(folder.file().c_str(), 0644), 0);
  opened(folder.file());
  EXPECT_EQ(mode_of(folder.file()), 0600) << "a store that was open to others is closed to them";
}

TEST(SqliteStore, SyncsEveryCommitToTheDisk) {
  TestFolder folder;
  auto database = Database::open(folder.file(), Access::ReadWrite);
  ASSERT_TRUE(database);
  ASSERT_TRUE(bring_up_to_date(**database));
  EXPECT_EQ(*(*database)->number("PRAGMA synchronous"), 2) << "FULL";
  EXPECT_EQ(*(*database)->number("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(
      *(*database)->number("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
      1);
}

TEST(SqliteStore, BringsTheNoticesOfTheFirstVersionIntoTheOutboxAsHistory) {
  TestFolder folder;
  filled(folder.file(), 1);
  change(folder.file(),
         "DROP TABLE incidents; DROP TABLE deliveries; DROP TABLE notices; INSERT INTO named_values VALUES "
         "('notice/r-0001/released', '{\"release\":\"r-0001\",\"kind\":\"released\","
         "\"text\":\"v1 is live\",\"at_ms\":77}'), ('token/x', '1'); PRAGMA user_version = 1;");
  const auto store = open_store(folder.file());
  ASSERT_TRUE(store) << store.error().sentence();
  const auto notices = (*store)->notices("r-0001");
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ((*notices)[0].key, "r-0001/released");
  EXPECT_EQ((*notices)[0].text, "v1 is live");
  EXPECT_EQ((*notices)[0].at_ms, 77);
  EXPECT_TRUE((*store)->due(1'000, 10)->empty()) << "nobody is told again";
  EXPECT_TRUE((*store)->values("notice/")->empty());
  EXPECT_EQ((*store)->values("token/")->size(), 1U);
}

TEST(SqliteStore, GivesTheSecondVersionItsIncidentsAndKeepsTheRest) {
  TestFolder folder;
  filled(folder.file(), 3);
  change(folder.file(),
         "DROP TABLE incidents; INSERT INTO notices VALUES ('r-0001/released', 'r-0001', 77, "
         "'{\"key\":\"r-0001/released\"}'); PRAGMA user_version = 2;");
  {
    const auto store = open_store(folder.file());
    ASSERT_TRUE(store) << store.error().sentence();
    EXPECT_TRUE((*store)->open_incidents()->empty());
    ports::IncidentRow row;
    row.app = {"shop", "production"};
    EXPECT_EQ((*store)->create_incident(row)->id, "i-0001");
    EXPECT_EQ((*store)->notices("r-0001")->size(), 1U);
  }
  EXPECT_EQ(verify_store(folder.file()).value_or(-1), 3);
  EXPECT_EQ((*open_store(folder.file()))->open_incidents()->size(), 1U);
}

TEST(SqliteStore, RefusesTheStoreOfANewerSlipwayAndLeavesItAlone) {
  TestFolder folder;
  filled(folder.file(), 1);
  change(folder.file(), "PRAGMA user_version = 99");
  const std::string before = bytes_of(folder.file());
  const auto store = open_store(folder.file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::StoreTooNew);
  EXPECT_NE(store.error().what.find("99"), std::string::npos);
  EXPECT_NE(store.error().next.find("newer slipway"), std::string::npos);
  EXPECT_EQ(bytes_of(folder.file()), before);
}

TEST(SqliteStore, RefusesTheDatabaseOfAnotherProgram) {
  TestFolder folder;
  change(folder.file(), "CREATE TABLE songs (name TEXT)");
  const auto store = open_store(folder.file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::AlreadyExists);
  EXPECT_NE(store.error().next.find("--state"), std::string::npos);
}

TEST(SqliteStore, SaysCorruptForAFileThatIsNoDatabase) {
  TestFolder folder;
  std::ofstream(folder.file()) << std::string(8192, 'x');
  const auto store = open_store(folder.file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::Corrupt);
  EXPECT_NE(store.error().what.find(folder.file()), std::string::npos);
  EXPECT_NE(store.error().next.find("restore the last copy"), std::string::npos);
}

TEST(SqliteStore, SaysCorruptForADamagedPage) {
  TestFolder folder;
  filled(folder.file(), 40, 2000);
  const auto size = static_cast<std::streamoff>(bytes_of(folder.file()).size());
  for (std::streamoff page = 8192; page < size; page += 8192)
    overwrite(folder.file(), page, std::string(4096, 'x'));
  const auto verified = verify_store(folder.file());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Code::Corrupt);
}

TEST(SqliteStore, SaysNotWritableForAFolderItMayNotWrite) {
  TestFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  // Root may write everywhere; the child gives that up first.
  const pid_t child = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    const auto store = open_store(folder.file());
    if (store || store.error().code != Code::NotWritable) return 3;
    return store.error().next.find("--state") == std::string::npos ? 4 : 0;
  });
  EXPECT_EQ(exit_of(child), 0);
}

TEST(SqliteStore, SaysNotWritableForAReadOnlyFile) {
  TestFolder folder;
  filled(folder.file(), 1);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder.file().c_str(), 0444), 0);
  const pid_t child = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    if (::geteuid() != 65534) return 0;  // our own file: SQLite's open makes it 0600 again, rightly
    const auto store = open_store(folder.file());
    return !store && store.error().code == Code::NotWritable ? 0 : 3;
  });
  EXPECT_EQ(exit_of(child), 0);
}

TEST(SqliteStore, SaysNotWritableForAFolderThatIsNotThere) {
  const auto store = open_store("/nonexistent-slipway/store.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::NotWritable);
  EXPECT_NE(store.error().what.find("No such file"), std::string::npos);
}

// Appends until the disk is full; then every acknowledged record must be there, and after room was
// made the store goes on. 0: as it should be.
int fill_the_disk(const std::string& path, const std::function<void()>& make_room) {
  auto opened_store = open_store(path);
  if (!opened_store) return 10;
  auto& store = **opened_store;
  const auto release = new_release(store);
  const auto lease = store.take_lease(kApp, "daemon 1", release);
  std::size_t acknowledged = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto seq = store.append(*lease, record_of(release, std::to_string(i), 4000));
    if (seq) {
      ++acknowledged;
      continue;
    }
    std::printf("disk full after %zu records: %s\n", acknowledged, seq.error().sentence().c_str());
    std::fflush(stdout);  // a child ends without flushing
    if (seq.error().code != Code::DiskFull) return 11;
    if (seq.error().next.find("free space") == std::string::npos) return 12;
    const auto kept = store.records(release, 0);
    if (!kept || kept->size() != acknowledged) return 13;
    make_room();
    if (!store.append(*lease, record_of(release, "after"))) return 14;
    return store.last_record(release)->value().event == "after" ? 0 : 15;
  }
  return 16;
}

TEST(SqliteStore, SaysDiskFullAndGoesOnWhenThereIsRoomAgain) {
  TestFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs needs root; FileSizeLimit… covers the rest";
  }
  const std::string ballast = folder.path() + "/ballast";
  std::ofstream(ballast) << std::string(200'000, 'b');
  const int result = fill_the_disk(folder.file(), [&] { std::filesystem::remove(ballast); });
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
  EXPECT_EQ(result, 0);
}

TEST(SqliteStore, FileSizeLimitIsDiskFullToo) {
  TestFolder folder;
  const pid_t child = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{512 * 1024, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 2;
    return fill_the_disk(folder.file(), [] {
      const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
      ::setrlimit(RLIMIT_FSIZE, &none);
    });
  });
  EXPECT_EQ(exit_of(child), 0);
}

// Appends for ever, telling the pipe of every record the store acknowledged.
int append_and_tell(const std::string& path, const std::string& release, const std::string& owner,
                    int pipe_fd) {
  auto store = open_store(path);
  if (!store) return 2;
  const auto lease = (*store)->take_lease(kApp, owner, release);
  if (!lease) return 3;
  for (;;) {
    const auto seq = (*store)->append(*lease, record_of(release, "event", 500));
    if (!seq) return 4;
    if (::write(pipe_fd, &*seq, sizeof(*seq)) != sizeof(*seq)) return 5;
  }
}

// Kills the child after `count` acknowledgements; the numbers of all it ever acknowledged.
std::vector<std::int64_t> acknowledged_before_kill(const std::string& path,
                                                   const std::string& release, int round,
                                                   int count) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = in_child(
      [&] { return append_and_tell(path, release, "daemon " + std::to_string(round), ends[1]); });
  ::close(ends[1]);
  std::vector<std::int64_t> acknowledged;
  std::int64_t seq = 0;
  while (::read(ends[0], &seq, sizeof(seq)) == sizeof(seq)) {
    acknowledged.push_back(seq);
    if (static_cast<int>(acknowledged.size()) == count) ::kill(child, SIGKILL);
  }
  EXPECT_EQ(exit_of(child), -SIGKILL);
  ::close(ends[0]);
  return acknowledged;
}

TEST(SqliteStore, HasEveryAcknowledgedRecordAfterKillMinusNine) {
  TestFolder folder;
  const auto release = filled(folder.file(), 1);
  std::mt19937 random(20261121);
  for (int round = 1; round <= 15; ++round) {
    const int count = static_cast<int>(random() % 40) + 1;
    const auto acknowledged = acknowledged_before_kill(folder.file(), release, round, count);
    ASSERT_GE(static_cast<int>(acknowledged.size()), count);
    const auto store = opened(folder.file());
    const auto records = store->records(release, acknowledged.front() - 1);
    ASSERT_TRUE(records);
    ASSERT_GE(records->size(), acknowledged.size()) << "round " << round;
    for (std::size_t i = 0; i < acknowledged.size(); ++i)
      EXPECT_EQ((*records)[i].seq, acknowledged[i]);
    ASSERT_TRUE(verify_store(folder.file()));
  }
}

TEST(SqliteStore, TwoProcessesFenceEachOther) {
  TestFolder folder;
  const auto release = filled(folder.file(), 1);
  auto store = opened(folder.file());
  const auto mine = store->take_lease(kApp, "daemon 1", release);
  ASSERT_TRUE(store->append(*mine, record_of(release, "mine")));
  const pid_t child = in_child([&] {
    auto other = open_store(folder.file());
    if (!other) return 2;
    const auto taken = (*other)->take_lease(kApp, "daemon 2", release);
    if (!taken || taken->epoch != mine->epoch + 1) return 3;
    return (*other)->append(*taken, record_of(release, "theirs")) ? 0 : 4;
  });
  ASSERT_EQ(exit_of(child), 0);
  const auto late = store->append(*mine, record_of(release, "late"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::Fenced);
  EXPECT_NE(late.error().what.find("daemon 2"), std::string::npos);
  EXPECT_EQ(store->last_record(release)->value().event, "theirs");
  const auto again = store->take_lease(kApp, "daemon 1", release);
  EXPECT_EQ(again->epoch, mine->epoch + 2);
  EXPECT_TRUE(store->append(*again, record_of(release, "mine again")));
}

TEST(SqliteStore, TwoProcessesAppendToOneChain) {
  TestFolder folder;
  const auto release = filled(folder.file(), 0);
  const auto append_some = [&] {
    auto store = open_store(folder.file());
    if (!store) return 2;
    const auto lease = (*store)->take_lease(kApp, "daemon 1", release);
    for (int i = 0; i < 50; ++i) {
      if (!(*store)->append(*lease, record_of(release, "event"))) return 3;
    }
    return 0;
  };
  const pid_t child = in_child(append_some);
  EXPECT_EQ(append_some(), 0);
  EXPECT_EQ(exit_of(child), 0);
  EXPECT_EQ(*verify_store(folder.file()), 100);
}

TEST(SqliteStore, VerifiesAChainThatIsAsItWasWritten) {
  TestFolder folder;
  filled(folder.file(), 5);
  const auto verified = verify_store(folder.file());
  ASSERT_TRUE(verified) << verified.error().sentence();
  EXPECT_EQ(*verified, 5);
}

TEST(SqliteStore, VerifiesWhileItIsOpenElsewhere) {
  TestFolder folder;
  const auto store = opened(folder.file());
  const auto release = new_release(*store);
  const auto lease = store->take_lease(kApp, "daemon 1", release);
  ASSERT_TRUE(store->append(*lease, record_of(release, "one")));
  EXPECT_EQ(*verify_store(folder.file()), 1);
  EXPECT_TRUE(store->append(*lease, record_of(release, "two")));
}

struct Tampering {
  const char* name;
  const char* sql;
  const char* found;
};
class SqliteStoreChain : public testing::TestWithParam<Tampering> {};

TEST_P(SqliteStoreChain, FindsARowThatIsNotAsItWasWritten) {
  TestFolder folder;
  filled(folder.file(), 5);
  change(folder.file(), GetParam().sql);
  const auto verified = verify_store(folder.file());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Code::Corrupt);
  EXPECT_NE(verified.error().what.find(GetParam().found), std::string::npos)
      << verified.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SqliteStoreChain,
    testing::Values(
        Tampering{"ChangedDetail", "UPDATE journal SET detail = 'fine' WHERE seq = 2",
                  "row 2 does not match"},
        Tampering{"ChangedTime", "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 5",
                  "row 5 does not match"},
        Tampering{"MovedBetweenFields",
                  "UPDATE journal SET step = event, event = step WHERE seq = 3",
                  "row 3 does not match"},
        Tampering{"RemovedInside", "DELETE FROM journal WHERE seq = 3", "row 3 is missing"},
        Tampering{"RemovedLast", "DELETE FROM journal WHERE seq = 5",
                  "row 5 is missing at the end"},
        Tampering{
            "Swapped",
            "UPDATE journal SET seq = 99 WHERE seq = 2; UPDATE journal SET seq = 2 WHERE seq = 4;"
            "UPDATE journal SET seq = 4 WHERE seq = 99",
            "row 2 does not match"}),
    [](const auto& tampering) { return std::string(tampering.param.name); });

TEST(SqliteErrors, AreMappedToOurCodes) {
  TestFolder folder;
  const auto database = Database::open(folder.file(), Access::ReadWrite);
  ASSERT_TRUE(database);
  const std::pair<int, Code> table[] = {
      {5, Code::Timeout},      {6, Code::Timeout},   {8, Code::NotWritable},
      {13, Code::DiskFull},    {11, Code::Corrupt},  {26, Code::Corrupt},
      {14, Code::NotWritable}, {10, Code::IoFailed}, {21, Code::Internal}};
  for (const auto& [status, code] : table) {
    const Error error = (*database)->error(status, "cannot try");
    EXPECT_EQ(error.code, code) << status;
    EXPECT_FALSE(error.next.empty());
  }
}

TEST(SqliteErrors, AMistakeInAQueryIsAnErrorAndNotACrash) {
  TestFolder folder;
  const auto database = Database::open(folder.file(), Access::ReadWrite);
  const auto asked = (*database)->query("SELECT thing FROM nowhere").bind("x").step();
  ASSERT_FALSE(asked);
  EXPECT_NE(asked.error().what.find("nowhere"), std::string::npos) << asked.error().what;
}

// Not asserted: disks differ. Printed for comparison between machines and versions.
TEST(StoreLatency, OfOneAppend) {
  TestFolder folder;
  const auto measure = [](ports::Store& store, int count) {
    const auto release = new_release(store);
    const auto lease = store.take_lease(kApp, "daemon 1", release);
    const auto record = record_of(release, "applied", 2000);
    std::vector<double> us;
    for (int i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_TRUE(store.append(*lease, record));
      us.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
              .count());
    }
    std::sort(us.begin(), us.end());
    return us;
  };
  const auto sqlite = measure(*opened(folder.file()), 400);
  MemoryStore in_memory;
  const auto memory = measure(in_memory, 400);
  std::printf(
      "store_append: n=400 state_bytes=2000 sqlite_p50_us=%.0f sqlite_p99_us=%.0f "
      "sqlite_max_us=%.0f "
      "memory_p50_us=%.2f\n",
      sqlite[200], sqlite[396], sqlite[399], memory[200]);
}
}  // namespace
}  // namespace slipway::store

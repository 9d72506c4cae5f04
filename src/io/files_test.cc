#include "io/files.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"

namespace slipway::io {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  ~FilesTest() override { EXPECT_TRUE(remove_tree(folder_, "/tmp")); }
  std::string at(const std::string& name) const { return join_path(folder_, name); }
  std::string folder_ = *make_temp_dir("files-test-");
};

TEST_F(FilesTest, ReplacesAFileAndLeavesNothingBeside) {
  ASSERT_TRUE(write_file_durably(at("a"), "one", 0600));
  ASSERT_TRUE(write_file_durably(at("a"), "two", 0640));
  EXPECT_EQ(*read_file(at("a")), "two");
  EXPECT_EQ(*list_dir(folder_), std::vector<std::string>{"a"});
  struct stat facts {};
  ASSERT_EQ(::stat(at("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0640U);
}

TEST_F(FilesTest, KeepsTheOldFileWhenTheDiskIsFull) {
  // /dev/full refuses every write with ENOSPC; a folder there is not needed to see the code.
  const auto failed = append_file("/dev/full", "x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::DiskFull);
  ASSERT_TRUE(write_file_durably(at("a"), "old"));
  EXPECT_FALSE(write_file_durably(at("a/b"), "new"));
  EXPECT_EQ(*read_file(at("a")), "old");
}

TEST_F(FilesTest, SaysWhatIsNotThereOrTooLarge) {
  EXPECT_EQ(read_file(at("none")).error().code, Code::NotFound);
  ASSERT_TRUE(write_file_atomically(at("a"), std::string(100, 'x')));
  EXPECT_EQ(read_file(at("a"), 99).error().code, Code::TooLarge);
  EXPECT_EQ(read_file(at("a"), 100)->size(), 100U);
}

TEST_F(FilesTest, MakesFoldersBelowFolders) {
  ASSERT_TRUE(make_dirs(at("x/y/z")));
  ASSERT_TRUE(make_dirs(at("x/y/z")));
  EXPECT_TRUE(is_dir(at("x/y/z")));
  ASSERT_TRUE(append_file(at("file"), "x"));
  EXPECT_FALSE(make_dirs(at("file/below")));
}

TEST_F(FilesTest, RemovesOnlyWhatIsInsideTheRoot) {
  ASSERT_TRUE(make_dirs(at("root/a/b")));
  ASSERT_TRUE(append_file(at("outside"), "x"));
  EXPECT_EQ(remove_tree(at("outside"), at("root")).error().code, Code::Refused);
  EXPECT_EQ(remove_tree(at("root"), at("root")).error().code, Code::Refused);
  EXPECT_EQ(remove_tree(at("root/../outside"), at("root")).error().code, Code::Refused);
  EXPECT_EQ(remove_tree(at("root/a/.."), at("root")).error().code, Code::Refused);
  EXPECT_EQ(remove_tree(at("root/a"), "/").error().code, Code::Refused);
  EXPECT_TRUE(exists(at("outside")));
  EXPECT_TRUE(remove_tree(at("root/a"), at("root")));
  EXPECT_FALSE(exists(at("root/a")));
}

TEST_F(FilesTest, RemovesASymlinkButNotWhatItPointsTo) {
  ASSERT_TRUE(make_dirs(at("root")));
  ASSERT_TRUE(make_dirs(at("kept/inside")));
  ASSERT_EQ(::symlink(at("kept").c_str(), at("root/link").c_str()), 0);
  EXPECT_EQ(remove_tree(at("root/link/inside"), at("root")).error().code, Code::Refused);
  ASSERT_TRUE(remove_tree(at("root/link"), at("root")));
  EXPECT_TRUE(exists(at("kept/inside")));
}

TEST_F(FilesTest, StopsRemovingAfterTheLimit) {
  ASSERT_TRUE(make_dirs(at("root/many")));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append_file(at("root/many/" + std::to_string(i)), ""));
  EXPECT_EQ(remove_tree(at("root/many"), at("root"), 3).error().code, Code::TooLarge);
}

TEST_F(FilesTest, LocksAgainstAnotherProcessAndNamesTheHolder) {
  EXPECT_EQ(FileLock::holder(at("lock")), 0);
  {
    const auto lock = FileLock::take(at("lock"));
    ASSERT_TRUE(lock);
    EXPECT_EQ(FileLock::holder(at("lock")), ::getpid());
    const auto second = FileLock::take(at("lock"));  // another open file: as another process
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().what.find(std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_EQ(FileLock::holder(at("lock")), 0);
  EXPECT_TRUE(FileLock::take(at("lock")));
}

TEST_F(FilesTest, TakesALockThatOthersOnlyAskAbout) {
  std::atomic<bool> done{false};
  std::thread asking([&] {
    while (!done) EXPECT_LE(FileLock::holder(at("lock")), ::getpid());
  });
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(FileLock::take(at("lock"))) << i;
  done = true;
  asking.join();
}

TEST_F(FilesTest, FreesALockWhenItsProcessIsKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::take(at("lock"));
    [[maybe_unused]] const ssize_t written = ::write(ends[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_EQ(FileLock::holder(at("lock")), child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(FileLock::holder(at("lock")), 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(FilesTest, RotatesALogAndKeepsNoMoreThanAsked) {
  auto log = RotatingLog::open(at("log"), 100, 2);
  ASSERT_TRUE(log);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(log->write("line " + std::to_string(i) + "\n"));
  EXPECT_EQ(*list_dir(folder_), (std::vector<std::string>{"log", "log.1", "log.2"}));
  const std::vector<std::string> names = *list_dir(folder_);
  for (const auto& name : names) EXPECT_LE(read_file(at(name))->size(), 100U);
  EXPECT_NE(read_file(at("log"))->find("line 49\n"), std::string::npos);
}

TEST_F(FilesTest, GoesOnWithALogThatIsThere) {
  { ASSERT_TRUE(RotatingLog::open(at("log"), 1000, 1)->write("one\n")); }
  { ASSERT_TRUE(RotatingLog::open(at("log"), 1000, 1)->write("two\n")); }
  EXPECT_EQ(*read_file(at("log")), "one\ntwo\n");
}

TEST_F(FilesTest, ShowsTheLastLinesAcrossARotation) {
  auto log = RotatingLog::open(at("log"), 20, 2);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log->write("line " + std::to_string(i) + "\n"));
  EXPECT_EQ(last_lines(at("log"), 3), (std::vector<std::string>{"line 2", "line 3", "line 4"}));
  EXPECT_TRUE(last_lines(at("none"), 3).empty());
}

TEST_F(FilesTest, ResolvesPathsWhoseEndDoesNotExist) {
  ASSERT_TRUE(make_dirs(at("real")));
  ASSERT_EQ(::symlink(at("real").c_str(), at("link").c_str()), 0);
  EXPECT_EQ(*real_path(at("link/new/file")), *real_path(at("real")) + "/new/file");
  EXPECT_EQ(absolute_path("/a/./b/../c"), "/a/c");
}

TEST(Clock, GoesForwardAndRandomDiffers) {
  SystemClock clock;
  const Millis before = clock.monotonic();
  EXPECT_GE(clock.monotonic(), before);
  EXPECT_GT(to_unix_ms(clock.now()), 1'700'000'000'000);
  EXPECT_EQ(random_hex(16).size(), 32U);
  EXPECT_NE(random_hex(16), random_hex(16));
}

}  // namespace
}  // namespace slipway::io

#include "io/followed_child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <condition_variable>
#include <optional>

#include "io/files.h"

namespace slipway::io {
namespace {
using Why = ChildEnd::Why;
constexpr std::size_t kEnough = 10'000;

// A shell's script, what it said, and its end.
class FollowedChildTest : public testing::Test {
 protected:
  void SetUp() override { folder_ = make_temp_dir("slipway-test-").value(); }
  void TearDown() override {
    child_.reset();
    EXPECT_TRUE(remove_tree(folder_, "/tmp"));
  }

  void follow(const std::string& script) {
    following_.spec = [this, script] {
      ChildSpec spec;
      spec.shell = script;
      spec.dir = folder_;
      return Result<ChildSpec>(std::move(spec));
    };
    begin();
  }
  void begin() {
    following_.patience = patience_;
    following_.on_bytes = [this](std::string_view bytes) {
      const std::lock_guard hold(mutex_);
      if (said_.size() < kEnough) said_ += bytes;
      changed_.notify_all();
    };
    following_.on_end = [this](const ChildEnd& end) {
      const std::lock_guard hold(mutex_);
      end_ = end;
      changed_.notify_all();
    };
    child_ = std::make_unique<FollowedChild>(following_);
  }
  // One that nobody gets an end of but by force.
  void follow_endless() {
    ASSERT_EQ(::mkfifo(join_path(folder_, "go").c_str(), 0600), 0);
    follow("trap '' TERM; echo begun; while :; do read line < go; done");
    hear("begun\n");
  }

  void hear(const std::string& words) {
    std::unique_lock hold(mutex_);
    const bool came = changed_.wait_for(hold, std::chrono::seconds(20),
                                        [&] { return said_.find(words) != std::string::npos; });
    EXPECT_TRUE(came) << "it said: " << said_;
  }
  ChildEnd end() {
    std::unique_lock hold(mutex_);
    const bool came =
        changed_.wait_for(hold, std::chrono::seconds(20), [&] { return end_.has_value(); });
    return came ? *end_ : ChildEnd{Error(Code::Timeout, "it has not ended")};
  }

  std::string folder_;
  Millis patience_{300};
  Following following_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string said_;
  std::optional<ChildEnd> end_;
  std::unique_ptr<FollowedChild> child_;
};

TEST_F(FollowedChildTest, IsHeardOnBothStreamsUntilItsEnd) {
  follow("echo one; echo two >&2; exit 3");
  const auto ended = end();
  ASSERT_TRUE(ended.exit) << ended.exit.error().sentence();
  EXPECT_EQ(ended.exit->code, 3);
  EXPECT_EQ(ended.why, Why::ByItself);
  EXPECT_EQ(said_, "one\ntwo\n");
}

TEST_F(FollowedChildTest, SaysWhyItCouldNotBegin) {
  following_.spec = [] { return Result<ChildSpec>(Error(Code::NotFound, "no such secret")); };
  begin();
  const auto ended = end();
  ASSERT_FALSE(ended.exit);
  EXPECT_EQ(ended.exit.error().what, "no such secret");
}

TEST_F(FollowedChildTest, IsToldThingsOnItsStdin) {
  following_.hears = true;
  follow("echo ready; read line; echo \"heard $line\"");
  hear("ready\n");
  child_->tell("a pulse\n");
  EXPECT_TRUE(end().exit->succeeded());
  EXPECT_EQ(said_, "ready\nheard a pulse\n");
  child_->tell("too late\n");
}

TEST_F(FollowedChildTest, IsToldNothingWhenItHasNoEar) {
  follow("read line && echo heard; echo over");
  child_->tell("a pulse\n");
  EXPECT_TRUE(end().exit->succeeded());
  EXPECT_EQ(said_, "over\n");
}

TEST_F(FollowedChildTest, MayEndItselfWhenAskedToStop) {
  patience_ = Millis(20'000);
  ASSERT_EQ(::mkfifo(join_path(folder_, "go").c_str(), 0600), 0);
  follow("trap 'echo bye; exit 5' TERM; echo begun; while :; do read line < go; done");
  hear("begun\n");
  child_->stop();
  const auto ended = end();
  EXPECT_EQ(ended.exit->code, 5);
  EXPECT_EQ(ended.why, Why::WasAsked);
  EXPECT_TRUE(said_.ends_with("bye\n")) << said_;
}

TEST_F(FollowedChildTest, IsKilledWhenItDoesNotStop) {
  follow_endless();
  child_->stop();
  const auto ended = end();
  EXPECT_EQ(ended.exit->signal, SIGKILL);
  EXPECT_EQ(ended.why, Why::WasAsked);
}

TEST_F(FollowedChildTest, IsKilledWhenItTakesTooLong) {
  following_.most_time = Millis(100);
  follow_endless();
  const auto ended = end();
  EXPECT_EQ(ended.exit->signal, SIGKILL);
  EXPECT_EQ(ended.why, Why::TookTooLong);
}

TEST_F(FollowedChildTest, IsEndedAlsoWhileItNeverStopsTalking) {
  following_.most_time = Millis(100);
  follow("trap '' TERM; exec yes");
  EXPECT_EQ(end().why, Why::TookTooLong);
}

TEST_F(FollowedChildTest, IsKilledWhenItSaysNoMoreAndDoesNotGo) {
  ASSERT_EQ(::mkfifo(join_path(folder_, "go").c_str(), 0600), 0);
  follow("exec >&- 2>&-; read line < go");
  const auto ended = end();
  EXPECT_EQ(ended.exit->signal, SIGKILL);
  EXPECT_EQ(ended.why, Why::ByItself);
}

TEST_F(FollowedChildTest, HasEndedThoughWhatItLeftBehindHoldsItsOutput) {
  ASSERT_EQ(::mkfifo(join_path(folder_, "go").c_str(), 0600), 0);
  follow("setsid sh -c 'read line < go' & echo left");
  EXPECT_TRUE(end().exit->succeeded());
  EXPECT_EQ(said_, "left\n");
  EXPECT_TRUE(append_file(join_path(folder_, "go"), "go\n"));  // so that it goes as well
}

TEST_F(FollowedChildTest, EndsWithWhoFollowsIt) {
  follow_endless();
  child_.reset();
  ASSERT_TRUE(end_);
  EXPECT_EQ(end_->exit->signal, SIGKILL);
}

TEST_F(FollowedChildTest, StoppedBeforeItBeganItEndsAtOnce) {
  patience_ = Millis(20'000);
  std::mutex gate;
  gate.lock();
  following_.spec = [&gate] {
    const std::lock_guard wait(gate);
    ChildSpec spec;
    spec.shell = "exec tail -f /dev/null";
    return Result<ChildSpec>(std::move(spec));
  };
  begin();
  child_->stop();
  gate.unlock();
  EXPECT_EQ(end().exit->signal, SIGTERM);
}

}  // namespace
}  // namespace slipway::io

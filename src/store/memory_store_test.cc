#include "store/memory_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slipway::store {
namespace {
struct Crash {};

class MemoryStoreCrash : public testing::Test {
 protected:
  void SetUp() override {
    ports::ReleaseRow row;
    row.app = app_;
    release_ = store_.create_release(row)->id;
    lease_ = *store_.take_lease(app_, "daemon 1", release_);
    record_.release = release_;
    record_.event = "applied";
  }
  void crash_at(const std::string& wanted) {
    store_.set_crash_hook([wanted](const char* point) {
      if (wanted == point) throw Crash();
    });
  }

  const ports::AppRef app_{"shop", "production"};
  MemoryStore store_;
  std::string release_;
  ports::Lease lease_;
  ports::Record record_;
};

TEST_F(MemoryStoreCrash, LosesTheRecordWhenTheCrashComesBeforeTheCommit) {
  crash_at("append.before");
  EXPECT_THROW(static_cast<void>(store_.append(lease_, record_)), Crash);
  EXPECT_TRUE(store_.records(release_, 0)->empty());
}

TEST_F(MemoryStoreCrash, KeepsTheRecordWhenTheCrashComesAfterTheCommit) {
  crash_at("append.after");
  EXPECT_THROW(static_cast<void>(store_.append(lease_, record_)), Crash);
  EXPECT_EQ(store_.records(release_, 0)->size(), 1U);
}

TEST_F(MemoryStoreCrash, CanBeUsedAfterACrash) {
  crash_at("set_live.before");
  EXPECT_THROW(static_cast<void>(store_.set_live(lease_, {release_, "", 0})), Crash);
  store_.set_crash_hook(nullptr);
  EXPECT_EQ(store_.live(app_)->release, "");
  EXPECT_EQ(*store_.append(lease_, record_), 1);
}

TEST_F(MemoryStoreCrash, NamesEveryWriteAndSkipsAfterForARefusedOne) {
  std::vector<std::string> points;
  store_.set_crash_hook([&](const char* point) { points.emplace_back(point); });
  ASSERT_TRUE(store_.append(lease_, record_));
  ASSERT_TRUE(store_.set_live(lease_, {}));
  ASSERT_TRUE(store_.end_release(lease_, release_, "completed", "", 1));
  ASSERT_TRUE(store_.free_lease(lease_));
  ports::Lease old = lease_;
  old.epoch = 0;
  ASSERT_FALSE(store_.append(old, record_));
  EXPECT_EQ(points,
            (std::vector<std::string>{"append.before", "append.after", "set_live.before",
                                      "set_live.after", "end_release.before", "end_release.after",
                                      "free_lease.before", "free_lease.after", "append.before"}));
}
}  // namespace
}  // namespace slipway::store

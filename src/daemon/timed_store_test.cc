#include "daemon/timed_store.h"

#include <gtest/gtest.h>

#include "daemon/house.h"
#include "io/clock.h"
#include "store/memory_store.h"

namespace slipway::daemon {
namespace {

TEST(TimedStore, RemembersWhyTheJournalCannotBeWrittenUntilItCan) {
  store::MemoryStore inner;
  io::SystemClock clock;
  telemetry::Metrics metrics;
  declare_figures(metrics, "0.1.0");
  TimedStore store(inner, clock, metrics);
  const ports::AppRef app{"shop", "production"};
  ports::ReleaseRow row;
  row.app = app;
  const auto id = store.create_release(row)->id;
  ports::Record record;
  record.release = id;
  EXPECT_FALSE(store.append({app, 7, "nobody", id}, record).has_value());
  ASSERT_TRUE(store.trouble().has_value());
  EXPECT_FALSE(store.trouble()->what.empty());
  EXPECT_EQ(metrics.value("slipway_store_append_failures_total"), 1);
  const auto lease = store.take_lease(app, "me", id);
  ASSERT_TRUE(lease.has_value());
  record.epoch = lease->epoch;
  EXPECT_TRUE(store.append(*lease, record).has_value());
  EXPECT_FALSE(store.trouble().has_value());
  EXPECT_NE(metrics.text().find("slipway_store_append_seconds_count 2"), std::string::npos);
}

TEST(TimedStore, AFencedWriterIsNoTroubleOfTheJournal) {
  store::MemoryStore inner;
  io::SystemClock clock;
  telemetry::Metrics metrics;
  declare_figures(metrics, "0.1.0");
  TimedStore store(inner, clock, metrics);
  const ports::AppRef app{"shop", "production"};
  ports::ReleaseRow row;
  row.app = app;
  const auto id = store.create_release(row)->id;
  const auto old = store.take_lease(app, "me", id);
  ASSERT_TRUE(store.take_lease(app, "a newer one", id).has_value());
  ports::Record record;
  record.release = id;
  record.epoch = old->epoch;
  EXPECT_EQ(store.append(*old, record).error().code, Code::Fenced);
  EXPECT_FALSE(store.trouble().has_value());
}

}  // namespace
}  // namespace slipway::daemon

// What the store forgets while a daemon runs.
#include "daemon/upkeep.h"

#include "store/sqlite_store.h"
#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

class UpkeepTest : public DaemonKit {};

ports::Telling alert(const std::string& key, std::int64_t at_ms) {
  ports::Telling out;
  out.notice.key = key;
  out.notice.kind = "alert";
  out.notice.at_ms = at_ms;
  return out;
}

TEST_F(UpkeepTest, TakesOldNoticesOfNoReleaseAndMarksOfExpiredLinksOutOfTheStore) {
  std::filesystem::create_directories(folder_ + "/state");
  auto opened = store::open_store(folder_ + "/state/store.db");
  ASSERT_TRUE(opened.has_value()) << opened.error().sentence();
  auto& store = **opened;
  const auto now = to_unix_ms(world_.clock.now());
  for (int i = 0; i < 450; ++i)
    ASSERT_TRUE(store.tell(alert("old/" + std::to_string(i), now - 7'200'000)));
  ASSERT_TRUE(store.tell(alert("young", now)));
  ASSERT_TRUE(store.set_value("used-link/r-0001/a", Json::object().set("expires_ms", now - 1)));
  ASSERT_TRUE(store.set_value("used-link/r-0001/b", Json::object().set("expires_ms", now * 2)));
  start([](DaemonOptions& options) { options.keep_notices = std::chrono::hours(1); });
  EXPECT_TRUE(eventually(
      [&] { return store.notices("")->size() == 1 && store.values("used-link/")->size() == 1; }));
  EXPECT_EQ(store.notices("")->front().key, "young");
  EXPECT_EQ(store.values("used-link/")->front().first, "used-link/r-0001/b");
}

}  // namespace
}  // namespace slipway::daemon

// Releases behind a real proxy under an open-loop load: every switch, and the stop of every old
// instance, without a request lost.
#include <functional>

#include "tests/contract/haproxy_process.h"
#include "tests/contract/nginx_process.h"
#include "tests/integration/routers/kit.h"

namespace slipway::routers {
namespace {

struct Proxy {
  std::string name;
  std::shared_ptr<void> process;
  std::unique_ptr<ports::Router> router;
  std::unique_ptr<ports::Counters> counters;
  int port = 0;
  std::string folder;
};

// Each request on a connection of its own: at a reload nginx closes connections that idle, and a
// client that is just sending on one loses that request (docs/howto/nginx.md).
Proxy make_nginx() {
  auto nginx = std::make_shared<contract::NginxProcess>("  keepalive_timeout 0;\n");
  const auto settings = nginx->settings();
  return {"nginx",
          nginx,
          drivers::nginx::make_router(settings),
          drivers::nginx::make_counters(settings),
          nginx->port(),
          settings.log_folder};
}

Proxy make_haproxy() {
  auto haproxy = std::make_shared<contract::HaproxyProcess>();
  const auto settings = haproxy->settings();
  return {"haproxy",
          haproxy,
          drivers::haproxy::make_router(settings),
          drivers::haproxy::make_counters(settings),
          haproxy->port(),
          haproxy->path("")};
}

class Switching : public ::testing::TestWithParam<std::function<Proxy()>> {
 protected:
  std::string release(int number) { return "r-000" + std::to_string(number); }
  ports::Share share(int number, double percent, const Named& instance) {
    return {"web", release(number), percent, {instance.address()}};
  }
  std::uint64_t counted(int number) {
    const auto counts = proxy_.counters->read(kShop, release(number));
    EXPECT_TRUE(counts) << counts.error().sentence();
    return counts ? counts->requests : 0;
  }

  Proxy proxy_ = GetParam()();
  Driven driven_{*proxy_.router};
};

TEST_P(Switching, LosesNoRequestAlthoughEachOldInstanceIsStopped) {
  constexpr int kReleases = 6;
  auto old = std::make_unique<Named>("1");
  driven_.set(split_of({share(1, 100, *old)}));
  Load load(proxy_.port, 200, proxy_.folder);
  ASSERT_TRUE(becomes_true([&] { return counted(1) > 50; }));
  for (int next = 2; next <= kReleases; ++next) {
    auto fresh = std::make_unique<Named>(std::to_string(next));
    driven_.set(split_of({share(next - 1, 75, *old), share(next, 25, *fresh)}));
    ASSERT_TRUE(becomes_true([&] { return counted(next) > 5; }));
    driven_.set(split_of({share(next, 100, *fresh)}));
    ASSERT_TRUE(driven_.becomes_drained());
    old = std::move(fresh);  // the old instance is gone
  }
  const auto before = counted(kReleases);
  ASSERT_TRUE(becomes_true([&] { return counted(kReleases) > before + 50; }));
  const Json report = load.report();
  EXPECT_EQ(report.integer("failed"), 0) << report.dump(1);
  EXPECT_EQ(report.integer("app_errors"), 0);
  EXPECT_GT(report.integer("ok"), 200);
  std::uint64_t total = 0;
  ASSERT_TRUE(becomes_true([&] {
    total = 0;
    for (int number = 1; number <= kReleases; ++number) total += counted(number);
    return static_cast<std::int64_t>(total) >= report.integer("requests");
  })) << total;
  EXPECT_EQ(static_cast<std::int64_t>(total), report.integer("requests"))
      << "every request was counted for one release";
}

TEST_P(Switching, ARollbackLosesNoneEither) {
  const Named old("old");
  auto fresh = std::make_unique<Named>("new");
  driven_.set(split_of({share(1, 100, old)}));
  Load load(proxy_.port, 200, proxy_.folder);
  for (int i = 0; i < 3; ++i) {
    driven_.set(split_of({share(1, 50, old), share(2, 50, *fresh)}));
    driven_.set(split_of({share(1, 0, old), share(2, 100, *fresh)}));
    ASSERT_TRUE(becomes_true([&, was = counted(2)] { return counted(2) > was + 20; }));
    driven_.set(split_of({share(1, 100, old)}));
    ASSERT_TRUE(driven_.becomes_drained());
    fresh = std::make_unique<Named>("new again");
  }
  EXPECT_EQ(ask(proxy_.port, "/").body, "old /");
  const Json report = load.report();
  EXPECT_EQ(report.integer("failed"), 0) << report.dump(1);
}

TEST_P(Switching, AShareIsMetAndFailuresAreCountedForTheReleaseThatGaveThem) {
  const Named old("old");
  const Named fresh("new");
  driven_.set(split_of({share(1, 80, old), share(2, 20, fresh)}));
  constexpr int kAsked = 500;
  int from_new = 0;
  for (int i = 0; i < kAsked; ++i) {
    from_new += ask(proxy_.port, "/").body.starts_with("new") ? 1 : 0;
  }
  EXPECT_GT(from_new, kAsked * 12 / 100);
  EXPECT_LT(from_new, kAsked * 28 / 100);
  driven_.set(split_of({share(2, 100, fresh)}));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(ask(proxy_.port, "/fail").status, 500);
  ASSERT_TRUE(becomes_true([&] { return counted(2) >= static_cast<std::uint64_t>(from_new) + 7; }));
  EXPECT_EQ(proxy_.counters->read(kShop, release(2))->errors, 7u);
  EXPECT_EQ(proxy_.counters->read(kShop, release(1))->errors, 0u);
  EXPECT_EQ(counted(1) + counted(2), static_cast<std::uint64_t>(kAsked) + 7);
}

TEST_P(Switching, MaintenanceShowsThePageAnswersHealthAndGoesAwayAgain) {
  const Named app("app");
  auto want = split_of({share(1, 100, app)});
  driven_.set(want);
  want.mode = ports::Mode::Maintenance;
  want.message = "Back <soon>; \"$host\" #1";
  want.retry_after = Millis(119'001);
  driven_.set(want);
  const auto closed = ask(proxy_.port, "/anything", "shop.test", "POST");
  EXPECT_EQ(closed.status, 503);
  EXPECT_EQ(closed.field("Retry-After"), "120");
  EXPECT_EQ(closed.field("Cache-Control"), "no-store");
  EXPECT_NE(closed.body.find("Back &lt;soon&gt;; \"$host\" #1"), std::string::npos) << closed.body;
  EXPECT_EQ(ask(proxy_.port, "/health").status, 200);
  want.allow = {"127.0.0.0/8"};
  want.page = "<p>a page of theirs</p>";
  driven_.set(want);
  EXPECT_EQ(ask(proxy_.port, "/").body, "app /") << "who is allowed passes";
  want.allow = {"192.0.2.0/24"};
  driven_.set(want);
  EXPECT_EQ(ask(proxy_.port, "/").body, "<p>a page of theirs</p>");
  want.mode = ports::Mode::Stopped;
  want.page.clear();
  driven_.set(want);
  EXPECT_EQ(ask(proxy_.port, "/").status, 503);
  EXPECT_EQ(ask(proxy_.port, "/").field("Retry-After"), "");
  driven_.set(split_of({share(1, 100, app)}));
  EXPECT_EQ(ask(proxy_.port, "/").body, "app /");
}

TEST_P(Switching, HostsPathsAndPrefixesGoWhereTheyBelong) {
  const Named web("web");
  const Named api("api");
  ports::Split want;
  want.shares = {{"api", "r-0001", 100, {api.address()}}, {"web", "r-0001", 100, {web.address()}}};
  want.fronts = {front_of("web"), front_of("api")};
  want.fronts[0].route.hosts = {"shop.test", "*.shop.test"};
  want.fronts[1].route.hosts = {"shop.test"};
  want.fronts[1].route.paths = {"/api", "/api/v2.0"};
  driven_.set(want);
  EXPECT_EQ(ask(proxy_.port, "/?q=1").body, "web /?q=1");
  EXPECT_EQ(ask(proxy_.port, "/", "www.shop.test").body, "web /");
  EXPECT_EQ(ask(proxy_.port, "/api").body, "api /");
  EXPECT_EQ(ask(proxy_.port, "/api/items?q=1").body, "api /items?q=1");
  EXPECT_EQ(ask(proxy_.port, "/api/v2.0/x").body, "api /x") << "the longest prefix";
  EXPECT_EQ(ask(proxy_.port, "/apiary").body, "web /apiary") << "a prefix ends at a slash";
  want.fronts[1].route.strip_path = false;
  driven_.set(want);
  EXPECT_EQ(ask(proxy_.port, "/api/items").body, "api /api/items");
}

TEST_P(Switching, APauseIsRefusedInWords) {
  const Named app("app");
  auto want = split_of({share(1, 100, app)});
  driven_.set(want);
  want.mode = ports::Mode::Paused;
  const auto outcome = driven_.try_set(want);
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Unsupported);
  EXPECT_EQ(ask(proxy_.port, "/").body, "app /");
}
}  // namespace

INSTANTIATE_TEST_SUITE_P(Nginx, Switching, ::testing::Values(&make_nginx));
INSTANTIATE_TEST_SUITE_P(Haproxy, Switching, ::testing::Values(&make_haproxy));
}  // namespace slipway::routers

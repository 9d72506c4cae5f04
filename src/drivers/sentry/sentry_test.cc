#include "drivers/sentry/sentry.h"

#include <gtest/gtest.h>

#include "drivers/posting/notice_for_test.h"

namespace slipway::drivers::sentry {
namespace {

TEST(Sentry, MarksTheReleaseAndItsDeploy) {
  auto notice = notice_for_test();
  notice.live = "shop@1.5.0+7";
  const auto marks = marks_of(notice, "shop org", {"web", "api"});
  ASSERT_TRUE(marks);
  EXPECT_EQ(marks->release_path, "/api/0/organizations/shop%20org/releases/");
  EXPECT_EQ(marks->release.text("version"), "shop@1.5.0+7");
  EXPECT_EQ(marks->release.strings("projects"), (std::vector<std::string>{"web", "api"}));
  EXPECT_EQ(marks->deploy_path.find(marks->release_path), 0u);
  EXPECT_EQ(marks->deploy_path.find('+'), std::string::npos) << marks->deploy_path;
  EXPECT_TRUE(marks->deploy_path.ends_with("/deploys/"));
  EXPECT_EQ(marks->deploy.text("environment"), "production");
  EXPECT_EQ(marks->deploy.text("name"), "r-0042/released");
  EXPECT_EQ(marks->deploy.text("dateFinished"), "2025-11-21T10:28:26.123Z");
  EXPECT_EQ(marks->deploy.text("url"), "https://www.shop.example");
}

TEST(Sentry, MarksNothingOfATestMessage) {
  auto notice = notice_for_test();
  notice.kind = "test";
  notice.live.clear();
  EXPECT_FALSE(marks_of(notice, "shop", {"web"}));
}

TEST(Sentry, MarksNothingWhenTheTrafficStaysWhereItIs) {
  EXPECT_FALSE(marks_of(held_for_test(), "shop", {"web"}));
}

}  // namespace
}  // namespace slipway::drivers::sentry

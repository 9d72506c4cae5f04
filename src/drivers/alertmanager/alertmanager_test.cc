#include "drivers/alertmanager/alertmanager.h"

#include <gtest/gtest.h>

#include "drivers/posting/notice_for_test.h"

namespace slipway::drivers::alertmanager {
namespace {

TEST(Alertmanager, WhatOpensStaysUntilItIsClosed) {
  const Json alerts = alerts_of(held_for_test());
  ASSERT_EQ(alerts.size(), 1u);
  const Json& alert = alerts.items()[0];
  EXPECT_EQ(alert.at("labels").text("severity"), "warning");
  EXPECT_EQ(alert.at("labels").text("subject"), "shop/production/r-0042");
  EXPECT_EQ(alert.text("startsAt"), "2025-11-21T10:28:26.123Z");
  EXPECT_EQ(alert.text("endsAt"), "2025-11-28T10:28:26.123Z");
  EXPECT_EQ(alert.text("generatorURL"), "https://www.shop.example");
}

TEST(Alertmanager, WhatClosesEndsEveryAlertOfItsSubject) {
  const Json opened = alerts_of(held_for_test());
  const Json closed = alerts_of(notice_for_test());
  ASSERT_EQ(closed.size(), 3u);
  EXPECT_EQ(closed.items()[0].at("labels"), opened.items()[0].at("labels"))
      << "the labels are its identity";
  EXPECT_EQ(closed.items()[1].at("labels").text("severity"), "critical");
  EXPECT_EQ(closed.items()[0].text("endsAt"), "2025-11-21T10:28:26.123Z");
  EXPECT_EQ(closed.items()[0].find("startsAt"), nullptr);
}

TEST(Alertmanager, NamesOfAnnotationsAreWhatItTakes) {
  auto notice = held_for_test();
  notice.facts = {{"instead of", "v1"}, {"9 lives", "x"}, {"", "y"}, {"é", "z"}, {"empty", ""}};
  const Json& annotations = alerts_of(notice).items()[0].at("annotations");
  EXPECT_EQ(annotations.text("instead_of"), "v1");
  EXPECT_EQ(annotations.text("_9_lives"), "x");
  EXPECT_EQ(annotations.text("_"), "y");
  EXPECT_EQ(annotations.text("__"), "z");
  EXPECT_EQ(annotations.find("empty"), nullptr);
}

}  // namespace
}  // namespace slipway::drivers::alertmanager

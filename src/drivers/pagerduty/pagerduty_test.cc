#include "drivers/pagerduty/pagerduty.h"

#include <gtest/gtest.h>

#include "drivers/posting/notice_for_test.h"

namespace slipway::drivers::pagerduty {
namespace {

TEST(PagerDuty, TriggersWhatOpensUnderTheKeyOfItsSubject) {
  const auto events = events_of(held_for_test(), "key");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].path, "/v2/enqueue");
  const Json& body = events[0].body;
  EXPECT_EQ(body.text("routing_key"), "key");
  EXPECT_EQ(body.text("event_action"), "trigger");
  EXPECT_EQ(body.text("dedup_key"), "slipway/shop/production/r-0042");
  EXPECT_EQ(body.at("payload").text("severity"), "warning");
  EXPECT_EQ(body.at("payload").text("source"), "shop/production");
  EXPECT_EQ(body.at("payload").at("custom_details").text("key"), "r-0042/held/1");
}

TEST(PagerDuty, ResolvesWhatClosesUnderTheSameKeyAndMarksTheChange) {
  const auto events = events_of(notice_for_test(), "key");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].body.text("event_action"), "resolve");
  EXPECT_EQ(events[0].body.text("dedup_key"),
            events_of(held_for_test(), "key")[0].body.text("dedup_key"));
  EXPECT_EQ(events[1].path, "/v2/change/enqueue");
  EXPECT_EQ(events[1].body.at("payload").text("summary"), "shop production: v1.5.0 is live");
  EXPECT_EQ(events[1].body.at("payload").find("severity"), nullptr);
}

TEST(PagerDuty, AnEventPagesNobody) {
  auto notice = notice_for_test();
  notice.turn = ports::Turn::Event;
  const auto events = events_of(notice, "key");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].path, "/v2/change/enqueue");
}

TEST(PagerDuty, WhatEndsWithoutAReleaseIsNoChange) {
  auto notice = notice_for_test();
  notice.release.clear();
  EXPECT_EQ(events_of(notice, "key").size(), 1u);
}

}  // namespace
}  // namespace slipway::drivers::pagerduty

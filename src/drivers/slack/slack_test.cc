#include "drivers/slack/slack.h"

#include <gtest/gtest.h>

#include "drivers/posting/notice_for_test.h"

namespace slipway::drivers::slack {
namespace {

TEST(Slack, SaysItInAHeaderATextFactsButtonsAndTheKey) {
  const Json message = message_of(notice_for_test());
  EXPECT_EQ(message.text("text"), "shop production: v1.5.0 is live");
  const auto& blocks = message.at("blocks").items();
  ASSERT_EQ(blocks.size(), 5u);
  EXPECT_EQ(blocks[0].at("text").text("text"),
            ":white_check_mark: shop production: v1.5.0 released");
  EXPECT_EQ(blocks[1].at("text").text("text"), "shop production: v1.5.0 is live");
  EXPECT_EQ(blocks[2].at("fields").items()[0].text("text"), "*instead of*\nv1.4.2");
  EXPECT_EQ(blocks[3].at("elements").items()[0].text("url"), "https://www.shop.example");
  EXPECT_EQ(blocks[4].at("elements").items()[0].text("text"),
            "r-0042/released  2025-11-21T10:28:26.123Z");
}

TEST(Slack, EscapesWhatItsMarkupReads) {
  auto notice = notice_for_test();
  notice.text = "<!channel> a & b > c";
  notice.facts = {{"<x>", "&"}};
  const std::string text = message_of(notice).dump();
  EXPECT_EQ(text.find("<!channel>"), std::string::npos);
  EXPECT_NE(text.find("&lt;!channel&gt; a &amp; b &gt; c"), std::string::npos) << text;
  EXPECT_NE(text.find("*&lt;x&gt;*"), std::string::npos) << text;
}

TEST(Slack, StaysWithinTheLimitsOfItsBlocks) {
  auto notice = notice_for_test();
  notice.version = std::string(300, 'v');
  notice.text = std::string(9'000, 't');
  notice.facts.assign(40, {"name", std::string(5'000, 'x')});
  notice.links.assign(60, {std::string(200, 'l'), "https://x.example"});
  const Json message = message_of(notice);
  const auto& blocks = message.at("blocks").items();
  EXPECT_LE(blocks[0].at("text").text("text").size(), 150u);
  EXPECT_LE(blocks[1].at("text").text("text").size(), 3'000u);
  EXPECT_EQ(blocks[2].at("fields").size(), 10u);
  EXPECT_LE(blocks[2].at("fields").items()[0].text("text").size(), 2'000u);
  EXPECT_EQ(blocks[3].at("elements").size(), 25u);
  EXPECT_LE(blocks[3].at("elements").items()[0].at("text").text("text").size(), 75u);
}

TEST(Slack, LeavesOutWhatThereIsNot) {
  auto notice = notice_for_test();
  notice.facts.clear();
  notice.links.clear();
  EXPECT_EQ(message_of(notice).at("blocks").size(), 3u);
}

}  // namespace
}  // namespace slipway::drivers::slack

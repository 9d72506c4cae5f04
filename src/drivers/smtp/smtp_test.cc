#include "drivers/smtp/smtp.h"

#include <gtest/gtest.h>

#include "drivers/posting/notice_for_test.h"

namespace slipway::drivers::smtp {
namespace {

Settings settings_for_test() {
  Settings settings;
  settings.from = "slipway@shop.example";
  settings.to = {"ops@shop.example", "shop@shop.example"};
  return settings;
}

std::string head_of(const std::string& message) {
  return message.substr(0, message.find("\r\n\r\n"));
}

bool has_line(const std::string& message, const std::string& line) {
  return ("\r\n" + head_of(message) + "\r\n").find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(Smtp, WritesAMessageWithEverythingAMailboxWants) {
  const std::string message = message_of(notice_for_test(), settings_for_test());
  EXPECT_TRUE(has_line(message, "From: slipway@shop.example")) << message;
  EXPECT_TRUE(has_line(message, "To: ops@shop.example, shop@shop.example"));
  EXPECT_TRUE(has_line(message, "Subject: [production] shop production: v1.5.0 is live"));
  EXPECT_TRUE(has_line(message, "Date: Fri, 21 Nov 2025 10:28:26 +0000"));
  EXPECT_TRUE(has_line(message, "Auto-Submitted: auto-generated"));
  EXPECT_TRUE(has_line(message, "X-Slipway-Key: r-0042/released"));
}

TEST(Smtp, ARepetitionHasTheSameIdAndASubjectIsOneThread) {
  const auto id_of = [](const std::string& message, const std::string& name) {
    const auto at = message.find(name + ": <");
    return message.substr(at, message.find("\r\n", at) - at);
  };
  const auto settings = settings_for_test();
  const auto released = message_of(notice_for_test(), settings);
  const auto held = message_of(held_for_test(), settings);
  EXPECT_EQ(released, message_of(notice_for_test(), settings));
  EXPECT_NE(id_of(released, "Message-ID"), id_of(held, "Message-ID"));
  EXPECT_EQ(id_of(released, "References"), id_of(held, "References"));
}

TEST(Smtp, NothingInANoticeAddsALineToTheHead) {
  auto notice = notice_for_test();
  notice.text = "live\r\nBcc: everybody@example.com\r\n\r\nhello";
  notice.key = "a\r\nX-Evil: 1";
  auto settings = settings_for_test();
  settings.to = {"ops@shop.example\r\nBcc: x@example.com"};
  const std::string message = message_of(notice, settings);
  EXPECT_EQ(message.find("\r\nBcc:"), std::string::npos) << message;
  EXPECT_EQ(message.find("\r\nX-Evil"), std::string::npos);
}

TEST(Smtp, EncodesASubjectThatIsNotAsciiInWordsThatAreWhole) {
  auto notice = notice_for_test();
  notice.text = "überraschend gut: " + std::string(30, 'x') + " – größer, schöner, länger";
  const std::string message = message_of(notice, settings_for_test());
  for (const unsigned char c : message) ASSERT_LT(c, 0x80) << message;
  const auto at = message.find("Subject: ");
  std::string lines = message.substr(at, message.find("\r\nDate", at) - at);
  EXPECT_EQ(lines.find("Subject: =?UTF-8?B?"), 0u) << lines;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    EXPECT_LE(end, 78u + 9u);
    lines.erase(0, std::min(end + 2, lines.size()));
  }
}

TEST(Smtp, LinesOfTheBodyAreShort) {
  auto notice = notice_for_test();
  notice.text = std::string(5'000, 'x');
  const std::string message = message_of(notice, settings_for_test());
  std::size_t from = message.find("\r\n\r\n") + 4;
  while (from < message.size()) {
    const auto end = message.find("\r\n", from);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - from, 76u);
    from = end + 2;
  }
}

}  // namespace
}  // namespace slipway::drivers::smtp

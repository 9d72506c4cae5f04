#include "daemon/mailbox.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace slipway::daemon {
namespace {

release::Command command(release::EventKind kind, std::function<void(Result<void>)> answer = {}) {
  release::Command out;
  out.kind = kind;
  out.answer = std::move(answer);
  return out;
}

TEST(Mailbox, CommandsComeInTheirOrder) {
  ThreadMailbox mailbox;
  ASSERT_TRUE(mailbox.post(command(release::EventKind::Pause)).has_value());
  ASSERT_TRUE(mailbox.post(command(release::EventKind::Abort)).has_value());
  EXPECT_EQ(mailbox.wait(Millis(0))->kind, release::EventKind::Pause);
  EXPECT_EQ(mailbox.wait(Millis::max())->kind, release::EventKind::Abort);
  EXPECT_FALSE(mailbox.wait(Millis(0)).has_value());
}

TEST(Mailbox, ACommandWakesAReaderThatWaitsForEver) {
  ThreadMailbox mailbox;
  auto read = std::async(std::launch::async, [&] { return mailbox.wait(Millis::max()); });
  ASSERT_TRUE(mailbox.post(command(release::EventKind::Resume)).has_value());
  ASSERT_EQ(read.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(read.get()->kind, release::EventKind::Resume);
}

TEST(Mailbox, ClosingWakesTheReaderAndAnswersWhatIsLeft) {
  ThreadMailbox mailbox;
  bool refused = false;
  ASSERT_TRUE(
      mailbox.post(command(release::EventKind::Pause, [&](Result<void> r) { refused = !r; }))
          .has_value());
  mailbox.close();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(mailbox.closing());
  EXPECT_FALSE(mailbox.wait(Millis::max()).has_value());
  EXPECT_FALSE(mailbox.post(command(release::EventKind::Pause)).has_value());
}

TEST(Mailbox, ATooFullOneRefuses) {
  ThreadMailbox mailbox;
  for (std::size_t i = 0; i < ThreadMailbox::kMostCommands; ++i) {
    ASSERT_TRUE(mailbox.post(command(release::EventKind::Pause)).has_value());
  }
  EXPECT_EQ(mailbox.post(command(release::EventKind::Pause)).error().code, Code::Conflict);
}

}  // namespace
}  // namespace slipway::daemon

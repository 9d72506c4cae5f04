#include "daemon/event_hub.h"

#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

class Reader final : public EventSink {
 public:
  bool send(std::string_view text) override {
    if (gone) return false;
    all += text;
    return true;
  }
  void close() override { closed = true; }
  std::string all;
  bool gone = false;
  bool closed = false;
};

EventHub::Past past_of(std::vector<std::int64_t> seqs, std::string end = {}) {
  EventHub::Past past;
  for (const auto seq : seqs) past.records.emplace_back(seq, event_text("record", seq, "{}"));
  past.end = std::move(end);
  return past;
}

TEST(EventText, IsOneServerSentEvent) {
  EXPECT_EQ(event_text("record", 7, "{}"), "id: 7\nevent: record\ndata: {}\n\n");
  EXPECT_EQ(event_text("progress", 0, "{}"), "event: progress\ndata: {}\n\n");
}

TEST(EventHub, OldRecordsComeFirstAndNoneComesTwice) {
  EventHub hub;
  auto reader = std::make_shared<Reader>();
  ASSERT_TRUE(hub.follow("r-0001", 0, reader,
                         [](std::int64_t) {
                           return past_of({1, 2});
                         })
                  .has_value());
  hub.record("r-0001", 2, "again");  // durable before the reader came, told after
  hub.record("r-0001", 3, event_text("record", 3, "{}"));
  EXPECT_EQ(reader->all, event_text("record", 1, "{}") + event_text("record", 2, "{}") +
                             event_text("record", 3, "{}"));
}

TEST(EventHub, AReaderGetsOnlyItsOwnRelease) {
  EventHub hub;
  auto reader = std::make_shared<Reader>();
  ASSERT_TRUE(
      hub.follow("r-0001", 0, reader, [](std::int64_t) { return past_of({}); }).has_value());
  hub.record("r-0002", 5, "other");
  EXPECT_EQ(reader->all, "");
}

TEST(EventHub, TheStreamOfAnEndedReleaseReplaysAndCloses) {
  EventHub hub;
  auto reader = std::make_shared<Reader>();
  ASSERT_TRUE(hub.follow("r-0001", 1, reader,
                         [](std::int64_t after) {
                           EXPECT_EQ(after, 1);
                           return past_of({2}, "end");
                         })
                  .has_value());
  EXPECT_EQ(reader->all, event_text("record", 2, "{}") + "end");
  EXPECT_TRUE(reader->closed);
}

TEST(EventHub, TheEndIsToldToAllAndClosesThem) {
  EventHub hub;
  auto a = std::make_shared<Reader>();
  auto b = std::make_shared<Reader>();
  for (const auto& reader : {a, b}) {
    ASSERT_TRUE(
        hub.follow("r-0001", 0, reader, [](std::int64_t) { return past_of({}); }).has_value());
  }
  hub.end("r-0001", "end");
  hub.record("r-0001", 9, "late");
  EXPECT_EQ(a->all, "end");
  EXPECT_EQ(b->all, "end");
  EXPECT_TRUE(a->closed && b->closed);
}

TEST(EventHub, AReaderThatIsGoneIsForgottenAndTheOthersGoOn) {
  EventHub hub;
  auto gone = std::make_shared<Reader>();
  auto here = std::make_shared<Reader>();
  for (const auto& reader : {gone, here}) {
    ASSERT_TRUE(
        hub.follow("r-0001", 0, reader, [](std::int64_t) { return past_of({}); }).has_value());
  }
  gone->gone = true;
  hub.record("r-0001", 1, "x");
  EXPECT_EQ(gone.use_count(), 1) << "the hub still holds it";
  EXPECT_EQ(here->all, "x");
}

TEST(EventHub, AliveReachesEveryReader) {
  EventHub hub;
  auto reader = std::make_shared<Reader>();
  ASSERT_TRUE(
      hub.follow("r-0001", 0, reader, [](std::int64_t) { return past_of({}); }).has_value());
  hub.alive();
  EXPECT_EQ(reader->all, ": alive\n\n");
}

TEST(EventHub, RefusesMoreReadersThanItsLimit) {
  EventHub hub;
  const auto none = [](std::int64_t) { return Result<EventHub::Past>(past_of({})); };
  for (std::size_t i = 0; i < EventHub::kMostFollowers; ++i) {
    ASSERT_TRUE(hub.follow("r-0001", 0, std::make_shared<Reader>(), none).has_value());
  }
  EXPECT_FALSE(hub.follow("r-0001", 0, std::make_shared<Reader>(), none).has_value());
}

TEST(EventHub, CloseEndsStreamsWithoutAnEnd) {
  EventHub hub;
  auto reader = std::make_shared<Reader>();
  ASSERT_TRUE(
      hub.follow("r-0001", 0, reader, [](std::int64_t) { return past_of({}); }).has_value());
  hub.close();
  EXPECT_TRUE(reader->closed);
  EXPECT_EQ(reader->all, "");
}

}  // namespace
}  // namespace slipway::daemon

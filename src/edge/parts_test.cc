// The small parts of a worker: wheel, histogram, pieces, frames, heads.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "edge/histogram.h"
#include "edge/pieces.h"
#include "edge/rewrite.h"
#include "edge/stats.h"
#include "edge/websocket.h"
#include "edge/wheel.h"
#include "io/fd.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kStart = 1'000'000;

TEST(Wheel, NeverReportsEarlyAndAtMostATickLate) {
  for (const std::uint64_t delay : {1U, 7U, 8U, 100U, 32'000U, 100'000U}) {
    Wheel wheel;
    Deadline deadline;
    std::uint64_t due_at = 0;
    std::uint64_t now = kStart;
    wheel.advance(now, [](void*) {});
    wheel.set(deadline, now + delay, now);
    for (int i = 0; i < 100'000 && due_at == 0; ++i) {
      const int next = wheel.next_in(now);
      ASSERT_GE(next, 0);
      now += static_cast<std::uint64_t>(std::max(next, 1));
      wheel.advance(now, [&](void*) { due_at = now; });
    }
    EXPECT_GE(due_at, kStart + delay);
    EXPECT_LE(due_at, kStart + delay + 16);
    EXPECT_EQ(wheel.next_in(now), -1);
  }
}

TEST(Wheel, ADeadlineMovedEarlierOrLaterIsMetAndAClearedOneIsNot) {
  Wheel wheel;
  Deadline moved;
  Deadline cleared;
  int due = 0;
  wheel.advance(kStart, [](void*) {});
  wheel.set(moved, kStart + 20'000, kStart);
  wheel.set(moved, kStart + 50, kStart);
  wheel.set(cleared, kStart + 10, kStart);
  wheel.clear(cleared);
  wheel.advance(kStart + 40, [&](void*) { ++due; });
  EXPECT_EQ(due, 0);
  wheel.set(moved, kStart + 90, kStart + 40);
  wheel.advance(kStart + 80, [&](void*) { ++due; });
  EXPECT_EQ(due, 0);
  wheel.advance(kStart + 100, [&](void*) { ++due; });
  EXPECT_EQ(due, 1);
}

TEST(Wheel, WakesNobodyForASlotThatWasCleared) {
  Wheel wheel;
  Deadline cleared;
  Deadline kept;
  wheel.advance(kStart, [](void*) {});
  wheel.set(kept, kStart + 1'000, kStart);
  wheel.set(cleared, kStart + 50, kStart);
  wheel.clear(cleared);
  EXPECT_GE(wheel.next_in(kStart), 1'000);
  wheel.clear(kept);
  EXPECT_EQ(wheel.next_in(kStart), -1);
  EXPECT_EQ(wheel.next_look(), 0U);
}

TEST(Wheel, WhoLooksWhenItSaysMissesNothing) {
  Wheel wheel;
  Deadline deadlines[3];
  std::uint64_t now = kStart;
  int due = 0;
  wheel.advance(now, [](void*) {});
  wheel.set(deadlines[0], now + 40'000, now);  // further than the wheel is round
  wheel.set(deadlines[1], now + 500, now);
  wheel.set(deadlines[2], now + 90, now);
  wheel.set(deadlines[2], now + 700, now);  // moved on: the first look is for nothing
  for (int looks = 0; looks < 6 && wheel.next_look() != 0; ++looks) {
    ASSERT_GT(wheel.next_look(), now);
    now = wheel.next_look();
    wheel.advance(now, [&](void*) { ++due; });
  }
  EXPECT_EQ(due, 3);
  EXPECT_GE(now, kStart + 40'000);
  EXPECT_LE(now, kStart + 40'016);
}

TEST(Histogram, BucketsAreNarrowAndInOrder) {
  for (std::uint64_t us = 0; us < 1'000'000; us += 1 + us / 100) {
    const std::size_t bucket = bucket_of(us);
    EXPECT_GE(bucket_upper(bucket), us);
    EXPECT_LE(static_cast<double>(bucket_upper(bucket)), static_cast<double>(us) * 1.016 + 1);
    if (bucket > 0) {
      EXPECT_LT(bucket_upper(bucket - 1), us);
    }
  }
  EXPECT_EQ(bucket_of(~std::uint64_t{0}), kBuckets - 1);
}

TEST(Histogram, CoarseBucketsAreAnEighthOfAPowerOfTwo) {
  for (std::uint64_t us = 0; us < 1'000'000; us += 1 + us / 100) {
    const std::size_t bucket = bucket_of<kCoarseStepBits>(us);
    const std::uint64_t upper = bucket_upper<kCoarseStepBits>(bucket);
    EXPECT_GE(upper, us);
    EXPECT_LE(static_cast<double>(upper), static_cast<double>(us) * 1.125 + 1);
  }
  EXPECT_EQ(bucket_of<kCoarseStepBits>(~std::uint64_t{0}), kBucketsWith<kCoarseStepBits> - 1);
}

TEST(Stats, AddUpPerReleaseAndSurviveJson) {
  ReleaseStats one;
  one.app = "a";
  one.release = "r1";
  one.requests = 3;
  one.by_class[1] = 2;
  one.latency_us = {{100, 2}, {200, 1}};
  one.routes["/checkout"] = {2, 1, {{127, 2}}};
  Stats sum = {one};
  add_to(sum, {one});
  const auto again = stats_from_json(to_json(sum));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 1U);
  EXPECT_EQ(again->front().requests, 6U);
  EXPECT_EQ(again->front().by_class[1], 4U);
  EXPECT_EQ(again->front().latency_us.at(200), 2U);
  EXPECT_EQ(again->front().routes.at("/checkout").requests, 4U);
  EXPECT_EQ(again->front().routes.at("/checkout").errors, 2U);
  EXPECT_EQ(again->front().routes.at("/checkout").latency_us.at(127), 4U);
  EXPECT_NE(prometheus_text(sum).find("slipway_edge_response_seconds_count{app=\"a\",environment="
                                      "\"\",service=\"\",release=\"r1\"} 6"),
            std::string::npos);
}

TEST(Pieces, WhatTheSocketDoesNotTakeIsKeptInOrder) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const io::Fd near(ends[0]);
  const io::Fd far(ends[1]);
  const std::string big(2'000'000, 'b');
  std::string pending;
  Pieces pieces;
  pieces.add("head ");
  pieces.add(big);
  pieces.add(" tail");
  ASSERT_TRUE(pieces.send(near.get(), pending));
  EXPECT_FALSE(pending.empty());
  std::string got;
  char bytes[65536];
  for (int i = 0; i < 10'000 && got.size() < big.size() + 10; ++i) {
    const ssize_t size = recv(far.get(), bytes, sizeof bytes, 0);
    if (size > 0) got.append(bytes, static_cast<std::size_t>(size));
    ASSERT_TRUE(flush(near.get(), pending));
  }
  EXPECT_EQ(got == "head " + big + " tail", true);
}

TEST(Pieces, UnchunkGathersTheContentInPlace) {
  std::string bytes = "3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nNEXT";
  http::ChunkedDecoder decoder;
  const Unchunked got = unchunk(decoder, bytes.data(), bytes.size());
  EXPECT_EQ(got.content, "abcde");
  EXPECT_TRUE(got.done);
  EXPECT_EQ(got.used, bytes.size() - 4);
}

TEST(FrameTracker, KnowsWhereAFrameEnds) {
  const std::string small("\x81\x02hi", 4);
  const std::string masked("\x81\x82mask12", 8);
  std::string big("\x82\x7e\x01\x00", 4);
  big += std::string(256, 'x');
  FrameTracker tracker;
  const std::string all = small + masked + big;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool edge = i == 0 || i == 4 || i == 12;
    EXPECT_EQ(tracker.between_frames(), edge) << i;
    tracker.pass(std::string_view(all).substr(i, 1));
  }
  EXPECT_TRUE(tracker.between_frames());
  tracker.pass(all + small.substr(0, 3));
  EXPECT_FALSE(tracker.between_frames());
}

std::string rewritten(const std::string& bytes, RequestRewrite rewrite) {
  const http::HeadResult parsed = http::parse_request_head(bytes);
  EXPECT_EQ(parsed.parsed, http::Parsed::Complete);
  rewrite.client_ip = "9.9.9.9";
  std::string out;
  write_request_head(parsed.head, rewrite, out);
  return out;
}

TEST(Rewrite, StripsThePrefixAndNothingElseOfTheTarget) {
  RequestRewrite strip;
  strip.strip = 4;
  EXPECT_EQ(rewritten("GET /app/a%2Fb?x=%zz HTTP/1.1\r\nHost: h\r\n\r\n", strip).substr(0, 28),
            "GET /a%2Fb?x=%zz HTTP/1.1\r\nH");
  EXPECT_EQ(rewritten("GET /app?x HTTP/1.1\r\nHost: h\r\n\r\n", strip).substr(0, 17),
            "GET /?x HTTP/1.1\r");
  EXPECT_EQ(rewritten("GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n", {}).substr(0, 26),
            "GET /b HTTP/1.1\r\nHost: a\r\n");
  EXPECT_EQ(rewritten("OPTIONS * HTTP/1.1\r\nHost: c\r\n\r\n", {}).substr(0, 20),
            "OPTIONS * HTTP/1.1\r\n");
}

TEST(Rewrite, WritesOneFramingOfItsOwn) {
  const std::string out = rewritten(
      "POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 007\r\nConnection: content-length\r\n\r\n",
      {});
  EXPECT_NE(out.find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_EQ(out.find("007"), std::string::npos);
}

}  // namespace
}  // namespace slipway::edge

// The parts that need no network: reader, mix, histogram, options.
#include <gtest/gtest.h>

#include <set>

#include "load/histogram.h"
#include "load/options.h"
#include "load/request_mix.h"
#include "load/response_reader.h"

namespace slipway::load {
namespace {

using State = ResponseReader::State;

// Feeds the text in pieces of this size; returns the state and how many bytes were taken.
State feed(ResponseReader& reader, std::string_view text, std::size_t piece,
           std::size_t* used = nullptr) {
  std::size_t at = 0;
  while (at < text.size() && reader.state() == State::Reading)
    at += reader.feed(text.substr(at, piece));
  if (used != nullptr) *used = at;
  return reader.state();
}

TEST(ResponseReader, ReadsTheSameWhereverThePiecesEnd) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nx-shop-version: 1.2.0 "
      "\r\nX-Slipway-Release: r-7\r\n"
      "Transfer-Encoding: Chunked\r\n\r\n1a;a=b\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ResponseReader reader;
    reader.begin(BodyRule::AsFramed);
    std::size_t used = 0;
    ASSERT_EQ(feed(reader, text + "next", piece, &used), State::Done) << piece;
    EXPECT_EQ(used, text.size());
    EXPECT_EQ(reader.status(), 201);
    EXPECT_EQ(reader.shop_version(), "1.2.0");
    EXPECT_EQ(reader.release(), "r-7");
    EXPECT_TRUE(reader.may_keep_alive());
  }
}

TEST(ResponseReader, EndsWithTheHeadWhenThereCanBeNoBody) {
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    ResponseReader reader;
    reader.begin(BodyRule::AsFramed);
    EXPECT_EQ(
        feed(reader, "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n", 4096),
        State::Done);
  }
  ResponseReader reader;
  reader.begin(BodyRule::None);
  EXPECT_EQ(feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 4096), State::Done);
}

TEST(ResponseReader, ABodyWithoutLengthEndsWithTheConnection) {
  ResponseReader reader;
  reader.begin(BodyRule::AsFramed);
  EXPECT_EQ(feed(reader, "HTTP/1.1 200 OK\r\n\r\nsome", 3), State::Reading);
  EXPECT_EQ(reader.feed_end(), State::Done);
  EXPECT_FALSE(reader.may_keep_alive());
}

TEST(ResponseReader, AnEndInTheMiddleIsBroken) {
  for (const char* text :
       {"HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"}) {
    ResponseReader reader;
    reader.begin(BodyRule::AsFramed);
    EXPECT_EQ(feed(reader, text, 7), State::Reading) << text;
    EXPECT_EQ(reader.feed_end(), State::Broken) << text;
  }
}

TEST(ResponseReader, RefusesWhatAClientCouldMisread) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text :
       {std::string("HTTP/2.0 200 OK\r\n\r\n"), std::string("HTTP/1.1 20 OK\r\n\r\n"),
        std::string("HTTP/1.1 2000\r\n\r\n"), std::string("HTTP/1.1 101 Switching\r\n\r\n"),
        head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        head + "Content-Length: -1\r\n\r\n", head + "Content-Length: 0x1\r\n\r\n",
        head + "Transfer-Encoding: gzip, chunked\r\n\r\n", head + "No colon\r\n\r\n",
        head + "Name : x\r\n\r\n", head + " folded: x\r\n\r\n", chunked + "g\r\n",
        chunked + "1\r\nab\r\n", chunked + "1\n", head + "X: " + std::string(70'000, 'x')}) {
    ResponseReader reader;
    reader.begin(BodyRule::AsFramed);
    EXPECT_EQ(feed(reader, text, 4096), State::Broken) << text.substr(0, 80);
  }
}

TEST(Histogram, QuantilesAreWithinOnePercent) {
  Histogram histogram;
  for (std::uint64_t us = 1; us <= 100'000; ++us) histogram.add(us);
  for (const double share : {0.5, 0.95, 0.99, 0.999}) {
    const double exact = share * 100'000;
    EXPECT_NEAR(static_cast<double>(histogram.quantile_us(share)), exact, exact * 0.01);
  }
  EXPECT_EQ(histogram.quantile_us(1), 100'000u);
  EXPECT_EQ(histogram.max_us(), 100'000u);
  EXPECT_DOUBLE_EQ(histogram.mean_us(), 50'000.5);
}

TEST(Histogram, TakesTheEnds) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile_us(0.5), 0u);
  histogram.add(0);
  EXPECT_EQ(histogram.quantile_us(0.5), 0u);
  histogram.add(UINT64_MAX);
  EXPECT_EQ(histogram.max_us(), UINT64_MAX);
}

TEST(RequestMix, FillsRangesAndChoices) {
  const Result<RequestMix> mix = RequestMix::parse("# comment\n\n1 GET /p/<3-5>?q=<tea|coffee>\n");
  ASSERT_TRUE(mix);
  SeededRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string text = mix->render(random, "shop.example");
    EXPECT_NE(text.find("\r\nHost: shop.example\r\n"), std::string::npos);
    seen.insert(text.substr(0, text.find(" HTTP/1.1\r\n")));
  }
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_TRUE(seen.contains("GET /p/5?q=coffee"));
}

TEST(RequestMix, DrawsByWeightAndRepeatsWithTheSeed) {
  const Result<RequestMix> mix = RequestMix::parse(RequestMix::shop());
  ASSERT_TRUE(mix);
  SeededRandom random(7);
  SeededRandom again(7);
  int checkouts = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = mix->render(random, "h");
    EXPECT_EQ(text, mix->render(again, "h"));
    if (text.starts_with("POST /api/checkout ")) ++checkouts;
  }
  EXPECT_NEAR(checkouts, 1000, 120);
}

TEST(RequestMix, SaysWhichLineIsWrong) {
  for (const char* line : {"GET /x", "0 GET /x", "1 GET x", "1 GET", "1 GET /<1-"}) {
    const Result<RequestMix> mix = RequestMix::parse(std::string("1 GET /\n") + line);
    ASSERT_FALSE(mix) << line;
    EXPECT_NE(mix.error().what.find("line 2"), std::string::npos) << mix.error().what;
  }
  EXPECT_FALSE(RequestMix::parse("# nothing\n"));
}

TEST(Options, RefusesWhatItDoesNotUnderstandAndNamesTheNearest) {
  const Result<Options> unknown = parse_options({"--url", "http://127.0.0.1:1", "--ratte", "5"});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().what.find("did you mean --rate?"), std::string::npos)
      << unknown.error().what;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"--url"},
           {"--url", "https://x"},
           {"--url", "http://127.0.0.1:port"},
           {"--url", "http://127.0.0.1:1", "--rate", "fast"},
           {"--url", "http://127.0.0.1:1", "--rate", "0"},
           {"--url", "http://127.0.0.1:1", "--duration", "10"},
           {"--url", "http://127.0.0.1:1", "--connections", "0"}}) {
    const Result<Options> refused = parse_options(words);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::Usage);
  }
  EXPECT_FALSE(parse_options({"--url", "http://127.0.0.1:1", "--mix", "/nowhere/mix"}));
}

TEST(Options, TakesTheHostFromTheUrlUnlessTold) {
  const Result<Options> plain = parse_options({"--url=http://127.0.0.1:81/x?y"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1:81");
  EXPECT_EQ(plain->target.path, "/x?y");
  const Result<Options> named =
      parse_options({"--url", "http://[::1]:81", "--host", "shop.example"});
  ASSERT_TRUE(named) << named.error().what;
  EXPECT_EQ(named->host, "shop.example");
}

}  // namespace
}  // namespace slipway::load

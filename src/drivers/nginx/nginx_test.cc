// The parts of this room that need no nginx; with a real one: tests/contract and
// tests/integration/routers.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "drivers/nginx/growing_file.h"
#include "drivers/nginx/render.h"
#include "drivers/nginx/tally.h"
#include "drivers/nginx/trial.h"
#include "drivers/nginx/workers.h"
#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {

ports::Split shop() {
  ports::Split split;
  split.shares = {{"web", "r-0001", 66.667, {"127.0.0.1:1", "127.0.0.1:2"}},
                  {"web", "r-0002", 33.333, {"127.0.0.1:3"}}};
  ports::Front front;
  front.service = "web";
  front.route.hosts = {"shop.test"};
  split.fronts = {front};
  return split;
}

std::string rendered(const ports::Split& split) {
  const auto text =
      render(Settings(), {"my-shop", "production"}, split, {"{}", "/x/page.html", "/x/counts"});
  EXPECT_TRUE(text) << text.error().sentence();
  return text.value_or(std::string());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Render, SharesAreHundredthsOfAPercentAndTheLastTakesTheRest) {
  const auto text = rendered(shop());
  EXPECT_TRUE(has(text,
                  "split_clients \"$request_id\" $slipway_my__shop_production_web {\n"
                  "  66.67% r-0001;\n  * r-0002;\n}\n"))
      << text;
  EXPECT_TRUE(has(text,
                  "upstream slipway_my__shop_production_web_r-0001 {\n"
                  "  server 127.0.0.1:1;\n  server 127.0.0.1:2;\n"))
      << text;
}

TEST(Render, AReleaseWithoutWeightGetsNothingAndOneTooSmallToTellNeither) {
  auto split = shop();
  split.shares[0].percent = 0;
  split.shares[1].percent = 100;
  EXPECT_FALSE(has(rendered(split), "r-0001"));
  split.shares[0].percent = 0.004;
  EXPECT_FALSE(has(rendered(split), "% r-0001"));
}

TEST(Render, EverybodysHostIsTheDefaultServer) {
  auto split = shop();
  EXPECT_TRUE(has(rendered(split), "  listen 80;\n  server_name shop.test;\n"));
  split.fronts[0].route.hosts.clear();
  EXPECT_TRUE(has(rendered(split), "  listen 80 default_server;\n  server_name _;\n"));
}

TEST(Render, NothingToServeFromIsUnavailableAndCountsNothing) {
  auto split = shop();
  split.shares.clear();
  const auto text = rendered(split);
  EXPECT_TRUE(has(text, "location / {\n    return 503;"));
  EXPECT_FALSE(has(text, "upstream"));
  EXPECT_FALSE(has(text, "log_format"));
}

TEST(Trial, TheNewBytesStandInForTheFileAndItsNeighboursStay) {
  const auto folder = *io::make_temp_dir("slipway-trial-");
  std::filesystem::create_directories(folder + "/conf.d");
  for (const auto* name : {"a.conf", "slipway.x.y.conf", "z.conf", "not.this", ".hidden.conf"})
    std::ofstream(folder + "/conf.d/" + name) << "";
  const auto text = with_stand_in(
      "# include conf.d/*.conf;\nhttp { sendfile on; include mime.types; include conf.d/*.conf; "
      "}\n",
      folder + "/nginx.conf", folder + "/conf.d/slipway.x.y.conf", "/stand/in");
  ASSERT_TRUE(text) << text.error().sentence();
  EXPECT_EQ(*text, "\nhttp { sendfile on; include mime.types; include " + folder +
                       "/conf.d/a.conf; include " + folder +
                       "/conf.d/z.conf; include /stand/in; }\n\n");
  const auto none = with_stand_in("http { include sites/*; }\n", folder + "/nginx.conf",
                                  folder + "/conf.d/slipway.x.y.conf", "/stand/in");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::Unsupported);
  std::filesystem::remove_all(folder);
}

TEST(Tally, CountsRequestsFailuresAndTimesPerRelease) {
  Tally tally;
  tally.take(R"({"release":"r-0001","status":200,"upstream":"200","head":"0.004"})");
  tally.take(R"({"release":"r-0001","status":200,"upstream":"502, 200","head":"0.000, 0.250"})");
  tally.take(R"({"release":"r-0001","status":499,"upstream":"","head":"-"})");
  tally.take(R"({"release":"r-0002","status":504,"upstream":"504","head":"-"})");
  tally.take("no JSON at all");
  tally.take(R"({"status":200})");
  const auto first = tally.counts("r-0001");
  EXPECT_EQ(first.requests, 3u);
  EXPECT_EQ(first.errors, 1u) << "another server answered, it still failed once";
  EXPECT_EQ(first.latency_us,
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{5'000, 1}, {256'000, 1}}));
  EXPECT_EQ(tally.counts("r-0002").errors, 1u);
  EXPECT_EQ(tally.counts("r-0003").requests, 0u);
}

TEST(Tally, BucketsHoldTheirTimesAndAreNarrow) {
  for (std::int64_t ms : {0, 1, 15, 16, 17, 100, 999, 5'000, 3'599'999}) {
    const auto upper_ms = bucket_us(ms) / 1000;
    EXPECT_GT(upper_ms, ms);
    EXPECT_LE(static_cast<double>(upper_ms), static_cast<double>(ms + 1) * 1.13) << ms;
  }
  EXPECT_EQ(sum_ms("-"), -1);
  EXPECT_EQ(sum_ms("0.001, 0.002 : 0.003"), 6);
}

class GrowingFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = *io::make_temp_dir("slipway-growing-");
    path_ = folder_ + "/counts";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text;
  }
  std::string come() {
    std::string lines;
    EXPECT_TRUE(file().read([&](std::string_view line) { lines += std::string(line) + "|"; }));
    return lines;
  }
  GrowingFile& file() {
    if (!file_) file_ = std::make_unique<GrowingFile>(path_);
    return *file_;
  }
  std::string folder_;
  std::string path_;
  std::unique_ptr<GrowingFile> file_;
};

TEST_F(GrowingFileTest, EachLineComesOnceAndOnlyWhenItIsWhole) {
  EXPECT_EQ(come(), "") << "nobody has written yet";
  append(path_, "a\nb");
  EXPECT_EQ(come(), "a|");
  append(path_, "c\nd\n");
  EXPECT_EQ(come(), "bc|d|");
  EXPECT_EQ(come(), "");
}

TEST_F(GrowingFileTest, WhatIsWrittenToTheRenamedFileIsReadToo) {
  append(path_, "a\n");
  EXPECT_EQ(come(), "a|");
  EXPECT_FALSE(*file().rotate(2));
  EXPECT_TRUE(*file().rotate(1));
  append(path_ + ".1", "late\n");
  EXPECT_EQ(come(), "late|");
  append(path_, "new\n");
  append(path_ + ".1", "later\n");
  EXPECT_EQ(come(), "later|new|");
}

TEST_F(GrowingFileTest, ANewReaderFindsTheFormerFileToo) {
  append(path_ + ".1", "old\n");
  append(path_, "new\n");
  EXPECT_EQ(come(), "old|new|");
}

TEST(Workers, APidFileOfSomethingElseIsNoNginx) {
  const auto folder = *io::make_temp_dir("slipway-pid-");
  EXPECT_EQ(master_of(folder + "/none").error().code, Code::NotFound);
  std::ofstream(folder + "/pid") << "1\n";
  EXPECT_EQ(master_of(folder + "/pid").error().code, Code::NotFound);
  std::ofstream(folder + "/pid") << "-7 text\n";
  EXPECT_EQ(master_of(folder + "/pid").error().code, Code::NotFound);
  std::filesystem::remove_all(folder);
}
}  // namespace
}  // namespace slipway::drivers::nginx

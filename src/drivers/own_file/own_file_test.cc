#include "drivers/own_file/own_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "drivers/own_file/words.h"

namespace slipway::drivers::own_file {
namespace {

ports::Split shop(double percent) {
  ports::Split split;
  split.shares = {{"web", "r-0001", 100 - percent, {"127.0.0.1:1"}},
                  {"web", "r-0002", percent, {"127.0.0.1:2"}}};
  ports::Front front;
  front.service = "web";
  front.route = {{"shop.test"}, {"/shop"}, false};
  front.health_path = "/health";
  front.drain = Millis(7'000);
  split.fronts = {front};
  return split;
}

class OwnFileTest : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = io::make_temp_dir("slipway-own-file-").value(); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  OwnFile file() const { return {folder_, {"shop", "production"}, "conf"}; }
  void written(const std::string& bytes, std::int64_t version, const std::string& op) {
    Record record;
    record.version = version;
    record.epoch = 3;
    record.op = op;
    record.split = shop(25);
    record.digest = sha256_hex(bytes);
    ASSERT_TRUE(file().write(bytes));
    ASSERT_TRUE(file().keep(record));
  }
  Code refusal(const std::string& expected, std::uint64_t epoch, const OpId& op) {
    const auto grant = file().may_write(*file().look(), expected, epoch, op);
    EXPECT_FALSE(grant);
    return grant ? Code::Internal : grant.error().code;
  }
  std::string folder_;
  const OpId op_{"r-0002", "shift-25", 1};
};

TEST_F(OwnFileTest, NothingWrittenIsAnEmptyView) {
  const auto seen = file().look();
  ASSERT_TRUE(seen);
  EXPECT_EQ(view_of(*seen).version, "");
  EXPECT_EQ(*file().may_write(*seen, "", 1, op_), Grant::Write);
}

TEST_F(OwnFileTest, WhatWasWrittenIsSeenAndGuarded) {
  written("text", 7, op_.text());
  const auto view = view_of(*file().look());
  EXPECT_EQ(view.version, "7");
  EXPECT_EQ(view.epoch, 3u);
  EXPECT_EQ(view.split.shares, shop(25).shares);
  EXPECT_EQ(*file().may_write(*file().look(), "6", 3, op_), Grant::DoneAlready);
  const OpId next{"r-0002", "shift-50", 1};
  EXPECT_EQ(*file().may_write(*file().look(), "7", 3, next), Grant::Write);
  EXPECT_EQ(refusal("6", 3, next), Code::Conflict);
  EXPECT_EQ(refusal("", 3, next), Code::Conflict);
  EXPECT_EQ(refusal("7", 2, next), Code::Fenced);
}

TEST_F(OwnFileTest, AnEditIsAConflictWhoeverWrites) {
  written("text", 7, op_.text());
  std::ofstream(file().path()) << "text, by hand";
  EXPECT_TRUE(file().look()->is_edited);
  EXPECT_EQ(refusal("7", 3, {"r-0003", "shift-100", 1}), Code::Conflict);
  EXPECT_EQ(refusal("7", 3, op_), Code::Conflict);
}

TEST_F(OwnFileTest, AFileOfOursWithoutItsRecordIsAnEdit) {
  std::ofstream(file().path()) << "text";
  EXPECT_TRUE(file().look()->is_edited);
}

TEST_F(OwnFileTest, AWriteThatBrokeOffIsNoEditAndCanBeMadeAgain) {
  written("text", 7, op_.text());
  const auto before = file().look()->record;
  ASSERT_TRUE(file().intend(before, "newer text"));
  EXPECT_FALSE(file().look()->is_edited) << "the file is still the former one";
  ASSERT_TRUE(file().write("newer text"));
  const auto seen = file().look();
  EXPECT_FALSE(seen->is_edited);
  EXPECT_EQ(view_of(*seen).version, "7") << "not served yet, so not told";
  EXPECT_EQ(*file().may_write(*seen, "7", 3, {"r-0002", "shift-50", 1}), Grant::Write);
  EXPECT_EQ(*file().may_write(*seen, "7", 3, op_), Grant::Write)
      << "the op of before is not what stands there";
}

TEST_F(OwnFileTest, ARemovedFileIsNothingRoutedButTheFenceStays) {
  written("text", 7, op_.text());
  std::filesystem::remove(file().path());
  EXPECT_EQ(view_of(*file().look()).version, "");
  EXPECT_EQ(*file().may_write(*file().look(), "", 3, op_), Grant::Write);
  EXPECT_EQ(refusal("", 2, op_), Code::Fenced);
}

TEST_F(OwnFileTest, ADamagedRecordIsSaid) {
  std::ofstream(file().beside("json")) << R"({"slipway": 2})";
  EXPECT_EQ(file().look().error().code, Code::Corrupt);
}

TEST_F(OwnFileTest, OnlyOneWritesAtATime) {
  const auto first = file().lock();
  ASSERT_TRUE(first);
  const auto second = file().lock();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Conflict);
}

TEST_F(OwnFileTest, HiddenFilesAreNotTakenInByAnInclude) {
  EXPECT_EQ(file().path(), folder_ + "/slipway.shop.production.conf");
  EXPECT_EQ(file().beside("json"), folder_ + "/.slipway.shop.production.json");
}

TEST(Record, ComesBackAsItWas) {
  Record record;
  record.version = 4;
  record.epoch = 9;
  record.op = "r-0002/shift-25/1";
  record.split = shop(12.5);
  record.split.mode = ports::Mode::Maintenance;
  record.split.message = "soon";
  record.split.allow = {"10.0.0.0/8"};
  record.split.page = "<p>";
  record.digest = "d";
  record.pending = "p";
  record.shape = "s";
  record.workers = {"1:2", "3:4"};
  record.asked_us = 5;
  record.leaving = {{"web", "r-0001", "127.0.0.1:1", {"1:2"}}};
  const auto back = record_from_json(*Json::parse(to_json(record).dump()));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(record));
  EXPECT_EQ(back->split.fronts, record.split.fronts);
}

TEST(Record, AnAddressLeavesWithTheWorkersThatKnewItUntilItIsUsedAgain) {
  Record record;
  record.split = shop(25);
  EXPECT_TRUE(leaving_after(record, shop(75), {"1:1"}).empty());
  record.leaving = leaving_after(record, shop(100), {"1:1", "2:2"});
  ASSERT_EQ(record.leaving.size(), 1u);
  EXPECT_EQ(record.leaving[0].address, "127.0.0.1:1");
  record.split = shop(100);
  const auto later = leaving_after(record, shop(100), {"3:3"});
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].workers, (std::vector<std::string>{"1:1", "2:2"}))
      << "newer workers never knew it";
  EXPECT_TRUE(leaving_after(record, shop(10), {"3:3"}).empty());
}

TEST(Words, WhatCouldEndADirectiveIsRefused) {
  auto split = shop(25);
  EXPECT_TRUE(check_words(split, "nginx"));
  split.fronts[0].route.paths = {"/a;b"};
  EXPECT_EQ(check_words(split, "nginx").error().code, Code::Unsupported);
  split = shop(25);
  split.shares[0].addresses = {"127.0.0.1:1;\nserver x"};
  EXPECT_FALSE(check_words(split, "nginx"));
  split = shop(25);
  split.allow = {"10.0.0.0/8 1; default"};
  EXPECT_FALSE(check_words(split, "nginx"));
  split = shop(25);
  split.fronts[0].health_path = "/h\"";
  EXPECT_FALSE(check_words(split, "nginx"));
}

TEST(Words, NamesStayDifferentWhenTheyAreMadePlain) {
  EXPECT_EQ(plain_name("a-b") + "_" + plain_name("c"), "a__b_c");
  EXPECT_EQ(plain_name("a") + "_" + plain_name("b-c"), "a_b__c");
}
}  // namespace
}  // namespace slipway::drivers::own_file

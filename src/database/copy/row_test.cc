#include "database/copy/row.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace slipway::database::copy {
namespace {

const Key128 kKey = key_of_secret("a secret for tests");
const std::string kHead = std::string("PGCOPY\n\377\r\n\0", 11) + std::string(8, '\0');

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string field(std::string_view bytes) { return number(bytes.size(), 4) + std::string(bytes); }
const std::string kNull = number(0xffffffff, 4);
std::string row(const std::vector<std::string>& fields) {
  std::string out = number(fields.size(), 2);
  for (const auto& one : fields) out += one;
  return out;
}
const std::string kEnd = number(0xffff, 2);

ColumnMask masked(Kind kind, Wire wire) {
  ColumnMask out;
  out.name = "t.c";
  out.wire = wire;
  out.act = ColumnMask::Act::Change;
  Rule rule;
  rule.kind = kind;
  rule.domain = word_for(kind);
  rule.host = "mail.test";
  rule.value = "fixed";
  out.mask = make_mask(rule, kKey, {});
  out.addresses = std::make_shared<AddressPermutation>(kKey);
  out.scramble = std::make_shared<Scramble>(kKey);
  out.shift_days = 3;
  return out;
}

std::string changed(const std::vector<ColumnMask>& columns, const std::string& rows,
                    const NeedleSet* needles = nullptr) {
  RowStream stream(columns, needles);
  std::string out;
  const auto taken = stream.take(kHead + rows + kEnd, out);
  EXPECT_TRUE(taken) << taken.error().sentence();
  EXPECT_TRUE(stream.is_complete());
  EXPECT_TRUE(out.starts_with(kHead) && out.ends_with(kEnd));
  return out.substr(kHead.size(), out.size() - kHead.size() - kEnd.size());
}

TEST(Rows, AreCopiedAsTheyLieWhereNothingIsMasked) {
  const std::string rows =
      row({field("a\tb\\N"), kNull, field("")}) + row({field(""), field("x"), kNull});
  EXPECT_EQ(changed({{}, {}, {}}, rows), rows);
}

TEST(Rows, NullStaysNullAndEmptyStaysEmpty) {
  const auto mask = masked(Kind::Email, Wire::Text);
  EXPECT_EQ(changed({mask, mask}, row({kNull, field("")})), row({kNull, field("")}));
  ColumnMask gone;
  gone.act = ColumnMask::Act::Null;
  EXPECT_EQ(changed({gone, gone}, row({field("secret"), kNull})), row({kNull, kNull}));
}

TEST(Rows, TextsArraysAndDocumentsGoThroughTheMask) {
  const auto text = masked(Kind::Constant, Wire::Text);
  const auto list = masked(Kind::Constant, Wire::TextList);
  const std::string head =
      number(1, 4) + number(1, 4) + number(25, 4) + number(3, 4) + number(1, 4);
  EXPECT_EQ(
      changed({text, list}, row({field("ada"), field(head + field("x") + kNull + field(""))})),
      row({field("fixed"), field(head + field("fixed") + kNull + field(""))}));
  EXPECT_EQ(changed({masked(Kind::Constant, Wire::Jsonb)}, row({field("\1{}")})),
            row({field("\1fixed")}));
}

TEST(Rows, DatesAreMovedAndInfinityIsNot) {
  const auto date = masked(Kind::DateShift, Wire::Date);
  EXPECT_EQ(changed({date, date}, row({field(number(100, 4)), field(number(0x7fffffff, 4))})),
            row({field(number(103, 4)), field(number(0x7fffffff, 4))}));
  const auto time = masked(Kind::DateShift, Wire::Timestamp);
  EXPECT_EQ(changed({time}, row({field(number(5, 8))})),
            row({field(number(5 + 3 * 86'400'000'000ULL, 8))}));
}

TEST(Rows, NumbersKeepTheirDigitsAndTheirSign) {
  const auto mask = masked(Kind::Token, Wire::Int2);
  std::set<std::string> seen;
  for (std::uint64_t i = 10'000; i <= 32'767; ++i) {
    const std::string out = changed({mask}, row({field(number(i, 2))}));
    const int value = static_cast<unsigned char>(out[6]) << 8 | static_cast<unsigned char>(out[7]);
    ASSERT_GE(value, 10'000);
    ASSERT_LE(value, 32'767);
    seen.insert(out);
  }
  EXPECT_EQ(seen.size(), 22'768U);
}

TEST(Rows, AUuidKeepsItsVersion) {
  const std::string uuid("\x3f\x2b\x8c\x1e\x77\xaa\x4d\x01\x9f\x00\x01\x23\x45\x67\x89\xab", 16);
  const std::string out = changed({masked(Kind::Token, Wire::Uuid)}, row({field(uuid)}));
  ASSERT_EQ(out.size(), 2U + 4 + 16);
  EXPECT_NE(out.substr(6), uuid);
  EXPECT_EQ(static_cast<unsigned char>(out[6 + 6]) >> 4, 4);
  EXPECT_EQ(static_cast<unsigned char>(out[6 + 8]) >> 4, 9);
}

TEST(Rows, AnAddressKeepsItsFamilyAndMask) {
  const std::string four = number(0x02200004, 4) + number(0x0a000001, 4);
  const std::string out = changed({masked(Kind::Ip, Wire::Inet)}, row({field(four)}));
  EXPECT_EQ(out.substr(0, 10), row({field(four)}).substr(0, 10));
  EXPECT_NE(out.substr(10), four.substr(4));
}

TEST(Rows, ArraysOfOwnTypesGetTheTargetsNumber) {
  ColumnMask column;
  column.element_type = 777;
  const std::string rest = number(1, 4) + number(1, 4) + field("good");
  EXPECT_EQ(changed({column}, row({field(number(1, 4) + number(0, 4) + number(555, 4) + rest)})),
            row({field(number(1, 4) + number(0, 4) + number(777, 4) + rest)}));
}

TEST(Rows, WhatDoesNotFitEndsTheCopyWithoutNamingTheValue) {
  auto mask = masked(Kind::Email, Wire::Text);
  mask.most_characters = 20;
  const std::vector<ColumnMask> columns{mask};
  RowStream stream(columns, nullptr);
  std::string out;
  const auto taken = stream.take(kHead + row({field("ada@example.org")}), out);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().what.find("does not fit into t.c, which holds 20"), std::string::npos);
  EXPECT_EQ(taken.error().sentence().find("ada"), std::string::npos);
}

TEST(Rows, RealValuesInKeptTextsAreCounted) {
  NeedleSet needles;
  needles.add("ada@example.org");
  needles.add("short");
  EXPECT_EQ(needles.size(), 1U);
  ColumnMask kept;
  kept.name = "orders.note";
  kept.is_searched = true;
  const std::vector<ColumnMask> columns{kept};
  RowStream stream(columns, &needles);
  std::string out;
  ASSERT_TRUE(stream.take(kHead + row({field("write to ada@example.org!")}) +
                              row({field("short")}) + row({field("ada@example.orx")}) + kEnd,
                          out));
  EXPECT_EQ(stream.tally().leaks, 1U);
  EXPECT_EQ(stream.tally().first_leak, "orders.note");
}

// Whether the stream takes one row with this field.
bool takes(const ColumnMask& column, const std::string& bytes) {
  const std::vector<ColumnMask> columns{column};
  RowStream stream(columns, nullptr);
  std::string out;
  return static_cast<bool>(stream.take(kHead + row({bytes}) + kEnd, out));
}

TEST(Rows, FieldsOfAnotherFormThanTheirTypeAreErrors) {
  for (const auto& [wire, good] :
       {std::pair{Wire::Int2, 2}, {Wire::Int4, 4}, {Wire::Int8, 8}, {Wire::Uuid, 16}}) {
    const auto column = masked(Kind::Token, wire);
    for (int size = 1; size <= 20; ++size)
      EXPECT_EQ(takes(column, field(std::string(static_cast<std::size_t>(size), '\1'))),
                size == good);
  }
  EXPECT_FALSE(takes(masked(Kind::Constant, Wire::Jsonb), field("\2{}")));
  EXPECT_FALSE(takes(masked(Kind::Ip, Wire::Inet), field("1234567")));
  EXPECT_FALSE(takes(masked(Kind::Token, Wire::Opaque), field("x")));
  EXPECT_FALSE(takes(masked(Kind::Token, Wire::Text), number(0xfffffffe, 4)));
  EXPECT_FALSE(takes(masked(Kind::Token, Wire::Text), number(0x7fffffff, 4) + "x"));
}

TEST(Rows, BrokenArraysAreErrors) {
  const auto column = masked(Kind::Constant, Wire::TextList);
  const std::string head =
      number(1, 4) + number(0, 4) + number(25, 4) + number(1, 4) + number(1, 4);
  EXPECT_TRUE(takes(column, field(head + field("x"))));
  EXPECT_TRUE(takes(column, field(number(0, 4) + number(0, 4) + number(25, 4))));  // {}
  for (const auto& broken :
       {number(7, 4) + number(0, 4) + number(25, 4), number(0xffffffff, 4) + head.substr(4),
        head.substr(0, 16), head + "xyz", head + number(5, 4) + "x", head + number(0xfffffffe, 4)})
    EXPECT_FALSE(takes(column, field(broken)));
}

TEST(Rows, OfAnyBytesNothingIsReadThatIsNotThere) {
  std::mt19937_64 random(17);
  std::vector<ColumnMask> columns;
  std::vector<std::string> fields;
  for (const auto& [kind, wire] : {std::pair{Kind::Email, Wire::Text},
                                   {Kind::Constant, Wire::Jsonb},
                                   {Kind::Ip, Wire::Inet},
                                   {Kind::Token, Wire::Uuid},
                                   {Kind::Token, Wire::Int8},
                                   {Kind::FreeText, Wire::TextList}}) {
    columns.push_back(masked(kind, wire));
    fields.push_back(field(std::string(16, '\1')));
  }
  const std::string good = kHead + row(fields) + row(fields) + kEnd;
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 3; ++k)
      bad[kHead.size() + random() % (bad.size() - kHead.size())] = static_cast<char>(random());
    // Of its own memory and no longer than it is: a sanitizer sees what is read behind it.
    const std::vector<char> message(bad.begin(), bad.end());
    RowStream stream(columns, nullptr);
    std::string out;
    const auto taken = stream.take({message.data(), message.size()}, out);
    if (!taken) {
      EXPECT_EQ(taken.error().code, Code::Malformed);
    }
  }
}

TEST(Rows, BrokenStreamsAreErrors) {
  const std::vector<ColumnMask> columns{masked(Kind::Email, Wire::Text)};
  const std::string good = kHead + row({field("ada@example.org")}) + kEnd;
  for (std::size_t length = 0; length + 1 < good.size(); ++length) {
    RowStream stream(columns, nullptr);
    std::string out;
    const auto taken = stream.take(good.substr(0, length), out);
    EXPECT_FALSE(taken && stream.is_complete()) << length;
  }
  RowStream stream(columns, nullptr);
  std::string out;
  EXPECT_FALSE(stream.take(good + "x", out));
  RowStream two(columns, nullptr);
  EXPECT_FALSE(two.take(kHead + row({field("a"), field("b")}), out));
}

}  // namespace
}  // namespace slipway::database::copy

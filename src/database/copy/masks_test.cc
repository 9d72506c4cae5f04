// Masks: what becomes of a value, and the proof that two values never become one.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "database/copy/code.h"
#include "database/copy/mask.h"
#include "database/copy/scramble.h"

namespace slipway::database::copy {
namespace {

const Key128 kKey = key_of_secret("a secret for tests");

Rule rule_of(Kind kind) {
  Rule rule;
  rule.kind = kind;
  rule.domain = word_for(kind);
  rule.host = "mail.test";
  return rule;
}

std::string masked(const Rule& rule, std::string_view value, const MaskTerms& terms = {}) {
  Scratch scratch;
  std::string out;
  EXPECT_TRUE(make_mask(rule, kKey, terms)->apply(value, scratch, out)) << value;
  return out;
}
std::string masked(Kind kind, std::string_view value) { return masked(rule_of(kind), value); }

std::string random_text(std::mt19937_64& random, std::string_view letters, std::size_t most) {
  std::string out;
  for (std::size_t i = random() % (most + 1); i > 0; --i) out += letters[random() % letters.size()];
  return out;
}

TEST(Permutation, IsOneToOneOnEverySmallDomain) {
  for (const auto& [radix, length] :
       {std::pair{10U, 1U}, {10U, 4U}, {2U, 12U}, {36U, 2U}, {7U, 5U}, {16U, 3U}, {256U, 2U}}) {
    std::size_t all = 1;
    for (unsigned i = 0; i < length; ++i) all *= radix;
    const Permutation permutation(kKey, radix);
    std::set<std::vector<std::uint8_t>> seen;
    for (std::size_t number = 0; number < all; ++number) {
      std::vector<std::uint8_t> symbols;
      for (std::size_t rest = number; symbols.size() < length; rest /= radix)
        symbols.push_back(static_cast<std::uint8_t>(rest % radix));
      permutation.forward(symbols);
      for (const auto symbol : symbols) ASSERT_LT(symbol, radix);
      seen.insert(symbols);
    }
    EXPECT_EQ(seen.size(), all) << radix << " " << length;
  }
}

TEST(Permutation, IsUndoneAtEveryLength) {
  std::mt19937_64 random(7);
  for (const unsigned radix : {2U, 10U, 16U, 36U, 62U, 256U}) {
    const Permutation permutation(kKey, radix);
    for (std::size_t length = 0; length < 90; ++length) {
      std::vector<std::uint8_t> symbols;
      for (std::size_t i = 0; i < length; ++i)
        symbols.push_back(static_cast<std::uint8_t>(random() % radix));
      auto changed = symbols;
      permutation.forward(changed);
      if (length > 12 && radix > 2) {
        EXPECT_NE(changed, symbols);
      }
      permutation.backward(changed);
      ASSERT_EQ(changed, symbols) << radix << " " << length;
    }
  }
}

TEST(Permutation, ChangesEverySymbolWhenOneChanges) {
  const Permutation permutation(kKey, 10);
  std::vector<std::uint8_t> a(16, 3);
  auto b = a;
  b[11] = 4;
  permutation.forward(a);
  permutation.forward(b);
  int same = 0;
  for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i];
  EXPECT_LE(same, 6);  // of 16 by chance one or two
}

TEST(Permutation, GivesEverySymbolAtEveryPlaceAsOftenAsAnyOther) {
  constexpr std::size_t kTexts = 20'000;
  // Longer ones than one hash is good for, too.
  for (const auto& [radix, length] : {std::pair{10U, 7U}, {16U, 9U}, {26U, 40U}, {62U, 5U}}) {
    const Permutation permutation(kKey, radix);
    std::vector<std::vector<std::size_t>> counts(length, std::vector<std::size_t>(radix));
    for (std::size_t number = 0; number < kTexts; ++number) {
      std::vector<std::uint8_t> symbols(length);
      std::size_t rest = number;
      for (auto& symbol : symbols) {
        symbol = static_cast<std::uint8_t>(rest % radix);
        rest /= radix;
      }
      permutation.forward(symbols);
      for (std::size_t i = 0; i < length; ++i) ++counts[i][symbols[i]];
    }
    const double expected = static_cast<double>(kTexts) / radix;
    const double most = 7 * std::sqrt(expected);  // seven times what chance spreads them
    for (const auto& place : counts) {
      for (const std::size_t count : place)
        EXPECT_NEAR(static_cast<double>(count), expected, most) << radix << " " << length;
    }
  }
}

TEST(Permutation, OfAnotherLengthIsAnotherOne) {
  const Permutation permutation(kKey, 16);
  std::vector<std::uint8_t> six(6, 0);
  std::vector<std::uint8_t> seven(7, 0);
  permutation.forward(six);
  permutation.forward(seven);
  EXPECT_FALSE(std::equal(six.begin(), six.end(), seven.begin()));
}

TEST(Scramble, KeepsLengthAlphabetAndPunctuation) {
  const Rule token = rule_of(Kind::Token);
  EXPECT_EQ(masked(token, "deadbeef01").find_first_not_of("0123456789abcdef"), std::string::npos);
  const std::string uuid = masked(token, "3f2b8c1e-77aa-4d01-9f00-0123456789ab");
  EXPECT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[8], '-');
  EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
  EXPECT_EQ(masked(token, "4111 1111").find_first_not_of("0123456789 "), std::string::npos);
}

TEST(Scramble, IsUndone) {
  std::mt19937_64 random(3);
  const Scramble scramble(kKey);
  std::vector<std::uint8_t> symbols;
  for (const std::string_view letters :
       {"0123456789", "0123456789abcdef", "abcxyz", "ABC0", "aZ9-_.", "g", "z9"}) {
    for (int i = 0; i < 300; ++i) {
      const std::string text = random_text(random, letters, 40);
      std::string changed;
      std::string back;
      scramble.apply(text, symbols, changed);
      ASSERT_EQ(changed.size(), text.size());
      scramble.undo(changed, symbols, back);
      ASSERT_EQ(back, text);
    }
  }
}

TEST(Scramble, MapsAllShortTextsOfAnAlphabetOntoThemselves) {
  const Scramble scramble(kKey);
  std::vector<std::uint8_t> symbols;
  std::set<std::string> seen;
  const std::string letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (const char a : letters) {
    for (const char b : letters) {
      std::string out;
      scramble.apply(std::string{a, '-', b}, symbols, out);
      seen.insert(out);
    }
  }
  EXPECT_EQ(seen.size(), letters.size() * letters.size());
}

TEST(Code, IsUndoneForAnyBytes) {
  std::mt19937_64 random(5);
  const Code code(kKey);
  std::vector<std::uint8_t> symbols;
  std::string any;
  for (int i = 0; i < 256; ++i) any += static_cast<char>(i);
  for (const std::string_view letters : {std::string_view("abc.@-_+09Z"), std::string_view(any)}) {
    for (int i = 0; i < 2000; ++i) {
      const std::string value = random_text(random, letters, 60);
      std::string out;
      code.apply(value, symbols, out);
      ASSERT_GE(out.size(), 26U);
      ASSERT_EQ(code.undo(out), value);
    }
  }
  for (const char* mail : {"ada@gmail.com", "Ada.Lovelace@Example.co.uk", "a@b", "@@..", ".com"}) {
    std::string out;
    code.apply(mail, symbols, out);
    EXPECT_EQ(code.undo(out), mail);
  }
}

TEST(Masks, GiveTheSameValueTheSamePseudonym) {
  for (const Kind kind : {Kind::Email, Kind::Name, Kind::Phone, Kind::Address, Kind::Token,
                          Kind::FreeText, Kind::Ip}) {
    EXPECT_EQ(masked(kind, "ada@example.org 12"), masked(kind, "ada@example.org 12"));
    EXPECT_NE(masked(kind, "ada@example.org 12"), "ada@example.org 12");
  }
}

// Values as people who test forms enter them.
std::set<std::string> odd_values() {
  std::mt19937_64 random(11);
  std::string any;
  for (int i = 1; i < 256; ++i) any += static_cast<char>(i);
  std::set<std::string> out = {"+",   "-",        "0",    "00",       "+0",
                               "+00", "\xc2\xb7", "ip-1", "10.0.0.1", "::1"};
  for (const std::string_view letters :
       {std::string_view("0123456789"), std::string_view("+0-9 "), std::string_view("abc@.com"),
        std::string_view("aA0"), std::string_view(any)}) {
    for (int i = 0; i < 600; ++i) out.insert(random_text(random, letters, 30));
  }
  out.erase("");  // no mask is asked about these
  return out;
}

TEST(Masks, NoTwoValuesBecomeOneWhereTheKindPromisesIt) {
  MaskTerms terms;
  terms.unique = Unique::Yes;
  const auto values = odd_values();
  for (const Kind kind : {Kind::Email, Kind::Name, Kind::Phone, Kind::Address, Kind::Token,
                          Kind::Ip, Kind::Template}) {
    Rule rule = rule_of(kind);
    rule.value = "u-${code}";
    ASSERT_TRUE(keeps_apart(rule));
    std::set<std::string> seen;
    for (const auto& value : values) seen.insert(masked(rule, value, terms));
    EXPECT_EQ(seen.size(), values.size()) << word_for(kind);
  }
}

TEST(Masks, WhatCameBeforeChangesNothing) {
  const auto values = odd_values();
  for (const Kind kind : {Kind::Email, Kind::Name, Kind::Phone, Kind::Address, Kind::Token,
                          Kind::FreeText, Kind::Ip}) {
    const auto mask = make_mask(rule_of(kind), kKey, {});
    Scratch scratch;  // of one stream, used for all of them
    std::string out;
    for (const auto& value : values) {
      const std::size_t begin = out.size();
      ASSERT_TRUE(mask->apply(value, scratch, out));
      ASSERT_EQ(out.substr(begin), masked(kind, value)) << word_for(kind);
    }
  }
}

TEST(Masks, OfAnotherKeyOrDomainHaveNothingInCommon) {
  Rule other = rule_of(Kind::Email);
  other.domain = "suppliers";
  EXPECT_NE(masked(Kind::Email, "ada@example.org"), masked(other, "ada@example.org"));
  Scratch scratch;
  std::string out;
  const auto mask = make_mask(rule_of(Kind::Email), key_of_secret("another"), {});
  ASSERT_TRUE(mask->apply("ada@example.org", scratch, out));
  EXPECT_NE(out, masked(Kind::Email, "ada@example.org"));
}

TEST(Masks, AnAddressOfMailEndsWhereNoMailArrives) {
  const std::string out = masked(Kind::Email, "ada.lovelace@example.org");
  EXPECT_TRUE(out.ends_with("@mail.test")) << out;
  EXPECT_EQ(out.substr(0, out.find('@')).find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"),
            std::string::npos);
}

TEST(Masks, WhatIsRememberedIsWhatWouldBeComputed) {
  Recent recent;
  std::string out;
  EXPECT_FALSE(recent.recall(1, "0170", out));
  recent.keep(1, "0170", "0999");
  EXPECT_FALSE(recent.recall(2, "0170", out)) << "another mask changes it differently";
  EXPECT_FALSE(recent.recall(1, "017", out));
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(recent.recall(1, "0170", out));
  EXPECT_EQ(out, "0999");
  // Few are kept: the oldest goes.
  for (const char* value : {"1", "2", "3", "4"}) recent.keep(1, value, "x");
  EXPECT_FALSE(recent.recall(1, "0170", out));
}

TEST(Masks, APhoneNumberHasACountryThatNobodyHas) {
  EXPECT_TRUE(masked(Kind::Phone, "+49 170 1234567").starts_with("+999"));
  EXPECT_TRUE(masked(Kind::Phone, "0170 1234567").starts_with("0999"));
  EXPECT_NE(masked(Kind::Phone, "+49 170 1234567"), masked(Kind::Phone, "+49 170 1234568"));
}

TEST(Masks, WhatIsNotAsciiIsNotLeftReadable) {
  EXPECT_EQ(masked(Kind::Token, "J\xc3\xbcrgen M\xc3\xbcller").find("rgen"), std::string::npos);
  EXPECT_EQ(masked(Kind::Phone, "Frau M\xc3\xbcller").find("ller"), std::string::npos);
  EXPECT_EQ(masked(Kind::Ip, "gateway").find("gateway"), std::string::npos);
}

TEST(Masks, TextIsNeverLongerThanItWas) {
  for (const std::string_view text : {"x", "Please call", "\xc3\xbc\xc3\xbc\xc3\xbc"}) {
    const std::string out = masked(Kind::FreeText, text);
    EXPECT_LE(out.size(), text.size());
    EXPECT_FALSE(out.empty());
  }
}

TEST(Masks, AnIpAddressStaysOne) {
  const std::string four = masked(Kind::Ip, "192.168.0.1");
  EXPECT_EQ(std::count(four.begin(), four.end(), '.'), 3) << four;
  EXPECT_NE(masked(Kind::Ip, "2001:db8::1").find(':'), std::string::npos);
  EXPECT_TRUE(masked(Kind::Ip, "010.0.0.1").starts_with("ip-"));
}

TEST(Masks, NamesAreUniqueWhereTheyMustBe) {
  MaskTerms terms;
  terms.unique = Unique::Yes;
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i)
    seen.insert(masked(rule_of(Kind::Name), "name " + std::to_string(i), terms));
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(Masks, NamesAndAddressesFitTheirColumn) {
  MaskTerms terms;
  terms.most_characters = 4;
  EXPECT_LE(masked(rule_of(Kind::Name), "Wolfeschlegelsteinhausen", terms).size(), 4U);
  EXPECT_LE(masked(rule_of(Kind::Address), "12 Long Street", terms).size(), 4U);
}

TEST(Masks, ATemplateHoldsACode) {
  Rule rule = rule_of(Kind::Template);
  rule.value = "user-${code}@corp.test";
  const std::string out = masked(rule, "ada");
  EXPECT_TRUE(out.starts_with("user-"));
  EXPECT_TRUE(out.ends_with("@corp.test"));
  EXPECT_TRUE(keeps_apart(rule));
  rule.value = "nobody";
  EXPECT_EQ(masked(rule, "ada"), "nobody");
  EXPECT_FALSE(keeps_apart(rule));
}

TEST(Masks, CaseIsFoldedWhereTheColumnFoldsIt) {
  MaskTerms terms;
  terms.fold_case = true;
  const Rule rule = rule_of(Kind::Email);
  EXPECT_EQ(masked(rule, "Ada@Example.org", terms), masked(rule, "ada@example.org", terms));
  EXPECT_NE(masked(rule, "Ada@Example.org"), masked(rule, "ada@example.org"));
}

using Paths = std::vector<std::pair<std::vector<std::string>, Kind>>;

Rule json_rule(const Paths& paths, JsonRest rest) {
  Rule rule = rule_of(Kind::Json);
  rule.rest = rest;
  for (const auto& [keys, kind] : paths) rule.paths.push_back({keys, rule_of(kind)});
  return rule;
}

TEST(JsonMask, ReplacesTheTextsAtItsPathsAndNothingElse) {
  const Rule rule =
      json_rule({{{"mail"}, Kind::Email}, {{"home", "phone"}, Kind::Phone}}, JsonRest::Keep);
  const std::string mail = masked(Kind::Email, "ada@example.org");
  EXPECT_EQ(masked(rule, R"({"plan": "pro", "mail": "ada@example.org", "n": [1, -2.5e3, true]})"),
            R"({"plan": "pro", "mail": ")" + mail + R"(", "n": [1, -2.5e3, true]})");
  const std::string phone = masked(Kind::Phone, "+49 1");
  EXPECT_EQ(masked(rule, R"({"home":{"phone":"+49 1","x":"y"},"phone":"+49 1"})"),
            R"({"home":{"phone":")" + phone + R"(","x":"y"},"phone":"+49 1"})");
}

TEST(JsonMask, LooksThroughListsAndAnyKey) {
  const Rule rule = json_rule({{{"people", "*", "mail"}, Kind::Null}}, JsonRest::Keep);
  EXPECT_EQ(masked(rule, R"({"people":[{"a":{"mail":"x@y.z"}},{"b":{"mail":"","k":"v"}}]})"),
            R"({"people":[{"a":{"mail":null}},{"b":{"mail":"","k":"v"}}]})");
}

TEST(JsonMask, HidesTextsThatNoPathNames) {
  const std::string out = masked(json_rule({}, JsonRest::Mask), R"({"note": "call Ada", "n": 7})");
  EXPECT_EQ(out.find("Ada"), std::string::npos);
  EXPECT_TRUE(out.ends_with(R"(, "n": 7})")) << out;
  EXPECT_EQ(masked(json_rule({}, JsonRest::Remove), R"({"note": "call Ada", "n": 7, "b": [true]})"),
            R"({"note": null, "n": null, "b": [null]})");
}

TEST(JsonMask, ARuleOfAMapCoversAllOfIt) {
  const std::string out = masked(json_rule({{{"home"}, Kind::Token}}, JsonRest::Keep),
                                 R"({"home": {"street": "Elm 5", "zip": 12345, "flag": true}})");
  EXPECT_EQ(out.find("Elm"), std::string::npos);
  EXPECT_NE(out.find(R"("zip": 0, "flag": null)"), std::string::npos) << out;
}

TEST(JsonMask, WhatStandsWhereAPathGoesOnIsOfTheRest) {
  const Paths paths = {{{"home", "phone"}, Kind::Phone}};
  EXPECT_EQ(masked(json_rule(paths, JsonRest::Remove), R"({"home": 5})"), R"({"home": null})");
  EXPECT_EQ(masked(json_rule(paths, JsonRest::Keep), R"({"home": "x"})"), R"({"home": "x"})");
  EXPECT_NE(masked(json_rule(paths, JsonRest::Mask), R"({"home": "x y"})"), R"({"home": "x y"})");
}

TEST(JsonMask, ReadsEscapesInKeysAndTexts) {
  const Rule rule = json_rule({{{"m\"il"}, Kind::Email}}, JsonRest::Keep);
  const std::string expected = masked(Kind::Email, "a\n\"\xc3\xbc\xf0\x9f\x98\x80");
  EXPECT_EQ(masked(rule, R"({"m\"il": "a\n\"\u00fc\ud83d\ude00", "k\\": "\u0041"})"),
            R"({"m\"il": ")" + expected + R"(", "k\\": "\u0041"})");
}

TEST(JsonMask, RefusesWhatIsNoJson) {
  const auto mask = make_mask(json_rule({}, JsonRest::Mask), kKey, {});
  Scratch scratch;
  for (const char* bad : {"{", "{\"a\"}", "[1,", "\"open", "{\"a\":1}}", "", "{,}", "\"\\\""}) {
    std::string out;
    EXPECT_FALSE(mask->apply(bad, scratch, out)) << bad;
  }
  std::string deep(100'000, '[');
  std::string out;
  EXPECT_FALSE(mask->apply(deep, scratch, out));
}

}  // namespace
}  // namespace slipway::database::copy

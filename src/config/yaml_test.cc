#include "config/yaml.h"

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

std::optional<Node> tree_of(std::string_view text) {
  Problems problems;
  auto tree = parse_yaml(text, problems);
  EXPECT_TRUE(problems.empty());
  return tree;
}

TEST(Yaml, EveryKeyAndValueKnowsItsPlace) {
  const auto tree = tree_of("a: 1\nmap:\n  key: text\nlist:\n  - one\n  - { k: v }\n");
  ASSERT_TRUE(tree);
  const Node* key = tree->find("map")->find("key");
  EXPECT_EQ(key->key_at, (Mark{3, 3}));
  EXPECT_EQ(key->at, (Mark{3, 8}));
  const auto& list = *tree->find("list");
  EXPECT_EQ(list.items[0].at, (Mark{5, 5}));
  EXPECT_EQ(list.items[1].find("k")->key_at, (Mark{6, 7}));
}

TEST(Yaml, AliasesAreCopiesAndMergeKeysFillWhatIsMissing) {
  const auto tree =
      tree_of("base: &b { x: 1, y: 2 }\none: *b\ntwo:\n  <<: *b\n  y: 3\nthree:\n  <<: [*b]\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("one")->find("x")->text, "1");
  EXPECT_EQ(tree->find("two")->find("x")->text, "1");
  EXPECT_EQ(tree->find("two")->find("y")->text, "3");
  EXPECT_EQ(tree->find("two")->find("<<"), nullptr);
  EXPECT_EQ(tree->find("three")->find("y")->text, "2");
}

TEST(Yaml, ASyntaxErrorIsOneMistakeWithItsPlace) {
  EXPECT_EQ(mistakes_of("app: a\nservices: { web: { run: x }\nfoo: 1\n"),
            "3:1 not valid YAML: end of map flow not found | a '{' or '[' opened before this place "
            "is not closed");
  EXPECT_EQ(mistakes_of("app: a\nservices:\n  web:\n    run: x: y\n"),
            "4:11 not valid YAML: illegal map value | a value with ': ' in it needs quotes");
  EXPECT_EQ(mistakes_of("app: a\nservices: *nobody\n").substr(0, 5), "2:11 ");
}

TEST(Yaml, AQuoteThatIsNotClosedIsToldWhereItOpens) {
  constexpr auto kTold = " the quote that opens here is not closed | close it on the same line";
  EXPECT_EQ(mistakes_of("app: 'a\nservices: x\n"), std::string("1:6") + kTold);
  EXPECT_EQ(mistakes_of("app: \"a\\\"\nservices: x\n"), std::string("1:6") + kTold);
  EXPECT_EQ(mistakes_of("app: a\nx-é: 'it''s\nb: c\n"), std::string("2:7") + kTold);
  EXPECT_TRUE(tree_of("a: 'it''s'\nb: \"say \\\"x\\\"\"\nü: { é: 'ok' }"));
}

TEST(Yaml, ATabIsNamedAsSuch) {
  EXPECT_EQ(mistakes_of("app: a\nservices:\n\tweb: 1\n"),
            "3:1 a tab stands where YAML wants spaces | indent with two spaces");
}

TEST(Yaml, DuplicateKeysAreToldAndTheFirstCounts) {
  Problems problems;
  const auto tree = parse_yaml("a: 1\nb: 2\na: 3\na: 4\n", problems);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("a")->text, "1");
  ASSERT_EQ(problems.all().size(), 2u);
  EXPECT_EQ(problems.all()[0].at, (Mark{3, 1}));
  EXPECT_EQ(problems.all()[1].at, (Mark{4, 1}));
}

TEST(Yaml, AMapAsKeyIsTold) {
  EXPECT_NE(mistakes_of("app: {{ name }}\n").find("a list or map stands where a key is expected"),
            std::string::npos);
}

TEST(Yaml, ASecondDocumentIsRefused) {
  EXPECT_NE(mistakes_of("app: a\n---\napp: b\n").find("a second document begins here"),
            std::string::npos);
}

TEST(Yaml, WhatIsTooLargeIsRefusedBeforeItIsRead) {
  const std::string large(kLongestText + 1, '#');
  EXPECT_NE(mistakes_of(large).find("at most 1048576 are read"), std::string::npos);
  EXPECT_NE(mistakes_of(std::string("a: 1\nb: \0", 9)).find("zero byte"), std::string::npos);
}

TEST(Yaml, WhatIsNestedTooDeepIsRefused) {
  std::string deep = "a: ";
  for (int i = 0; i < kDeepest + 5; ++i) deep += "[";
  EXPECT_NE(mistakes_of(deep).find("nested more than 32 levels deep"), std::string::npos);
  // Deep enough to end a parser's stack.
  const std::string abyss = "a: " + std::string(500'000, '[');
  EXPECT_FALSE(mistakes_of(abyss).empty());
}

TEST(Yaml, AliasesThatMultiplyAreStopped) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  EXPECT_NE(mistakes_of(bomb).find("more than 10000 values"), std::string::npos);
  EXPECT_NE(mistakes_of("a: &a [*a]\n"), "");
}

}  // namespace
}  // namespace slipway::config

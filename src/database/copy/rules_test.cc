#include "database/copy/rules.h"

#include <gtest/gtest.h>

namespace slipway::database::copy {
namespace {

std::vector<std::string> mistakes(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& one : read_rules(text, "anonymise.yaml").diagnostics) out.push_back(one.text());
  return out;
}

TEST(Rules, AreReadFromWordsAndMaps) {
  const auto read = read_rules(R"(
tables:
  users:
    email: email
    born: {kind: date_shift, days: 20}
    name: {kind: name, part: last, domain: people}
    profile: {kind: json, paths: {phone: phone, a.*.b: null}, rest: keep}
    gone: ~
  audit.entries: empty
subset: {users: 12.5%}
)",
                               "anonymise.yaml");
  ASSERT_TRUE(read.rules) << read.diagnostics[0].text();
  const TableRules& users = read.rules->tables.at(0);
  EXPECT_EQ(users.columns.at("email").domain, "email");
  EXPECT_EQ(users.columns.at("email").host, "mail.test");
  EXPECT_EQ(users.columns.at("born").days, 20);
  EXPECT_EQ(users.columns.at("name").part, NamePart::Last);
  EXPECT_EQ(users.columns.at("name").domain, "people");
  EXPECT_EQ(users.columns.at("gone").kind, Kind::Null);
  const Rule& profile = users.columns.at("profile");
  EXPECT_EQ(profile.rest, JsonRest::Keep);
  ASSERT_EQ(profile.paths.size(), 2U);
  EXPECT_EQ(profile.paths[1].keys, (std::vector<std::string>{"a", "*", "b"}));
  EXPECT_EQ(profile.paths[1].rule.kind, Kind::Null);
  EXPECT_TRUE(read.rules->tables.at(1).empty);
  EXPECT_EQ(read.rules->subset.at(0).percent, 12.5);
}

TEST(Rules, EveryMistakeIsToldAtOnceWithItsPlace) {
  const auto found = mistakes(R"(tables:
  users:
    email: emial
    name: {part: first}
    phone: {kind: phone, dayz: 3}
    born: {kind: date_shift, days: 0}
    hash: {kind: constant}
    doc: {kind: json, paths: {a..b: email, c: date_shift}, rest: all}
    mail: {kind: email, host: corp.com}
    list: [email]
  orders: 5
subset: {users: 200%}
tabels: {}
)");
  const std::vector<std::string> expected = {
      "anonymise.yaml:3:12: 'tables.users.email' is 'emial', which is no kind of rule\n    did you "
      "mean 'email'?",
      "anonymise.yaml:4:11: 'tables.users.name' has no 'kind'",
      "anonymise.yaml:5:26: unknown key 'dayz' in tables.users.phone, a rule 'phone'",
      "anonymise.yaml:6:36: 'tables.users.born.days' is '0', not a number of days from 1 to 3650",
      "anonymise.yaml:7:11: 'tables.users.hash' has no 'value'",
      "anonymise.yaml:8:31: 'a..b' is no path",
      "anonymise.yaml:8:47: 'date_shift' cannot stand inside a document",
      "anonymise.yaml:8:66: 'tables.users.doc.rest' is 'all'",
      "anonymise.yaml:9:31: 'tables.users.mail.host' is 'corp.com', where mail could arrive",
      "anonymise.yaml:10:11: 'tables.users.list' must be a kind or a map, not a list",
      "anonymise.yaml:11:11: 'tables.orders' must be a map of columns",
      "anonymise.yaml:12:17: 'subset.users' is no share of its rows",
      "anonymise.yaml:13:1: unknown key 'tabels' at the top level\n    did you mean 'tables'?",
  };
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(found[i].starts_with(expected[i])) << found[i] << "\n" << expected[i];
}

TEST(Rules, OneDomainHasOneKind) {
  const auto found =
      mistakes("tables: {a: {x: {kind: email, domain: d}}, b: {y: {kind: token, domain: d}}}");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("the domain 'd' is 'email' at a.x and 'token' here"), std::string::npos);
}

TEST(Rules, AHostileFileIsAMistakeAndNothingWorse) {
  std::string wide = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    wide += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) wide += ", " + before;
    wide += "]\n";
  }
  EXPECT_FALSE(mistakes(wide + "tables: {users: {email: *a11}}").empty());
  EXPECT_FALSE(mistakes("tables: " + std::string(5000, '[')).empty());
  EXPECT_FALSE(mistakes("tables: {users: {email: email, email: keep}}").empty());
  EXPECT_FALSE(mistakes(std::string_view("tables:\n  \0\xff\xfe: x", 16)).empty());
}

TEST(Rules, AFileWithoutTablesOrYamlIsAMistake) {
  EXPECT_EQ(mistakes("subset: {}").size(), 1U);
  EXPECT_EQ(mistakes("tables: [").size(), 1U);
  EXPECT_EQ(mistakes("").size(), 1U);
}

}  // namespace
}  // namespace slipway::database::copy

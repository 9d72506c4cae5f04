#include "database/copy/plan.h"

#include <gtest/gtest.h>

namespace slipway::database::copy {
namespace {

const Key128 kKey = key_of_secret("a secret for tests");

Column column(std::string name, std::string base) {
  Column out;
  out.name = std::move(name);
  out.type = base;
  out.base = std::move(base);
  out.base_schema = "pg_catalog";
  return out;
}

// users(id, email unique, bio), orders(id, user_id -> users.id, mail -> users.email).
Catalogue shop() {
  Catalogue out;
  Table users;
  users.id = 1;
  users.schema = users.root_schema = "public";
  users.name = users.root_name = "users";
  users.bytes = 10;
  users.columns = {column("id", "int8"), column("email", "text"), column("bio", "text")};
  users.columns[0].is_unique = users.columns[0].is_key = true;
  users.columns[1].is_unique = true;
  Table orders = users;
  orders.id = 2;
  orders.name = orders.root_name = "orders";
  orders.bytes = 20;
  orders.columns = {column("id", "int8"), column("user_id", "int8"), column("mail", "text")};
  out.tables = {users, orders};
  out.foreign_keys = {{"fk_user", 2, 1, {"user_id"}, {"id"}},
                      {"fk_mail", 2, 1, {"mail"}, {"email"}}};
  return out;
}

Planned planned(const Catalogue& catalogue, std::string_view rules) {
  const auto read = read_rules(rules, "anonymise.yaml");
  EXPECT_TRUE(read.rules) << (read.diagnostics.empty() ? "" : read.diagnostics[0].text());
  return make_plan(catalogue, *read.rules, kKey);
}

std::string problems(const Planned& plan) {
  std::string out;
  for (const auto& one : plan.problems) out += one.text() + "\n";
  return out;
}

const ColumnMask& mask_in(const Planned& plan, std::string_view name) {
  static const ColumnMask none;
  for (const auto& table : plan.plan.tables) {
    for (const auto& mask : table.masks) {
      if (mask.name == name) return mask;
    }
  }
  ADD_FAILURE() << name;
  return none;
}

TEST(Plan, TheLargestTableIsFirst) {
  const auto catalogue = shop();
  const auto plan = planned(catalogue, "tables: {users: {email: email, bio: free_text}}");
  EXPECT_EQ(problems(plan), "");
  EXPECT_TRUE(plan.unclassified.empty());
  EXPECT_EQ(plan.plan.tables.at(0).table->name, "orders");
}

TEST(Plan, AForeignKeyTakesTheRuleOfWhatItRefersTo) {
  const auto catalogue = shop();
  const auto plan = planned(catalogue, "tables: {users: {email: email, bio: null, id: token}}");
  EXPECT_EQ(mask_in(plan, "orders.mail").act, ColumnMask::Act::Change);
  EXPECT_EQ(mask_in(plan, "orders.user_id").act, ColumnMask::Act::Change);
  EXPECT_EQ(mask_in(plan, "orders.id").act, ColumnMask::Act::Copy);
  Scratch scratch;
  std::string a;
  std::string b;
  ASSERT_TRUE(mask_in(plan, "orders.mail").mask->apply("x@y.z", scratch, a));
  ASSERT_TRUE(mask_in(plan, "users.email").mask->apply("x@y.z", scratch, b));
  EXPECT_EQ(a, b);
}

TEST(Plan, AForeignKeyWithAnotherRuleIsRefused) {
  const auto catalogue = shop();
  const auto plan = planned(
      catalogue,
      "tables: {users: {email: email, bio: null}, orders: {mail: {kind: email, domain: o}}}");
  EXPECT_NE(problems(plan).find("orders.mail refers to users.email, whose rule is 'email'"),
            std::string::npos)
      << problems(plan);
}

TEST(Plan, NamesEveryColumnWithoutARule) {
  const auto catalogue = shop();
  const auto plan = planned(catalogue, "tables: {}");
  EXPECT_EQ(plan.unclassified, (std::vector<std::string>{"users.email (text)", "users.bio (text)",
                                                         "orders.mail (text)"}));
  EXPECT_EQ(plan.to_paste,
            "tables:\n  users:\n    email: email\n    bio: free_text\n  orders:\n    mail: "
            "free_text\n");
}

TEST(Plan, TheTypesThatNeedARule) {
  for (const char* base : {"text", "varchar", "jsonb", "json", "xml", "bytea", "inet", "cidr",
                           "macaddr", "date", "tsvector", "uuid", "point"})
    EXPECT_TRUE(needs_rule(column("c", base))) << base;
  for (const char* base : {"int4", "bool", "numeric", "timestamptz", "interval", "int8range"})
    EXPECT_FALSE(needs_rule(column("c", base))) << base;
  Column own = column("c", "geometry");
  own.base_schema = "public";
  EXPECT_TRUE(needs_rule(own));
  own.base_kind = 'e';
  EXPECT_FALSE(needs_rule(own));
  Column key = column("c", "uuid");
  key.is_key = true;
  EXPECT_FALSE(needs_rule(key));
}

TEST(Plan, ARuleThatLosesUniquenessIsRefused) {
  const auto catalogue = shop();
  for (const char* rule :
       {"free_text", "{kind: constant, value: x}", "{kind: template, value: x}"}) {
    const auto plan =
        planned(catalogue, std::string("tables: {users: {bio: null, email: ") + rule + "}}");
    EXPECT_NE(problems(plan).find("users.email is part of a unique key"), std::string::npos)
        << rule;
  }
  for (const char* rule :
       {"name", "address", "phone", "ip", "{kind: template, value: \"${code}\"}"})
    EXPECT_EQ(problems(planned(catalogue,
                               std::string("tables: {users: {bio: null, email: ") + rule + "}}")),
              "")
        << rule;
}

TEST(Plan, ADomainIsUniqueEverywhereWhenOneColumnIs) {
  const auto catalogue = shop();
  const auto plan = planned(catalogue, "tables: {users: {email: name, bio: name}}");
  Scratch scratch;
  std::string unique;
  std::string other;
  ASSERT_TRUE(mask_in(plan, "users.email").mask->apply("Ada", scratch, unique));
  ASSERT_TRUE(mask_in(plan, "users.bio").mask->apply("Ada", scratch, other));
  EXPECT_EQ(unique, other);
  EXPECT_GT(other.size(), 27U);
}

TEST(Plan, RulesThatFitNoTypeAreRefused) {
  auto catalogue = shop();
  catalogue.tables[0].columns.push_back(column("seen", "inet"));
  catalogue.tables[0].columns.push_back(column("doc", "jsonb"));
  const auto bad = planned(catalogue,
                           "tables: {users: {email: date_shift, bio: null, seen: email, doc: "
                           "{kind: constant, value: x}}}");
  EXPECT_NE(problems(bad).find("'date_shift' cannot be the rule of users.email"),
            std::string::npos);
  EXPECT_NE(problems(bad).find("'email' cannot be the rule of users.seen"), std::string::npos);
  EXPECT_NE(problems(bad).find("users.doc takes JSON"), std::string::npos);
}

TEST(Plan, PartsOfATableShareItsRules) {
  auto catalogue = shop();
  Table part = catalogue.tables[0];
  part.id = 9;
  part.name = "users_2025";
  part.is_partition = true;
  catalogue.tables.push_back(part);
  const auto none = planned(catalogue, "tables: {}");
  EXPECT_EQ(none.unclassified.size(), 3U);
  const auto plan = planned(catalogue, "tables: {users: {email: email, bio: null}}");
  EXPECT_EQ(problems(plan), "");
  EXPECT_TRUE(plan.unclassified.empty());
}

TEST(Plan, GeneratedColumnsAndEmptyTablesAreLeftAlone) {
  auto catalogue = shop();
  catalogue.tables[0].columns[2].is_generated = true;
  catalogue.large_objects = 3;
  const auto plan = planned(catalogue, "tables: {users: {email: email}, orders: empty}");
  EXPECT_TRUE(plan.unclassified.empty());
  EXPECT_EQ(plan.plan.tables[1].columns.size(), 2U);
  EXPECT_TRUE(plan.plan.tables[0].empty);
  EXPECT_EQ(plan.plan.notes, std::vector<std::string>{"3 large objects are left out"});
}

TEST(Plan, DatesOfADomainMoveByOneNumberOfDays) {
  auto catalogue = shop();
  catalogue.tables[0].columns.push_back(column("born", "date"));
  catalogue.tables[1].columns.push_back(column("born", "date"));
  const auto plan =
      planned(catalogue,
              "tables: {users: {email: email, bio: null, born: {kind: date_shift, days: 2}}, "
              "orders: {born: {kind: date_shift, days: 2}}}");
  const int days = mask_in(plan, "users.born").shift_days;
  EXPECT_NE(days, 0);
  EXPECT_LE(std::abs(days), 2);
  EXPECT_EQ(mask_in(plan, "orders.born").shift_days, days);
}

TEST(Plan, NamesSuggestKinds) {
  const std::pair<const char*, Kind> expected[] = {
      {"emailAddress", Kind::Email}, {"user_email", Kind::Email},
      {"phone_number", Kind::Phone}, {"passwordHash", Kind::PasswordHash},
      {"api_key", Kind::Token},      {"street", Kind::Address},
      {"name", Kind::Name},          {"currency", Kind::Keep},
      {"comment", Kind::FreeText},
  };
  for (const auto& [name, kind] : expected) EXPECT_EQ(kind_for(column(name, "text")), kind) << name;
  EXPECT_EQ(proposal_for(column("first_name", "text")), "{kind: name, part: first}");
  EXPECT_EQ(proposal_for(column("doc", "jsonb")), "{kind: json, paths: {}}");
}

}  // namespace
}  // namespace slipway::database::copy

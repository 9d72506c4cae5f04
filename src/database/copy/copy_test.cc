// The copy against a real PostgreSQL.
#include "database/copy/copy.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "database/postgres/connection.h"
#include "database/postgres/scratch_server.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;
using postgres::ScratchServer;

constexpr const char* kSchema = R"(
create type mood as enum ('good', 'bad');
create domain mail as text check (value like '%@%');
create table users (
  id bigserial primary key,
  email mail not null unique,
  first_name text, phone varchar(24), password_hash text not null, token uuid,
  reset_token char(32), profile jsonb, born date, seen_from inet, tags text[], moods mood[],
  state mood not null default 'good', created timestamptz not null default now(),
  label text generated always as ('user ' || first_name) stored);
create unique index users_lower on users (lower(email));
create table orders (id bigserial primary key, user_id bigint not null references users,
  contact_email text not null, note text, total numeric(10,2) not null);
create index orders_mail on orders (contact_email);
create table events (id bigint, at date not null, what text) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create index events_what on events (what);
create table cache (k text primary key, v bytea);
create view buyers as select distinct u.email from users u join orders o on o.user_id = u.id;
insert into users (email, first_name, phone, password_hash, token, reset_token, profile, born,
                   seen_from, tags, moods)
select 'person' || i || '@corp.example', 'Real' || i, '+49 170 ' || 1000000 + i,
       'hash-' || md5(i::text), gen_random_uuid(), md5('t' || i),
       jsonb_build_object('phone', '+49 30 ' || 2000000 + i, 'plan', 'pro', 'home',
                          jsonb_build_object('street', 'Realstreet ' || i)),
       date '1980-01-01' + i % 5000, ('10.1.' || i / 250 || '.' || i % 250)::inet,
       array['tag' || i, null, ''], array['good', 'bad']::mood[]
from generate_series(1, 500) i;
update users set phone = null, profile = null where id % 7 = 0;
update users set phone = '' where id % 7 = 1;
insert into orders (user_id, contact_email, note, total)
select u.id, u.email, 'Please deliver to ' || u.first_name, u.id * 1.5 from users u where id % 2 = 0;
insert into events select i, date '2025-03-01' + i, 'seen' from generate_series(1, 30) i;
insert into cache values ('a', '\x00ff');
)";

constexpr const char* kRules = R"(
tables:
  users:
    email: email
    first_name: {kind: name, part: first}
    phone: phone
    password_hash: password_hash
    token: token
    reset_token: token
    profile: {kind: json, paths: {phone: phone, home: address, plan: keep}}
    born: {kind: date_shift, days: 20}
    seen_from: ip
    tags: free_text
  orders:
    contact_email: email
    note: free_text
  events: {at: keep, what: keep}
  cache: empty
)";

class CopyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = ScratchServer::start();
    ASSERT_TRUE(server) << server.error().sentence();
    server_ = server->release();
    auto admin = open("postgres");
    ASSERT_TRUE(admin->run("create database shop"));
    auto shop = open("shop");
    const auto made = shop->run(kSchema);
    ASSERT_TRUE(made) << made.error().sentence();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static std::unique_ptr<Connection> open(const std::string& database) {
    auto connection = Connection::open(server_->url(database), "test");
    EXPECT_TRUE(connection) << connection.error().sentence();
    return std::move(*connection);
  }
  static std::string value(const std::string& database, const std::string& statement) {
    const auto value = open(database)->value(statement);
    EXPECT_TRUE(value) << value.error().sentence();
    return value ? value->value_or("NULL") : "";
  }
  static CopyOptions options(const std::string& rules = kRules) {
    CopyOptions out;
    out.from = server_->url("shop");
    out.to = server_->url("staging");
    auto read = read_rules(rules, "anonymise.yaml");
    EXPECT_TRUE(read.rules) << (read.diagnostics.empty() ? "" : read.diagnostics[0].text());
    if (read.rules) out.rules = *read.rules;
    out.key = key_of_secret("a secret for tests");
    out.streams = 2;
    return out;
  }

  static ScratchServer* server_;
};
ScratchServer* CopyTest::server_ = nullptr;

TEST_F(CopyTest, HoldsEveryRowAndNoRealValue) {
  const auto report = copy_database(options());
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->rows, 500U + 250U + 30U);
  EXPECT_GT(report->searched_values, 500U);
  EXPECT_EQ(value("staging", "select count(*) from users"), "500");
  EXPECT_EQ(value("staging", "select count(*) from cache"), "0");
  EXPECT_EQ(value("staging",
                  "select count(*) from users where users::text ~ "
                  "'corp.example|Real|hash-'"),
            "0");
  EXPECT_EQ(value("staging", "select count(*) from orders where orders::text ~ 'corp|Real'"), "0");
  EXPECT_EQ(value("staging", "select count(distinct email) from users"), "500");
  EXPECT_EQ(value("staging", "select count(*) from users where profile->>'plan' = 'pro'"),
            value("shop", "select count(*) from users where profile is not null"));
}

TEST_F(CopyTest, KeepsJoinsNullsAndEmptyTexts) {
  const auto report = copy_database(options());
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(value("staging",
                  "select count(*) from orders o join users u on u.id = o.user_id "
                  "and u.email = o.contact_email"),
            "250");
  for (const char* count : {"select count(*) from users where phone is null",
                            "select count(*) from users where phone = ''",
                            "select count(*) from users where tags[2] is null and tags[3] = ''",
                            "select count(*) from users where moods = '{good,bad}'",
                            "select sum(total) from orders", "select count(*) from buyers",
                            "select count(*) from users where label = 'user ' || first_name"}) {
    EXPECT_EQ(value("staging", count), value("shop", count)) << count;
  }
  EXPECT_EQ(value("staging",
                  "select max(abs(s.d)) <= 20 and min(abs(s.d)) > 0 from (select "
                  "born - date '1980-01-01' - (id % 5000)::int as d from users) s"),
            "t");
}

TEST_F(CopyTest, HasIndexesConstraintsSequencesAndStatistics) {
  ASSERT_TRUE(copy_database(options()));
  for (const char* count :
       {"select count(*) from pg_constraint where connamespace = 'public'::regnamespace",
        "select count(*) from pg_index i join pg_class c on c.oid = i.indrelid "
        "where c.relnamespace = 'public'::regnamespace and i.indisvalid and i.indisready",
        "select last_value from users_id_seq",
        "select string_agg(indexdef, '; ' order by indexdef) from pg_indexes where schemaname = "
        "'public'"})
    EXPECT_EQ(value("staging", count), value("shop", count)) << count;
  EXPECT_EQ(value("staging",
                  "select count(*) from pg_stats where schemaname = 'public' and "
                  "tablename = 'users' and attname = 'email'"),
            "1");
  EXPECT_EQ(value("staging", "select nextval('users_id_seq')"), "501");
}

TEST_F(CopyTest, GivesTheSamePseudonymsAgain) {
  constexpr const char* kAll = "select md5(string_agg(u::text, ',' order by id)) from users u";
  ASSERT_TRUE(copy_database(options()));
  const std::string first = value("staging", kAll);
  ASSERT_TRUE(copy_database(options()));
  EXPECT_EQ(value("staging", kAll), first);
  auto other = options();
  other.key = key_of_secret("another");
  ASSERT_TRUE(copy_database(other));
  EXPECT_NE(value("staging", kAll), first);
}

TEST_F(CopyTest, RefusesWhatNobodyClassifiedAndSaysWhatToPaste) {
  const auto report = copy_database(options("tables: {users: {email: email}}"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::NotClassified);
  for (const char* named : {"users.phone (character varying(24))", "users.profile (jsonb)",
                            "users.seen_from (inet)", "orders.note (text)", "cache.v (bytea)"})
    EXPECT_NE(report.error().what.find(named), std::string::npos) << report.error().what;
  EXPECT_EQ(report.error().what.find("users.state"), std::string::npos);
  EXPECT_NE(report.error().next.find("    contact_email: email\n"), std::string::npos)
      << report.error().next;
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

TEST_F(CopyTest, RefusesRulesThatDoNotFitTheDatabase) {
  std::string rules = kRules;
  rules.replace(rules.find("    phone: phone"), 16, "    fone: phone");
  const auto report = copy_database(options(rules));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::ConfigInvalid);
  EXPECT_NE(report.error().what.find("no column 'fone'"), std::string::npos);
  EXPECT_NE(report.error().what.find("did you mean 'phone'?"), std::string::npos);
  const auto twice = copy_database(options("tables: {users: {email: free_text, id: null}}"));
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().what.find("part of a unique key"), std::string::npos);
  EXPECT_NE(twice.error().what.find("users.id is NOT NULL"), std::string::npos);
}

TEST_F(CopyTest, FindsRealValuesInWhatIsKept) {
  ASSERT_TRUE(open("shop")->run(
      "update orders set note = 'mail ' || contact_email || ' please' where id = 7"));
  std::string rules = kRules;
  rules.replace(rules.find("note: free_text"), 15, "note: keep");
  const auto report = copy_database(options(rules));
  ASSERT_TRUE(open("shop")->run("update orders set note = 'x' where id = 7"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Refused);
  EXPECT_NE(report.error().what.find("orders.note"), std::string::npos) << report.error().what;
  EXPECT_EQ(report.error().what.find("corp.example"), std::string::npos);
}

TEST_F(CopyTest, RefusesItsOwnSource) {
  auto itself = options();
  itself.to = server_->url("shop");
  const auto report = copy_database(itself);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Refused);
  EXPECT_EQ(value("shop", "select count(*) from users where email ~ 'corp.example'"), "500");
}

TEST_F(CopyTest, AFailedOneLeavesTheOldCopyAndNothingElse) {
  ASSERT_TRUE(copy_database(options()));
  const std::string before =
      value("staging", "select oid from pg_database where datname = 'staging'");
  std::string rules = kRules;
  rules.replace(rules.find("reset_token: token"), 18, "reset_token: email");
  const auto report = copy_database(options(rules));
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("does not fit into users.reset_token, which holds 32"),
            std::string::npos)
      << report.error().what;
  EXPECT_EQ(value("staging", "select oid from pg_database where datname = 'staging'"), before);
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

TEST_F(CopyTest, DropsWhatAKilledOneLeft) {
  ASSERT_TRUE(open("postgres")->run("create database staging_slipway_new"));
  const auto report = copy_database(options());
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->notes.size(), 1U);
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

// Killed once its unfinished database was seen, and then a few looks later.
void kill_copy(const CopyOptions& options, Connection& admin, int looks) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto report = copy_database(options);
    ::_exit(report ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  int seen = 0;
  int status = 0;
  while (seen <= looks && ::waitpid(child, &status, WNOHANG) == 0) {
    const auto there =
        admin.value("select 1 from pg_database where datname = 'staging_slipway_new'");
    ASSERT_TRUE(there);
    seen += there->has_value() ? 1 : 0;
  }
  if (seen <= looks) return;  // it was faster: that is a copy like any other
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
}

TEST_F(CopyTest, OneThatIsKilledAnywhereLeavesTheOldCopyInPlace) {
  ASSERT_TRUE(copy_database(options()));
  auto admin = open("postgres");
  for (const int looks : {0, 20, 60, 120, 250, 500}) {
    kill_copy(options(), *admin, looks);
    EXPECT_EQ(value("staging", "select count(*) from users where email like '%@mail.test'"), "500");
  }
  ASSERT_TRUE(copy_database(options()));
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

// PostgreSQL dies in one phase after the other.
TEST_F(CopyTest, WhenTheServerDiesItSaysSoAndTheOldCopyStaysInPlace) {
  ASSERT_TRUE(copy_database(options()));
  std::set<std::string> died_in;
  for (int deaths = 0; deaths < 20; ++deaths) {
    auto ended = options();
    bool has_died = false;
    ended.on_progress = [&](const Progress& progress) {
      if (has_died || !died_in.insert(progress.phase).second) return;
      has_died = true;
      EXPECT_TRUE(server_->crash());
    };
    const auto report = copy_database(ended);
    if (!has_died) break;
    ASSERT_TRUE(server_->restart());
    ASSERT_FALSE(report) << *died_in.rbegin();
    EXPECT_FALSE(report.error().next.empty()) << report.error().sentence();
    EXPECT_EQ(value("staging", "select count(*) from users where email like '%@mail.test'"), "500");
  }
  EXPECT_GE(died_in.size(), 2U);
  ASSERT_TRUE(copy_database(options()));
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

TEST_F(CopyTest, TwoAtATimeAreRefused) {
  auto holder = open("postgres");
  ASSERT_TRUE(
      holder->query("select pg_advisory_lock(hashtext('slipway db copy'), hashtext('staging'))"));
  const auto report = copy_database(options());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Conflict);
}

TEST_F(CopyTest, ProposesRulesThatACopyTakes) {
  const auto proposal = classify(server_->url("shop"));
  ASSERT_TRUE(proposal) << proposal.error().sentence();
  for (const char* line :
       {"  users:\n", "    email: email\n", "    phone: phone\n",
        "    password_hash: password_hash\n", "    seen_from: ip\n", "    contact_email: email\n",
        "first_name: {kind: name, part: first}", "home.street: address", "plan: keep"})
    EXPECT_NE(proposal->find(line), std::string::npos) << line << "\n" << *proposal;
  EXPECT_TRUE(copy_database(options(*proposal)));
}

TEST_F(CopyTest, EndsWhenItIsInterrupted) {
  auto ended = options();
  ended.interrupted = [] { return true; };
  const auto report = copy_database(ended);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Aborted);
  EXPECT_EQ(value("postgres", "select count(*) from pg_database where datname ~ '_slipway_'"), "0");
}

TEST_F(CopyTest, CopiesALargeTableInRanges) {
  auto ranged = options();
  ranged.large = 1;
  ranged.streams = 4;
  const auto report = copy_database(ranged);
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->rows, 780U);
  EXPECT_EQ(value("staging", "select count(distinct id) from users"), "500");
}

TEST_F(CopyTest, TellsNothingOfARowThatTheTargetRefuses) {
  ASSERT_TRUE(open("shop")->run(
      "alter table orders add constraint polite check (note ~ 'Please|x' or id < 0)"));
  const auto report = copy_database(options());  // other words stand there in the copy
  ASSERT_TRUE(open("shop")->run("alter table orders drop constraint polite"));
  ASSERT_FALSE(report);
  const std::string said = report.error().sentence();
  EXPECT_NE(said.find("polite"), std::string::npos) << said;
  EXPECT_NE(said.find("while copying public.orders"), std::string::npos) << said;
  for (const char* of_the_row : {"Failing row", "mail.test", "(2, 2"})
    EXPECT_EQ(said.find(of_the_row), std::string::npos) << said;
}

TEST_F(CopyTest, IsNotThereBeforeItIsComplete) {
  auto admin = open("postgres");
  ASSERT_TRUE(admin->run("drop database if exists staging"));
  ASSERT_TRUE(admin->run("create role visitor login"));
  auto watched = options();
  int looks = 0;
  watched.on_progress = [&](const Progress&) {
    ++looks;
    const auto there = admin->value("select 1 from pg_database where datname = 'staging'");
    EXPECT_TRUE(there && !there->has_value());
    const auto open_to_all = admin->value(
        "select has_database_privilege('visitor', 'staging_slipway_new', 'connect')::text");
    EXPECT_TRUE(open_to_all && *open_to_all == "false");
  };
  const auto report = copy_database(watched);
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_GT(looks, 0);
  EXPECT_EQ(value("staging", "select count(*) from users"), "500");
  EXPECT_EQ(
      value("postgres", "select has_database_privilege('visitor', 'staging', 'connect')::text"),
      "true");
  ASSERT_TRUE(admin->run("drop role visitor"));
}

TEST_F(CopyTest, APartIsWholeThroughEveryTableThatRefersToIt) {
  ASSERT_TRUE(open("postgres")->run("create database chain"));
  const auto made = open("chain")->run(R"(
create table people (id int, town int, name text, primary key (town, id));
create table carts (id int primary key, town int, person int, note text,
                    foreign key (town, person) references people (town, id));
create table lines (id int primary key, cart int not null references carts, sku text);
insert into people select i, i % 5, 'name ' || i from generate_series(1, 400) i;
insert into carts select i, case when i % 4 > 0 then i % 5 end, case when i % 4 > 0 then i end, 'n'
  from generate_series(1, 400) i;
insert into lines select i, i % 400 + 1, 's' from generate_series(1, 1200) i;
)");
  ASSERT_TRUE(made) << made.error().sentence();
  auto part = options(
      "tables: {people: {name: name}, carts: {note: keep}, lines: {sku: keep}}\n"
      "subset: {people: 30%}\n");
  part.from = server_->url("chain");
  part.to = server_->url("chain_copy");
  const auto report = copy_database(part);
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_LT(std::stoi(value("chain_copy", "select count(*) from people")), 200);
  // Carts of nobody are kept; those of people who are left out go, and their lines with them.
  EXPECT_EQ(value("chain_copy", "select count(*) from carts where person is null"), "100");
  EXPECT_EQ(value("chain_copy",
                  "select count(*) from carts c where person is not null and not exists "
                  "(select from people p where (p.town, p.id) = (c.town, c.person))"),
            "0");
  EXPECT_EQ(value("chain_copy", "select count(*) from lines"),
            value("chain_copy", "select 3 * count(*) from carts"));
  EXPECT_EQ(value("chain_copy",
                  "select count(*) from pg_constraint where contype = 'f' and "
                  "convalidated"),
            "2");
}

TEST_F(CopyTest, TakesAPartWithItsReferencesWhole) {
  auto part = options(std::string(kRules) + "subset: {users: 20%}\n");
  const auto report = copy_database(part);
  ASSERT_TRUE(report) << report.error().sentence();
  const int users = std::stoi(value("staging", "select count(*) from users"));
  EXPECT_GT(users, 50);
  EXPECT_LT(users, 150);
  EXPECT_EQ(value("staging", "select count(*) from orders"),
            value("staging", "select count(*) from users where id % 2 = 0"));
  EXPECT_EQ(value("staging", "select count(*) from events"), "30");
}

}  // namespace
}  // namespace slipway::database::copy

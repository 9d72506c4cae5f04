// Dumps against a PostgreSQL of the test's own.
#include "database/backup/dump.h"

#include <gtest/gtest.h>

#include "database/backup/mark.h"
#include "database/backup/scratch.h"
#include "database/backup/server.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {

using Until = RestoreRequest::Until;

class Dumps : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = postgres::ScratchServer::start();
    ASSERT_TRUE(started) << started.error().sentence();
    server_ = std::move(*started);
    auto connection = postgres::Connection::open(server_->url(), "test");
    ASSERT_TRUE((*connection)->run("create database shop"));
    ASSERT_TRUE(
        run("create table orders (id bigint primary key, name text); "
            "insert into orders select i, 'order ' || i from generate_series(1, 5000) i; "
            "create role clerk; grant select on orders to clerk"));
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    folder_ = io::make_temp_dir("slipway-test-").value();
    settings_.tool = "pg_dump";
    settings_.app = "shop";
    settings_.environment = "production";
    settings_.url = server_->url("shop");
    settings_.repository = io::join_path(folder_, "repository");
    settings_.folder = io::join_path(folder_, "notes");
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }

  static Result<void> run(const std::string& statements, const std::string& url = {}) {
    auto connection =
        TRY(postgres::Connection::open(url.empty() ? server_->url("shop") : url, "test setup"));
    TRY(connection->run(statements));
    return ok();
  }
  static std::string value(const std::string& statement, const std::string& url) {
    auto connection = postgres::Connection::open(url, "test look");
    if (!connection) return connection.error().sentence();
    auto said = (*connection)->value(statement);
    return said ? said->value_or("null") : said.error().sentence();
  }
  Dump tool(std::function<bool()> interrupted = {}) {
    return Dump(settings_, {clock_, {}, std::move(interrupted)}, "test");
  }
  std::string dumps() const { return io::join_path(settings_.repository, "shop-production"); }
  std::string file_of(const std::string& id, const std::string& name) const {
    return io::join_path(io::join_path(dumps(), id), name);
  }

  // As long as before, and other bytes: only who reads it sees that.
  void damage(const std::string& id) const {
    const auto path = file_of(id, "data/toc.dat");
    auto bytes = io::read_file(path).value();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ASSERT_TRUE(io::write_file_atomically(path, bytes));
  }

  static inline std::unique_ptr<postgres::ScratchServer> server_;
  io::SystemClock clock_;
  std::string folder_;
  Settings settings_;
};

TEST_F(Dumps, AreListedWithWhatTheyHoldAndWhatTheyCannot) {
  auto dump = tool();
  settings_.release = "r-0001";
  const auto made = tool().backup(Kind::Incremental);
  ASSERT_TRUE(made) << made.error().sentence();
  EXPECT_EQ(made->kind, Kind::Full);
  EXPECT_EQ(made->release, "r-0001");
  EXPECT_GT(made->stored, 0U);
  const auto catalogue = dump.list().value();
  ASSERT_EQ(catalogue.entries.size(), 1U);
  EXPECT_EQ(catalogue.entries[0].checksum, made->checksum);
  EXPECT_EQ(catalogue.entries[0].damage, "");
  EXPECT_NE(catalogue.promise.find("no point-in-time recovery"), std::string::npos);
  EXPECT_TRUE(dump.verify("").value().is_good());
  RestoreRequest to_a_moment;
  to_a_moment.until = Until::Time;
  to_a_moment.into = io::join_path(folder_, "x");
  EXPECT_EQ(dump.restore(to_a_moment).error().code, Code::Unsupported);
}

TEST_F(Dumps, ComeBackIntoAClusterOfTheirOwn) {
  auto dump = tool();
  ASSERT_TRUE(dump.backup(Kind::Full));
  RestoreRequest request;
  request.into = "/tmp/" + folder_.substr(5) + "-cluster";
  request.is_durable = false;
  request.afterwards = RestoreRequest::Afterwards::KeepRunning;
  auto restored = dump.restore(request);
  ASSERT_TRUE(restored) << restored.error().sentence();
  const auto url = restored->server->url("shop");
  EXPECT_EQ(value("select count(*) || ' ' || max(name) from orders", url), "5000 order 999");
  EXPECT_EQ(value("select has_table_privilege('clerk', 'orders', 'select')::text", url), "true");
  EXPECT_FALSE(is_unfinished(request.into));
  const auto again = dump.restore(request);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::Refused) << again.error().what;
  restored->server.reset();
  EXPECT_TRUE(io::remove_tree(request.into, "/tmp"));
}

TEST_F(Dumps, RestoredForAWhileAreTheNewestGoodOneAndLeaveNothing) {
  auto dump = tool();
  const auto older = dump.backup(Kind::Full);
  ASSERT_TRUE(older);
  const auto newer = dump.backup(Kind::Full);
  ASSERT_TRUE(newer) << newer.error().sentence();
  const auto into = "/tmp/" + folder_.substr(5) + "-while";
  {
    const auto restored = restore_newest(dump, into, "/tmp");
    ASSERT_TRUE(restored) << restored.error().sentence();
    EXPECT_EQ(restored->entry.id, newer->id);
    EXPECT_EQ(value("select count(*) from orders", restored->scratch->server().url("shop")),
              "5000");
    const auto second = restore_newest(dump, into, "/tmp");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::LeaseHeld) << second.error().what;
  }
  EXPECT_FALSE(io::exists(into));
  damage(newer->id);
  {
    const auto restored = restore_newest(dump, into, "/tmp");
    ASSERT_TRUE(restored) << restored.error().sentence();
    EXPECT_EQ(restored->entry.id, older->id);
    ASSERT_EQ(restored->passed_over.size(), 1U);
    EXPECT_NE(restored->passed_over[0].find(newer->id), std::string::npos);
  }
  EXPECT_FALSE(io::exists(into));
  damage(older->id);
  EXPECT_EQ(restore_newest(dump, into, "/tmp").error().code, Code::Corrupt);
  EXPECT_FALSE(io::exists(into));
}

TEST_F(Dumps, ThereAreNoneToRestoreForAWhileSaysWhatToDo) {
  const auto none = restore_newest(*std::make_unique<Dump>(tool()),
                                   "/tmp/" + folder_.substr(5) + "-while", "/tmp");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::NotFound);
  EXPECT_EQ(none.error().next, "make one: slipway db backup production");
}

TEST_F(Dumps, InPlaceKeepWhatStoodThereAndRefuseWhileSomebodyIsConnected) {
  ASSERT_TRUE(run("", server_->url()));
  ASSERT_TRUE(run("create database small", server_->url()));
  settings_.url = server_->url("small");
  ASSERT_TRUE(run("create table t as select 1 as i", settings_.url));
  auto dump = tool();
  ASSERT_TRUE(dump.backup(Kind::Full));
  ASSERT_TRUE(run("update t set i = 2", settings_.url));
  {
    auto app = postgres::Connection::open(settings_.url, "the app");
    const auto refused = dump.restore({});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("the app (pid "), std::string::npos)
        << refused.error().what;
  }
  // The server sees a connection's end a moment later.
  RestoreRequest patient;
  patient.leave_within = Millis(20'000);
  auto restored = dump.restore(patient);
  ASSERT_TRUE(restored) << restored.error().sentence();
  EXPECT_EQ(value("select i::text from t", settings_.url), "1");
  EXPECT_EQ(value("select i::text from t", server_->url(restored->kept)), "2");
}

TEST_F(Dumps, InPlaceWhatAKilledRestoreLeftIsThrownAwayThoughASessionOfItLives) {
  ASSERT_TRUE(run("create database cut", server_->url()));
  settings_.url = server_->url("cut");
  ASSERT_TRUE(run("create table t as select 1 as i", settings_.url));
  auto dump = tool();
  ASSERT_TRUE(dump.backup(Kind::Full));
  ASSERT_TRUE(run("create database cut_slipway_restoring", server_->url()));
  const auto left =
      postgres::Connection::open(server_->url("cut_slipway_restoring"), "pg_restore").value();
  const auto restored = dump.restore({});
  ASSERT_TRUE(restored) << restored.error().sentence();
  EXPECT_EQ(value("select i::text from t", settings_.url), "1");
  EXPECT_EQ(value("select count(*) from pg_database where datname like 'cut%'", server_->url()),
            "2");
}

TEST_F(Dumps, InPlaceOneAtATime) {
  ASSERT_TRUE(run("create database one", server_->url()));
  settings_.url = server_->url("one");
  auto dump = tool();
  ASSERT_TRUE(dump.backup(Kind::Full));
  const auto other = postgres::Connection::open(server_->url(), "slipway db backup").value();
  ASSERT_TRUE(
      other->query("select pg_advisory_lock(hashtext('slipway db restore'), hashtext('one'))"));
  const auto refused = dump.restore({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Conflict) << refused.error().sentence();
}

TEST_F(Dumps, InPlaceEndTheSessionsOfOthersWhenThatIsSaid) {
  ASSERT_TRUE(run("create database busy", server_->url()));
  settings_.url = server_->url("busy");
  auto dump = tool();
  ASSERT_TRUE(dump.backup(Kind::Full));
  auto app = postgres::Connection::open(settings_.url, "the app");
  ASSERT_TRUE(app);
  RestoreRequest request;
  request.sessions = RestoreRequest::Sessions::Disconnect;
  const auto restored = dump.restore(request);
  ASSERT_TRUE(restored) << restored.error().sentence();
  EXPECT_FALSE((*app)->value("select 1"));
}

TEST_F(Dumps, OfAnotherServerAreNotPutInThisOnesPlace) {
  auto dump = tool();
  const auto id = dump.backup(Kind::Full).value().id;
  auto manifest = read_manifest(file_of(id, "")).value();
  manifest.entry.system_identifier = "1";
  ASSERT_TRUE(write_manifest(file_of(id, ""), manifest));
  const auto refused = dump.restore({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Refused);
  EXPECT_NE(refused.error().what.find("of the server 1"), std::string::npos)
      << refused.error().what;
}

TEST_F(Dumps, DamageIsFoundAndNotRestored) {
  auto dump = tool();
  const auto made = dump.backup(Kind::Full).value();
  const auto toc = file_of(made.id, "data/toc.dat");
  const auto whole = io::read_file(toc).value();
  auto flipped = whole;
  flipped[flipped.size() / 2] ^= 1;
  for (const std::string& bytes : {flipped, whole.substr(0, whole.size() / 2), std::string()}) {
    ASSERT_TRUE(io::write_file_atomically(toc, bytes));
    const auto seen = dump.verify(made.id).value();
    ASSERT_EQ(seen.findings.size(), 1U) << bytes.size();
    EXPECT_EQ(seen.findings[0].file, "data/toc.dat");
    RestoreRequest request;
    request.into = io::join_path(folder_, "x");
    EXPECT_FALSE(dump.restore(request));
    EXPECT_FALSE(io::exists(request.into));
  }
  ASSERT_TRUE(io::remove_file(toc));
  EXPECT_FALSE(dump.verify("").value().is_good());
  EXPECT_EQ(dump.list().value().newest(), nullptr);
}

TEST_F(Dumps, WhatWasCutOffIsNeverListedAndIsCleanedByTheNext) {
  auto dump = tool();
  const std::string half = io::join_path(dumps(), "20261122T014500Z.part");
  ASSERT_TRUE(io::make_dirs(half));
  ASSERT_TRUE(io::write_file_atomically(io::join_path(half, "toc.dat"), "half"));
  EXPECT_TRUE(dump.list().value().entries.empty());
  EXPECT_EQ(dump.list().value().unfinished.size(), 1U);
  ASSERT_TRUE(dump.backup(Kind::Full));
  EXPECT_FALSE(io::exists(half));
  EXPECT_TRUE(dump.list().value().unfinished.empty());
}

TEST_F(Dumps, AFailedOneIsAFailureAndLeavesNothingThatLooksGood) {
  settings_.url = server_->url("no_such_database");
  EXPECT_FALSE(tool().backup(Kind::Full));
  settings_.url = server_->url("shop");
  const auto stopped = tool([] { return true; }).backup(Kind::Full);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Aborted);
  EXPECT_TRUE(tool().list().value().entries.empty());
}

TEST_F(Dumps, AreRemovedWhenTheyNeedNotBeKept) {
  settings_.keep_full = 2;
  auto dump = tool();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(dump.backup(Kind::Full).value().id);
  const auto left = dump.list().value();
  ASSERT_EQ(left.entries.size(), 2U);
  EXPECT_EQ(left.find(ids[0]), nullptr);
  EXPECT_NE(left.find(ids[2]), nullptr);
}

TEST_F(Dumps, AreSafetyPointsAndANewOneOnlyWhenTheNewestIsTooOld) {
  auto dump = tool();
  const auto first = dump.safety_point("before_1", std::chrono::hours(1)).value();
  EXPECT_TRUE(first.backup);
  EXPECT_FALSE(first.is_moment);
  const auto second = dump.safety_point("before_2", std::chrono::hours(1)).value();
  EXPECT_FALSE(second.backup);
  EXPECT_EQ(second.point.entry, first.point.entry);
  EXPECT_EQ(dump.list().value().points.size(), 2U);
}

TEST_F(Dumps, AFolderWithSomethingInItIsNotRestoredIntoUnlessARestoreLeftIt) {
  const std::string into = io::join_path(folder_, "cluster");
  ASSERT_TRUE(io::make_dirs(into));
  ASSERT_TRUE(io::write_file_atomically(io::join_path(into, "precious"), "x"));
  EXPECT_EQ(Mark::begin(into, "", Json::object()).error().code, Code::Refused);
  EXPECT_TRUE(io::exists(io::join_path(into, "precious")));
  ASSERT_TRUE(io::write_file_atomically(mark_of(into), "{}"));
  ASSERT_TRUE(Mark::begin(into, "", Json::object()));
  EXPECT_FALSE(io::exists(io::join_path(into, "precious")));
  EXPECT_TRUE(is_unfinished(into));
  ASSERT_TRUE(Mark::done(into));
  EXPECT_FALSE(is_unfinished(into));
}

TEST_F(Dumps, InPlaceTheOldClusterIsMovedOnceHoweverOftenItIsCutOff) {
  const std::string main = io::join_path(folder_, "main");
  ASSERT_TRUE(io::make_dirs(main));
  ASSERT_TRUE(io::write_file_atomically(io::join_path(main, "old"), "x"));
  // Cut off between the mark and the move: the cluster still stands, and is not thrown away.
  ASSERT_TRUE(io::write_file_atomically(mark_of(main), "{\"kept\":\"" + main + ".before-1\"}"));
  EXPECT_EQ(Mark::begin_in_place(main, "", "2", Json::object()).value(), main + ".before-1");
  EXPECT_TRUE(io::exists(main + ".before-1/old"));
  // Cut off in the middle of the copy.
  ASSERT_TRUE(io::write_file_atomically(io::join_path(main, "half"), "x"));
  EXPECT_EQ(Mark::begin_in_place(main, "", "3", Json::object()).value(), main + ".before-1");
  EXPECT_TRUE(io::exists(main + ".before-1/old"));
  EXPECT_FALSE(io::exists(io::join_path(main, "half")));
}

TEST_F(Dumps, InPlaceTheOldClusterComesBackWhenTheRestoreIsGivenUp) {
  const std::string main = io::join_path(folder_, "main");
  ASSERT_TRUE(io::make_dirs(io::join_path(main, "global")));
  ASSERT_TRUE(io::write_file_atomically(io::join_path(main, "global/pg_control"), "x"));
  const auto kept = Mark::begin_in_place(main, "", "1", Json::object()).value();
  ASSERT_TRUE(io::write_file_atomically(io::join_path(main, "half"), "x"));
  EXPECT_EQ(Mark::take_back(main).value(), kept);
  EXPECT_TRUE(io::exists(io::join_path(main, "global/pg_control")));
  EXPECT_FALSE(io::exists(io::join_path(main, "half")));
  EXPECT_FALSE(io::exists(kept));
  EXPECT_FALSE(is_unfinished(main));
  // Cut off before the move: it never left its place.
  ASSERT_TRUE(io::write_file_atomically(mark_of(main), "{\"kept\":\"" + main + ".before-2\"}"));
  ASSERT_TRUE(Mark::take_back(main));
  EXPECT_TRUE(io::exists(io::join_path(main, "global/pg_control")));
  // Nothing there at all is no success.
  ASSERT_TRUE(io::remove_tree(main, folder_));
  ASSERT_TRUE(io::write_file_atomically(mark_of(main), "{\"kept\":\"" + main + ".before-3\"}"));
  EXPECT_EQ(Mark::take_back(main).error().code, Code::NotFound);
}

TEST_F(Dumps, KnowWhatWasWrittenSinceAPointThatADumpWasMadeFor) {
  auto dump = tool();
  ASSERT_TRUE(dump.safety_point("before_1", std::chrono::hours(1)));
  ASSERT_TRUE(dump.safety_point("before_2", std::chrono::hours(1)));
  ASSERT_TRUE(run("insert into orders values (9001, 'late'); select pg_stat_force_next_flush()"));
  ASSERT_TRUE(run("delete from orders where id = 9001; select pg_stat_force_next_flush()"));
  const auto since = dump.since_point("before_1").value();
  EXPECT_EQ(since.unknown, "");
  ASSERT_FALSE(since.tables.empty());
  EXPECT_EQ(since.tables[0].rows.table, "public.orders");
  EXPECT_FALSE(dump.since_point("before_2")->unknown.empty()) << "its dump is an older one";
  EXPECT_EQ(dump.since_point("no_such").error().code, Code::NotFound);
}

}  // namespace
}  // namespace slipway::database::backup

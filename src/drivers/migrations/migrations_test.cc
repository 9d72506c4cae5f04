#include "drivers/migrations/migrations.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "io/clock.h"
#include "io/files.h"

namespace slipway::drivers::migrations {
namespace {

using State = ports::MigrationView::State;

// A program in slipway's place: what it is told stands in `told`, what it says in the test.
class Migrates : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = io::make_temp_dir("slipway-test-").value();
    settings_.program = io::join_path(folder_, "slipway");
    settings_.read_secret = [](const config::SecretRef& secret, const std::string&) {
      return Result<std::string>("postgresql://of-" + secret.name + "\n");
    };
    call_.environment = "production";
    call_.phase = "expand";
    call_.dir = folder_;
    call_.database.secret.name = "DATABASE_URL";
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }

  void program(const std::string& body) {
    const std::string head =
        "#!/bin/sh\nprintf '%s\\n' \"$@\" \"url: $SLIPWAY_DATABASE_URL\" > told\n";
    ASSERT_TRUE(io::write_file_atomically(settings_.program, head + body, 0700));
  }
  ports::MigrationView wait_for_end(ports::Migrations& migrations) {
    return wait_until(migrations, [](const auto& view) { return view.state != State::Running; });
  }
  template <class Holds>
  ports::MigrationView wait_until(ports::Migrations& migrations, Holds holds) {
    io::SystemClock clock;
    const auto until = clock.monotonic() + Millis(20'000);
    for (;;) {
      auto view = migrations.look("migrate-expand");
      if (holds(view) || clock.monotonic() > until) return view;
      std::this_thread::yield();
    }
  }

  // Says that it is at work, and goes on until it is ended; `on_stop` is the shell's trap.
  std::unique_ptr<ports::Migrations> at_work(const std::string& on_stop) {
    program("trap '" + on_stop +
            "' TERM\necho '{\"event\":\"applying\",\"what\":\"applying 1\"}'\n"
            "while :; do read line < go; done\n");
    EXPECT_EQ(::mkfifo(io::join_path(folder_, "go").c_str(), 0600), 0);
    auto migrations = make_migrations(settings_);
    migrations->begin("migrate-expand", call_);
    wait_until(*migrations, [](const auto& view) { return view.text == "applying 1"; });
    return migrations;
  }

  std::string folder_;
  Settings settings_;
  ports::MigrationCall call_;
};

TEST_F(Migrates, SaysWhereItIsAndWhatCameOfIt) {
  program(
      "echo '{\"event\":\"waiting\",\"what\":\"waits for pid 7\"}'\n"
      "read line < go\n"
      "echo '{\"event\":\"done\",\"applied\":[\"1\",\"2\"],\"waiting\":[\"3\",\"4\"],"
      "\"blocked\":[\"4\"]}'\n");
  ASSERT_EQ(::mkfifo(io::join_path(folder_, "go").c_str(), 0600), 0);
  const auto migrations = make_migrations(settings_);
  EXPECT_EQ(migrations->look("migrate-expand").state, State::Unknown);
  migrations->begin("migrate-expand", call_);
  const auto waits =
      wait_until(*migrations, [](const auto& view) { return view.text == "waits for pid 7"; });
  EXPECT_EQ(waits.state, State::Running);
  ASSERT_TRUE(io::append_file(io::join_path(folder_, "go"), "go\n"));
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Done);
  EXPECT_EQ(view.applied, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(view.waiting, (std::vector<std::string>{"3", "4"}));
  EXPECT_EQ(view.blocked, (std::vector<std::string>{"4"}));
}

TEST_F(Migrates, TheAddressIsInTheEnvironmentAndNotOnTheCommandLine) {
  program("echo '{\"event\":\"done\"}'\n");
  call_.last = "0007_drop";
  call_.database.migrations.path = "db/migrations";
  call_.database.migrations.tool = "prisma";
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  EXPECT_EQ(wait_for_end(*migrations).state, State::Done);
  EXPECT_EQ(
      io::read_file(io::join_path(folder_, "told")).value(),
      "migrate\nup\nproduction\n--json\n--url\nenv:SLIPWAY_DATABASE_URL\n--path\n" + folder_ +
          "/db/migrations\n--phase\nexpand\n--wait\n10m\n--lock-timeout\n100ms\n--max-lag\n10s\n"
          "--max-latency\n500ms\n--pulse\nstdin\n--to\n"
          "0007_drop\n--tool\nprisma\nurl: postgresql://of-DATABASE_URL\n");
}

TEST_F(Migrates, ARehearsalIsAVerbOfItsOwn) {
  program("echo '{\"event\":\"done\",\"what\":\"2 rehearsed\"}'\n");
  call_.phase = "rehearse";
  call_.database.migrations.path = "/m";
  call_.database.migrations.rehearse = config::Rehearse::Require;
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Done);
  EXPECT_EQ(view.text, "2 rehearsed");
  EXPECT_EQ(io::read_file(io::join_path(folder_, "told")).value(),
            "migrate\ncheck\nproduction\n--json\n--url\nenv:SLIPWAY_DATABASE_URL\n--path\n/m\n"
            "--phase\ncontract\n--require\nurl: postgresql://of-DATABASE_URL\n");
}

TEST_F(Migrates, ARehearsalIsToldOfTheCommandAndWhereTheBackupsAre) {
  program("echo '{\"event\":\"done\"}'\nprintf '%s' \"$SLIPWAY_BACKUP\" > backup\n");
  call_.phase = "rehearse";
  call_.database.migrations.path = "/m";
  call_.database.migrations.command = "npx knex migrate:up";
  call_.database.migrations.rehearse_on = "backup";
  call_.database.backup.is_set = true;
  settings_.state = "/state";
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  EXPECT_EQ(wait_for_end(*migrations).state, State::Done);
  EXPECT_EQ(io::read_file(io::join_path(folder_, "told")).value(),
            "migrate\ncheck\nproduction\n--json\n--url\nenv:SLIPWAY_DATABASE_URL\n--path\n/m\n"
            "--phase\ncontract\n--command\nnpx knex migrate:up\n--on\nbackup\n--backup\n"
            "env:SLIPWAY_BACKUP\n--state\n/state\nurl: postgresql://of-DATABASE_URL\n");
  const auto backup = Json::parse(io::read_file(io::join_path(folder_, "backup")).value());
  ASSERT_TRUE(backup);
  EXPECT_TRUE(config::database_from_json(backup->at("database")).backup.is_set);
}

TEST_F(Migrates, TheChildHearsHowTheAppDoes) {
  program(
      "echo '{\"event\":\"waiting\",\"what\":\"listens\"}'\n"
      "read line\n"
      "printf '%s' \"$line\" | tr '\"' \"'\" > heard\n"
      "echo '{\"event\":\"done\"}'\n");
  const auto migrations = make_migrations(settings_);
  migrations->tell("migrate-expand", {1, Millis(2), Millis(3)});  // nothing runs
  migrations->begin("migrate-expand", call_);
  wait_until(*migrations, [](const auto& view) { return view.text == "listens"; });
  migrations->tell("migrate-expand", {100, Millis(20), Millis(700)});
  EXPECT_EQ(wait_for_end(*migrations).state, State::Done);
  migrations->tell("migrate-expand", {100, Millis(20), Millis(700)});  // it is gone
  const std::string heard = io::read_file(io::join_path(folder_, "heard")).value();
  EXPECT_NE(heard.find("'requests':100,'p95_ms':20,'p99_ms':700"), std::string::npos) << heard;
}

TEST_F(Migrates, WithBackupsItIsToldHowToMakeARestorePointAndSaysWhichItMade) {
  program(
      "echo \"$SLIPWAY_BACKUP\" > backup\n"
      "echo "
      "'{\"event\":\"done\",\"applied\":[\"1\"],\"restore_point\":{\"name\":\"before_1\"}}'\n");
  settings_.state = "/var/lib/slipway";
  call_.app = "shop";
  call_.release = "r-0042";
  call_.database.backup.is_set = true;
  call_.database.backup.repository = "/var/backups";
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Done) << view.text;
  EXPECT_EQ(view.restore_point, "before_1");
  const auto told = io::read_file(io::join_path(folder_, "told")).value();
  EXPECT_NE(told.find("--backup\nenv:SLIPWAY_BACKUP\n--state\n/var/lib/slipway\n"), told.npos)
      << told;
  const auto said = Json::parse(io::read_file(io::join_path(folder_, "backup")).value()).value();
  EXPECT_EQ(said.text("release"), "r-0042");
  EXPECT_EQ(said.at("database").at("backup").text("repository"), "/var/backups");
}

TEST_F(Migrates, AnErrorComesWithItsNextStep) {
  program("echo '{\"error\":{\"what\":\"0007 is dirty\",\"next\":\"mend it\"}}'; exit 3\n");
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text, "0007 is dirty. Next: mend it");
}

TEST_F(Migrates, OneThatDiesWithoutAWordHasFailed) {
  program("echo 'terminate called'; kill -9 $$\n");
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text, "slipway migrate ended with signal SIGKILL: terminate called");
}

TEST_F(Migrates, OneThatEndsWellWithoutSayingSoHasFailed) {
  program("exit 0\n");
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  EXPECT_EQ(wait_for_end(*migrations).state, State::Failed);
}

TEST_F(Migrates, IsAskedToStop) {
  const auto migrations = at_work(R"(echo {\"error\":{\"what\":\"stopped\"}}; exit 5)");
  migrations->stop("migrate-expand");
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text, "stopped");
}

TEST_F(Migrates, OneThatDoesNotStopIsKilled) {
  settings_.patience = Millis(300);
  const auto migrations = at_work("");
  migrations->stop("migrate-expand");
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_NE(view.text.find("signal SIGKILL"), std::string::npos) << view.text;
}

TEST_F(Migrates, ASecretThatCannotBeReadIsTheReason) {
  program("exit 0\n");
  settings_.read_secret = [](const config::SecretRef&, const std::string&) -> Result<std::string> {
    return Error(Code::SecretUnavailable, "no such file", "look for it");
  };
  const auto migrations = make_migrations(settings_);
  migrations->begin("migrate-expand", call_);
  const auto view = wait_for_end(*migrations);
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_NE(view.text.find("no such file"), std::string::npos);
}

}  // namespace
}  // namespace slipway::drivers::migrations

#include "drivers/errands/errands.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "io/clock.h"
#include "io/files.h"

namespace slipway::drivers::errands {
namespace {
using State = ports::ErrandView::State;

// A program in slipway's place.
class ErrandsRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = io::make_temp_dir("slipway-test-").value();
    settings_.program = io::join_path(folder_, "slipway");
    settings_.patience = Millis(300);
    settings_.read_secret = [](const config::SecretRef& secret, const std::string&) {
      return Result<std::string>("postgresql://of-" + secret.name + "\n");
    };
    errand_.words = {"db", "watch", "production", "--once"};
    errand_.dir = folder_;
    errand_.database.secret.name = "DATABASE_URL";
    errand_.most_time = Millis(20'000);
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }

  void program(const std::string& body) {
    ASSERT_TRUE(io::write_file_atomically(settings_.program, "#!/bin/sh\n" + body, 0700));
  }
  static ports::ErrandView outcome(ports::Errands& errands) {
    return errands.wait("watch", Millis(20'000));
  }
  ports::ErrandView outcome() {
    const auto errands = make_errands(settings_);
    errands->begin("watch", errand_);
    return outcome(*errands);
  }
  // A program that nobody gets an end of but by force.
  void endless() {
    program("trap '' TERM\necho begun > begun\nwhile :; do read line < go; done\n");
    ASSERT_EQ(::mkfifo(io::join_path(folder_, "go").c_str(), 0600), 0);
  }

  std::string folder_;
  Settings settings_;
  ports::Errand errand_;
};

TEST_F(ErrandsRun, TheLastDocumentIsTheAnswer) {
  program("echo '{\"held\":1}'\necho 'a line'\necho '{\"held\":2}'\n");
  const auto view = outcome();
  EXPECT_EQ(view.state, State::Done) << view.text;
  EXPECT_EQ(view.answer.integer("held"), 2);
}

TEST_F(ErrandsRun, ADocumentOfSeveralLinesIsAnAnswerToo) {
  program("printf '{\\n  \"held\": 3\\n}\\n'\n");
  EXPECT_EQ(outcome().answer.integer("held"), 3);
}

TEST_F(ErrandsRun, WhereTheDatabaseIsStandsInNoCommandLine) {
  program("printf '{\"words\":\"%s\",\"url\":\"%s\"}\\n' \"$*\" \"$SLIPWAY_DATABASE_URL\"\n");
  const auto view = outcome();
  EXPECT_EQ(view.answer.text("words"),
            "db watch production --once --json --quiet --url env:SLIPWAY_DATABASE_URL");
  EXPECT_EQ(view.answer.text("url"), "postgresql://of-DATABASE_URL");
}

TEST_F(ErrandsRun, AnErrorIsToldInTheChildsWords) {
  program("echo '{\"error\":{\"what\":\"nobody answers\",\"next\":\"start it\"}}'\nexit 4\n");
  const auto view = outcome();
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text, "nobody answers. Next: start it");
}

TEST_F(ErrandsRun, OneThatEndsWithoutAWordIsToldByItsEnd) {
  program("echo 'no such thing' >&2\nexit 3\n");
  const auto view = outcome();
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text,
            "slipway db watch production --once ended with exit status 3: no such thing");
}

TEST_F(ErrandsRun, OneThatTakesTooLongIsEnded) {
  endless();
  errand_.most_time = Millis(100);
  const auto view = outcome();
  EXPECT_EQ(view.state, State::Failed);
  EXPECT_EQ(view.text, "it took longer than 100ms");
}

TEST_F(ErrandsRun, GoingAwayEndsWhatIsUnderWay) {
  endless();
  io::SystemClock clock;
  const auto began = clock.monotonic();
  {
    const auto errands = make_errands(settings_);
    errands->begin("watch", errand_);
    while (!io::exists(io::join_path(folder_, "begun"))) std::this_thread::yield();
  }
  EXPECT_LT(clock.monotonic() - began, errand_.most_time);
}

TEST_F(ErrandsRun, BeginningItTwiceIsBeginningItOnceAndAgainIsAnew) {
  program("echo run >> runs\necho '{}'\n");
  const auto errands = make_errands(settings_);
  errands->begin("watch", errand_);
  errands->begin("watch", errand_);
  outcome(*errands);
  errands->begin("watch", errand_);
  outcome(*errands);
  const auto runs = io::read_file(io::join_path(folder_, "runs")).value();
  EXPECT_GE(runs, "run\nrun\n");
  EXPECT_EQ(errands->look("other").state, State::Unknown);
}

}  // namespace
}  // namespace slipway::drivers::errands

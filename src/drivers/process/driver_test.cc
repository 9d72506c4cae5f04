#include "drivers/process/driver.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "drivers/process/cgroup.h"
#include "drivers/process/rig_for_test.h"
#include "drivers/process/shim.h"
#include "io/signals.h"

namespace slipway::drivers::process {
namespace {
using ports::InstanceState;

bool holds_anywhere(const std::string& folder, const std::string& text) {
  const std::vector<std::string> names = *io::list_dir(folder);
  for (const auto& name : names) {
    const std::string path = folder + "/" + name;
    if (io::is_dir(path) ? holds_anywhere(path, text)
                         : io::read_file(path)->find(text) != std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST_F(ProcessTest, GivesSecretsToTheAppAndToNothingElse) {
  ASSERT_TRUE(io::append_file(at("secret"), "s3cret-value\n"));
  auto spec = running("echo ${#DB}; exec tail -f /dev/null");
  spec.secrets = {{"DB", "", at("secret"), ""}};
  ensure(spec, 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Running));
  ASSERT_TRUE(holds_soon([&] { return !driver_.output(slot_, 5)->empty(); }));
  EXPECT_EQ(driver_.output(slot_, 5)->back(), "web/r-0001/0 | 12");
  for (const int pid : {status().shim_pid, status().app_pid}) {
    const auto line = io::read_file("/proc/" + std::to_string(pid) + "/cmdline");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->find("s3cret-value"), std::string::npos);
  }
  EXPECT_FALSE(holds_anywhere(root(), "s3cret-value"));
}

TEST_F(ProcessTest, SaysWhichSecretIsMissingAndStartsNothing) {
  auto spec = running("exec tail -f /dev/null");
  spec.secrets = {{"DB", "NO_SUCH_VARIABLE_HERE", "", ""}};
  const auto outcome = driver_.ensure(slot_, spec, 1, op("start"));
  EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::SecretUnavailable);
  EXPECT_NE(outcome.why.what.find("NO_SUCH_VARIABLE_HERE"), std::string::npos);
  EXPECT_TRUE(seen().empty());
}

TEST_F(ProcessTest, ReadsSecretsByCommandAndKeepsWhatItPrintsOutOfErrors) {
  EXPECT_EQ(*read_secret({"A", "", "", "echo from-command"}, folder_), "from-command");
  const auto failed =
      read_secret({"A", "", "", "echo half-a-secret; echo why >&2; exit 2"}, folder_);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().what.find("why"), std::string::npos);
  EXPECT_EQ(failed.error().what.find("half-a-secret\n"), std::string::npos);
}

TEST_F(ProcessTest, TellsTheAppItsPortAndPlace) {
  ensure(
      running(
          "echo $PORT $SLIPWAY_SERVICE $SLIPWAY_RELEASE $SLIPWAY_VERSION; exec tail -f /dev/null"),
      3, "start");
  ASSERT_TRUE(holds_soon([&] { return driver_.output(slot_, 5)->size() == 3; }));
  std::set<std::string> addresses;
  const auto lines = *driver_.output(slot_, 5);
  for (const auto& instance : seen()) {
    addresses.insert(instance.address);
    const int port = std::atoi(instance.address.substr(10).c_str());
    EXPECT_GE(port, 20'000);
    EXPECT_LE(port, 29'999);
    const auto index = static_cast<std::size_t>(instance.index);
    EXPECT_EQ(lines[index], instance.id + " | " + std::to_string(port) + " web r-0001 v1");
  }
  EXPECT_EQ(addresses.size(), 3U);
}

TEST_F(ProcessTest, StopsWithTheSignalAskedFor) {
  auto spec =
      running("trap 'echo got-int; kill $!; exit 0' INT; tail -f /dev/null & echo up; wait");
  spec.stop.signal = "INT";
  ensure(spec, 1, "start");
  ASSERT_TRUE(holds_soon([&] { return !driver_.output(slot_, 5)->empty(); }));
  ensure(spec, 0, "stop");
  ASSERT_TRUE(becomes_gone());
  EXPECT_EQ(driver_.output(slot_, 5)->back(), "web/r-0001/0 | got-int");
}

TEST_F(ProcessTest, KillsAnAppThatDoesNotStopInTime) {
  auto spec = running("trap '' TERM; echo up; exec tail -f /dev/null");
  spec.stop.timeout = Millis(150);
  ensure(spec, 1, "start");
  ASSERT_TRUE(holds_soon([&] { return !driver_.output(slot_, 5)->empty(); }));
  const int app = status().app_pid;
  ensure(spec, 0, "stop");
  EXPECT_EQ(seen()[0].state, InstanceState::Draining);
  ASSERT_TRUE(becomes_gone());
  EXPECT_FALSE(io::exists("/proc/" + std::to_string(app)));
}

TEST_F(ProcessTest, LetsTheRestOfTheGroupFinishWhenItsFirstProcessGoesAtOnce) {
  ASSERT_TRUE(
      io::append_file(at("worker.sh"),
                      "trap 'until [ -e go ]; do :; done; echo finished > finished; exit 0' TERM\n"
                      "echo > ready; tail -f /dev/null & wait"));
  ensure(running("sh worker.sh & wait"), 1, "start");
  ASSERT_TRUE(holds_soon([&] { return io::exists(at("ready")); }));
  const std::string first = "/proc/" + std::to_string(status().app_pid);
  ensure(running(""), 0, "stop");
  ASSERT_TRUE(holds_soon([&] { return !io::exists(first); }));
  EXPECT_EQ(seen().at(0).state, InstanceState::Draining);
  ASSERT_TRUE(io::append_file(at("go"), ""));
  ASSERT_TRUE(becomes_gone());
  EXPECT_EQ(text_in("finished"), "finished\n");
}

TEST_F(ProcessTest, EndsDescendantsThatLeftTheGroup) {
  ensure(running("setsid tail -f /dev/null & exec tail -f /dev/null"), 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Running));
  const std::string mark = token();
  ASSERT_TRUE(holds_soon([&] { return processes_with(mark).size() == 2; }));
  ensure(running(""), 0, "stop");
  ASSERT_TRUE(becomes_gone());
  EXPECT_TRUE(processes_with(mark).empty());
}

TEST_F(ProcessTest, LeavesNoOrphanWhenTheShimIsKilled) {
  ensure(running("tail -f /dev/null & setsid tail -f /dev/null & tail -f /dev/null; true"), 1,
         "start");
  ASSERT_TRUE(becomes(InstanceState::Running));
  const std::string mark = token();
  ASSERT_TRUE(holds_soon([&] { return processes_with(mark).size() == 4; }));
  ASSERT_GT(status().shim_pid, 1);
  ::kill(status().shim_pid, SIGKILL);
  ASSERT_TRUE(becomes_gone());
  EXPECT_TRUE(processes_with(mark).empty());
  EXPECT_TRUE(driver_.slots("shop", "production")->empty());
  ensure(running("exec tail -f /dev/null"), 1, "revive");
  EXPECT_TRUE(becomes(InstanceState::Running));
}

TEST_F(ProcessTest, KeepsRunningWhenTheDaemonThatStartedItIsKilled) {
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    const auto outcome = driver_.ensure(slot_, running("exec tail -f /dev/null"), 1, op("start"));
    ::kill(::getpid(), outcome.kind == ports::Outcome::Kind::Applied ? SIGKILL : SIGTERM);
  }
  int ended = 0;
  ASSERT_EQ(::waitpid(daemon, &ended, 0), daemon);
  ASSERT_EQ(WTERMSIG(ended), SIGKILL);
  ASSERT_TRUE(becomes(InstanceState::Running));
  const int app = status().app_pid;
  ensure(running("exec tail -f /dev/null"), 1, "start");
  EXPECT_EQ(status().app_pid, app);
}

TEST_F(ProcessTest, SaysWhyAnAppDiedAtOnceWithItsOwnLastLines) {
  ensure(running("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; echo no database "
                 ">&2; exit 7"),
         1, "start");
  ASSERT_TRUE(becomes(InstanceState::Failed));
  const std::string why = seen()[0].why;
  EXPECT_NE(why.find("exit status 7"), std::string::npos) << why;
  EXPECT_NE(why.find("line 12 | no database"), std::string::npos) << why;
  EXPECT_EQ(why.find("line 3 "), std::string::npos) << "only the last ten: " << why;
  EXPECT_EQ(seen()[0].restarts, 0);
}

TEST_F(ProcessTest, SaysThatACommandIsNotThere) {
  ensure(running("no-such-command-here --serve"), 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Failed));
  EXPECT_NE(seen()[0].why.find("no-such-command-here: not found"), std::string::npos)
      << seen()[0].why;
}

TEST_F(ProcessTest, SaysThatTheFolderIsNotThere) {
  auto spec = running("exec tail -f /dev/null");
  spec.dir = at("missing");
  ensure(spec, 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Failed));
  EXPECT_NE(seen()[0].why.find(at("missing")), std::string::npos) << seen()[0].why;
}

TEST_F(ProcessTest, StartsAFailedInstanceAgainForANewOpAlone) {
  const auto spec =
      running("if [ -e fixed ]; then exec tail -f /dev/null; fi; echo tried >> tries; exit 1");
  ensure(spec, 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Failed));
  ASSERT_TRUE(io::append_file(at("fixed"), ""));
  ensure(spec, 1, "start");
  EXPECT_EQ(seen()[0].state, InstanceState::Failed);
  ensure(spec, 1, "start-again");
  ASSERT_TRUE(becomes(InstanceState::Running));
  EXPECT_EQ(text_in("tries"), "tried\n");
}

TEST_F(ProcessTest, StartsAnAppThatLivedAgainAndGivesUpAfterTooManyEnds) {
  ensure(running("echo start >> starts; [ -e lived ] && exit 3; echo > lived; timeout 1.1 tail -f "
                 "/dev/null; exit 3"),
         1, "start");
  ASSERT_TRUE(holds_soon([&] { return !seen().empty() && seen()[0].restarts >= 1; }));
  ASSERT_TRUE(becomes(InstanceState::Failed));
  EXPECT_EQ(seen()[0].restarts, 5);
  EXPECT_NE(seen()[0].why.find("exit status 3"), std::string::npos) << seen()[0].why;
  EXPECT_EQ(text_in("starts").size(), 6 * 6U);
}

TEST_F(ProcessTest, ADoubleEnsureStartsNothingTwice) {
  const auto spec = running("echo start >> starts; exec tail -f /dev/null");
  ensure(spec, 2, "start");
  ensure(spec, 2, "start");
  ensure(spec, 2, "start-other-op");
  ASSERT_TRUE(holds_soon([&] { return text_in("starts").size() >= 12; }));
  EXPECT_EQ(text_in("starts"), "start\nstart\n");
}

TEST_F(ProcessTest, StartsWhatACrashLeftHalfMade) {
  const std::string folder = instance_folder(root(), slot_, 0);
  ASSERT_TRUE(io::make_dirs(folder));
  EXPECT_TRUE(seen().empty());
  InstanceSpec half;
  half.slot = slot_;
  half.run = "exec tail -f /dev/null";
  half.op = op("start").text();
  ASSERT_TRUE(io::append_file(spec_file(folder), to_json(half).dump()));
  EXPECT_TRUE(seen().empty());
  ensure(running("exec tail -f /dev/null"), 1, "start");
  EXPECT_TRUE(becomes(InstanceState::Running));
}

TEST_F(ProcessTest, ComesBackWhileTheOneBeforeIsStillStopping) {
  auto spec = running("trap '' TERM; echo up; exec tail -f /dev/null");
  spec.stop.timeout = Millis(500);
  ensure(spec, 1, "start");
  ASSERT_TRUE(holds_soon([&] { return !driver_.output(slot_, 5)->empty(); }));
  const std::string before = seen()[0].address;
  ensure(spec, 0, "stop");
  ensure(spec, 1, "start-again");
  ASSERT_EQ(seen().size(), 2U);
  EXPECT_NE(seen()[0].state, InstanceState::Draining) << "the one that stays comes first";
  EXPECT_EQ(seen()[1].state, InstanceState::Draining);
  EXPECT_NE(seen()[0].address, before);
  ASSERT_TRUE(holds_soon([&] { return seen().size() == 1; }));
  EXPECT_EQ(seen()[0].state, InstanceState::Running);
  EXPECT_EQ(seen()[0].op, "r-0001/start-again/1");
}

TEST_F(ProcessTest, BoundsTheOutputItKeeps) {
  ensure(running(
             "yes a-line-of-output | head -c 45000000; echo; echo the-end; exec tail -f /dev/null"),
         1, "start");
  const std::string folder = instance_folder(root(), slot_, 0);
  ASSERT_TRUE(holds_soon([&] {
    const auto lines = *driver_.output(slot_, 1);
    return !lines.empty() && lines[0] == "web/r-0001/0 | the-end";
  }));
  std::uint64_t total = 0;
  const std::vector<std::string> names = *io::list_dir(folder);
  for (const auto& name : names) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder + "/" + name).c_str(), &facts), 0);
    total += static_cast<std::uint64_t>(facts.st_size);
  }
  EXPECT_LT(total, 42'000'000U);
  EXPECT_TRUE(io::exists(folder + "/out.log.3"));
}

TEST_F(ProcessTest, RunsAsTheUserAskedFor) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change the user";
  auto spec = running("id -u; exec tail -f /dev/null");
  spec.dir = "/";
  spec.user = "nobody";
  ensure(spec, 1, "start");
  // Among its lines: a shim built for coverage complains there that it may not write its counts.
  EXPECT_TRUE(holds_soon([&] {
    const auto lines = driver_.output(slot_, 50);
    return std::find(lines->begin(), lines->end(), "web/r-0001/0 | 65534") != lines->end();
  }));
  ensure(spec, 0, "stop");
  EXPECT_TRUE(becomes_gone());
}

TEST_F(ProcessTest, LimitsProcessesWhereTheMachineAllows) {
  if (const std::string why = why_limits_are_not_enforced(); !why.empty()) GTEST_SKIP() << why;
  auto spec = running("cat /proc/self/cgroup; exec tail -f /dev/null");
  spec.limits.pids = 50;
  spec.limits.memory_bytes = 64 << 20;
  ensure(spec, 1, "start");
  ASSERT_TRUE(becomes(InstanceState::Running));
  ASSERT_TRUE(holds_soon([&] {
    const std::vector<std::string> lines = *driver_.output(slot_, 30);
    for (const auto& line : lines) {
      if (line.find("/slipway/shop.production.web.r-0001.0.") != std::string::npos) return true;
    }
    return false;
  }));
  ensure(spec, 0, "stop");
  EXPECT_TRUE(becomes_gone());
}

TEST_F(ProcessTest, EndsATaskThatTakesTooLong) {
  const ports::TaskSpec task{"migrate", running("echo working; exec tail -f /dev/null"),
                             Millis(200)};
  const auto outcome = driver_.run_once(task, op("migrate"));
  ASSERT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  ASSERT_TRUE(holds_soon([&] {
    return driver_.observe_once(op("migrate"))->state == ports::TaskView::State::Failed;
  }));
  EXPECT_EQ(driver_.observe_once(op("migrate"))->last_lines, "working");
}

TEST_F(ProcessTest, NeverRunsATaskAgainWhoseShimWasKilled) {
  const ports::TaskSpec task{"migrate", running("echo run >> runs; exec tail -f /dev/null")};
  ASSERT_EQ(driver_.run_once(task, op("migrate")).kind, ports::Outcome::Kind::Applied);
  ASSERT_TRUE(holds_soon([&] { return text_in("runs") == "run\n"; }));
  ASSERT_TRUE(holds_soon([&] {
    const auto born = look_into(task_folder(root(), op("migrate")));
    return born.status && born.status->app_pid > 1;
  }));
  const auto found = look_into(task_folder(root(), op("migrate")));
  ASSERT_GT(found.status->shim_pid, 1);
  ::kill(found.status->shim_pid, SIGKILL);
  ASSERT_TRUE(holds_soon([&] {
    return driver_.observe_once(op("migrate"))->state == ports::TaskView::State::Failed;
  }));
  ASSERT_EQ(driver_.run_once(task, op("migrate")).kind, ports::Outcome::Kind::Applied);
  EXPECT_EQ(driver_.observe_once(op("migrate"))->state, ports::TaskView::State::Failed);
  EXPECT_EQ(text_in("runs"), "run\n");
  EXPECT_TRUE(processes_with(found.spec->token).empty());
}

}  // namespace
}  // namespace slipway::drivers::process

// This program is its own shim.
int main(int argc, char** argv) {
  if (const auto status = slipway::drivers::process::shim_by_arguments(argc, argv)) return *status;
  slipway::io::ignore_sigpipe();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#include "io/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>

#include "io/clock.h"
#include "io/environment.h"
#include "io/files.h"
#include "io/poll.h"
#include "io/signals.h"

namespace slipway::io {
namespace {
constexpr Millis kSoon{10'000};

ChildSpec shell(std::string line) {
  ChildSpec spec;
  spec.shell = std::move(line);
  spec.environment = {"PATH=/usr/bin:/bin"};
  return spec;
}

TEST(Child, KeepsExitStatusAndOutput) {
  const auto run = run_command(shell("echo out; echo err >&2; exit 3"), kSoon);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->exit.code, 3);
  EXPECT_EQ(run->exit.text(), "exit status 3");
  EXPECT_EQ(run->out, "out\n");
  EXPECT_EQ(run->err, "err\n");
  EXPECT_FALSE(run->timed_out);
}

TEST(Child, SaysWhichSignalEndedIt) {
  EXPECT_EQ(run_command(shell("kill -9 $$"), kSoon)->exit.text(), "signal SIGKILL");
}

TEST(Child, NamesACommandThatDoesNotExist) {
  ChildSpec spec;
  spec.argv = {"no-such-command-here"};
  const auto run = run_command(spec, kSoon);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, Code::CommandNotFound);
  EXPECT_NE(run.error().what.find("no-such-command-here"), std::string::npos);
}

TEST(Child, NamesAFileThatCannotBeExecuted) {
  const std::string folder = *make_temp_dir("child-test-");
  ASSERT_TRUE(write_file_atomically(folder + "/plain", "x", 0644));
  ASSERT_TRUE(write_file_atomically(folder + "/bad", "#!/no/such/interpreter\n", 0755));
  ChildSpec spec;
  spec.argv = {folder + "/plain"};
  EXPECT_EQ(spawn(spec).error().code, Code::CommandNotFound);
  spec.argv = {folder + "/bad"};
  EXPECT_EQ(spawn(spec).error().code, Code::CommandNotFound);
  EXPECT_TRUE(remove_tree(folder, "/tmp"));
}

TEST(Child, NamesTheFolderItCannotEnter) {
  ChildSpec spec = shell("true");
  spec.dir = "/no/such/folder";
  const auto child = spawn(spec);
  ASSERT_FALSE(child);
  EXPECT_NE(child.error().what.find("/no/such/folder"), std::string::npos);
}

TEST(Child, GetsExactlyTheGivenEnvironment) {
  ChildSpec spec;
  spec.argv = {"/usr/bin/env"};
  spec.environment = {"A=1", "B=two words"};
  EXPECT_EQ(run_command(spec, kSoon)->out, "A=1\nB=two words\n");
}

TEST(Child, InheritsOnlyTheFdsItShall) {
  const Fd opened(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd secret(::fcntl(opened.get(), F_DUPFD, 40));  // not close-on-exec, as a library might
  const Fd kept(::fcntl(opened.get(), F_DUPFD_CLOEXEC, 50));
  ChildSpec spec = shell("ls /proc/self/fd");
  spec.keep = {kept.get()};
  const std::string listed = run_command(spec, kSoon)->out;
  EXPECT_NE(listed.find(std::to_string(kept.get()) + "\n"), std::string::npos);
  EXPECT_EQ(listed.find("\n" + std::to_string(secret.get()) + "\n"), std::string::npos) << listed;
}

TEST(Child, IsKilledWithItsWholeGroupWhenTimeIsUp) {
  const std::int64_t before = monotonic_us();
  const auto run =
      run_command(shell("tail -f /dev/null & echo $!; tail -f /dev/null"), Millis(100));
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->timed_out);
  EXPECT_EQ(run->exit.signal, SIGKILL);
  EXPECT_LT(monotonic_us() - before, 5'000'000);
  const pid_t background = static_cast<pid_t>(std::atol(run->out.c_str()));
  ASSERT_GT(background, 1);
  // Adopted by somebody else now; it has ended, reaped there or not yet.
  const auto stat = read_file("/proc/" + std::to_string(background) + "/stat");
  EXPECT_TRUE(!stat || stat->find(") Z ") != std::string::npos) << *stat;
}

TEST(Child, DoesNotWaitForWhatItLeftBehindToCloseItsOutput) {
  const std::int64_t before = monotonic_us();
  const auto run = run_command(shell("tail -f /dev/null & echo done $!"), kSoon);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->out.substr(0, 5), "done ");
  EXPECT_LT(monotonic_us() - before, 4'000'000);
  ::kill(static_cast<pid_t>(std::atol(run->out.c_str() + 5)), SIGKILL);
}

TEST(Child, KeepsTheEndOfALongOutput) {
  const auto run = run_command(
      shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"), kSoon, 100);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->out.size(), 100U);
  EXPECT_EQ(run->out.substr(90), "ine 19999\n");
}

TEST(Child, ReadsItsInput) {
  ignore_sigpipe();
  const std::string input(1'000'000, 'i');
  EXPECT_EQ(run_command(shell("wc -c"), kSoon, 100, input)->out, "1000000\n");
  EXPECT_TRUE(run_command(shell("exec 0<&-; true"), kSoon, 100, input)->exit.succeeded());
}

TEST(Child, StartsWithoutBlockedOrIgnoredSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto status = run_command(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"), kSoon);
  unsigned long long blocked = 1;
  unsigned long long ignored = 1;
  ASSERT_EQ(std::sscanf(status->out.c_str(), "SigBlk:\t%llx\nSigIgn:\t%llx", &blocked, &ignored),
            2);
  // 32 and 33 are the C library's own: no program can change them, and some parents ignore them.
  constexpr unsigned long long kLibrarys = 3ULL << 31;
  EXPECT_EQ(blocked & ~kLibrarys, 0U);
  EXPECT_EQ(ignored & ~kLibrarys, 0U);
}

TEST(Child, HasItsLimitsAndGroup) {
  ChildSpec spec =
      shell("ulimit -n; ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat; echo $$");
  spec.limits = {{RLIMIT_NOFILE, 77}};
  const auto run = run_command(spec, kSoon);
  EXPECT_EQ(run->out.substr(0, 3), "77\n");
}

TEST(Child, BecomesAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change the user";
  ChildSpec spec = shell("id -u; id -g");
  spec.user = "nobody";
  EXPECT_EQ(run_command(spec, kSoon)->out, "65534\n65534\n");
  spec.user = "no-such-user-here";
  EXPECT_EQ(spawn(spec).error().code, Code::NotFound);
}

TEST(Child, WaitsNoLongerThanAsked) {
  const auto child = spawn(shell("exec tail -f /dev/null"));
  ASSERT_TRUE(child);
  EXPECT_EQ(wait_for(*child, Millis(20)).error().code, Code::Timeout);
  ::kill(child->pid, SIGTERM);
  EXPECT_EQ(wait_for(*child, kSoon)->signal, SIGTERM);
}

TEST(Child, DiesWithItsParentWhenAsked) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildSpec spec = shell("echo up; exec tail -f /dev/null");
    spec.parent_death_signal = SIGKILL;
    spec.out = ends[1];
    const auto child = spawn(spec);
    ::close(ends[1]);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  char text[8];
  ASSERT_EQ(::read(ends[0], text, sizeof(text)), 3);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  ASSERT_TRUE(*wait_ready(ends[0], POLLIN, kSoon));  // the last writer is gone
  EXPECT_EQ(::read(ends[0], text, sizeof(text)), 0);
  ::close(ends[0]);
}

TEST(Child, DetachedIsNoChildOfOursAndHasItsOwnSession) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ChildSpec spec = shell("cut -d' ' -f4,6 /proc/self/stat; echo $PPID $$; exec tail -f /dev/null");
  spec.out = ends[1];
  const auto pid = spawn_detached(spec);
  ::close(ends[1]);
  ASSERT_TRUE(pid);
  EXPECT_EQ(::waitpid(*pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(::getsid(*pid), *pid);
  ::kill(*pid, SIGKILL);
  ::close(ends[0]);
  spec.shell.clear();
  spec.argv = {"no-such-command-here"};
  spec.out = -1;
  EXPECT_EQ(spawn_detached(spec).error().code, Code::CommandNotFound);
}

TEST(Child, KnowsSignalsByName) {
  EXPECT_EQ(*signal_number("SIGTERM"), SIGTERM);
  EXPECT_EQ(*signal_number("INT"), SIGINT);
  EXPECT_EQ(*signal_number("9"), SIGKILL);
  EXPECT_FALSE(signal_number("SIGNOPE"));
  EXPECT_EQ(signal_name(SIGHUP), "SIGHUP");
}

TEST(Environment, IsReadAndListed) {
  EXPECT_TRUE(environment_value("PATH"));
  EXPECT_EQ(environment_value("NO_SUCH_VARIABLE_HERE"), std::nullopt);
  EXPECT_FALSE(own_environment().empty());
}

}  // namespace
}  // namespace slipway::io

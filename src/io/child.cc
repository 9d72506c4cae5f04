#include "io/child.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/assert.h"
#include "io/poll.h"

namespace slipway::io {
namespace {

// Everything that needs memory or a lock happens before fork(); the child then makes system calls
// only.
struct Prepared {
  std::string file;
  std::vector<std::string> argv;
  std::vector<char*> argv_pointers;
  std::vector<char*> environment_pointers;
  std::optional<UserIds> user;
  const ChildSpec* spec = nullptr;
  Fd null;
  int in = -1;
  int out = -1;
  int err = -1;
  pid_t parent = 0;
};

enum class Step : int { Session, Join, Limit, User, Folder, Fds, Exec };
constexpr const char* kStepNames[] = {"make its session",
                                      "enter its cgroup",
                                      "set its limits",
                                      "become its user",
                                      "enter its folder",
                                      "pass its descriptors",
                                      "run"};
struct Failure {
  Step step;
  int err;
};

std::string path_of(const std::vector<std::string>& environment) {
  for (const auto& entry : environment) {
    if (entry.compare(0, 5, "PATH=") == 0) return entry.substr(5);
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<std::unique_ptr<Prepared>> prepare(const ChildSpec& spec) {
  auto prepared = std::make_unique<Prepared>();
  prepared->spec = &spec;
  prepared->argv = spec.argv;
  if (spec.argv.empty()) prepared->argv = {"/bin/sh", "-c", spec.shell};
  // Looked up as the child will see it: its PATH, its folder.
  prepared->file = TRY(find_program(prepared->argv[0], path_of(spec.environment), spec.dir));
  prepared->argv_pointers = pointers_to(prepared->argv);
  prepared->environment_pointers = pointers_to(spec.environment);
  if (!spec.user.empty()) prepared->user = TRY(find_user(spec.user));
  prepared->null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!prepared->null) return from_errno(errno, "cannot open /dev/null");
  const auto or_null = [&](int fd) { return fd >= 0 ? fd : prepared->null.get(); };
  prepared->in = or_null(spec.in);
  prepared->out = or_null(spec.out);
  prepared->err = or_null(spec.err);
  prepared->parent = ::getpid();
  return prepared;
}

constexpr unsigned kCloseRangeOnExec = 4;  // CLOSE_RANGE_CLOEXEC, not in every libc's headers

bool place_fds(const Prepared& prepared) {
  // Moved out of the way first: one of them may have a number that another is about to take.
  const int in = ::fcntl(prepared.in, F_DUPFD_CLOEXEC, 3);
  const int out = ::fcntl(prepared.out, F_DUPFD_CLOEXEC, 3);
  const int err = ::fcntl(prepared.err, F_DUPFD_CLOEXEC, 3);
  if (in < 0 || out < 0 || err < 0) return false;
  // Also what a library opened without close-on-exec.
  ::syscall(SYS_close_range, 3U, ~0U, kCloseRangeOnExec);
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) return false;
  for (const int fd : prepared.spec->keep) {
    if (::fcntl(fd, F_SETFD, 0) != 0) return false;
  }
  return true;
}

bool become_user(const Prepared& prepared) {
  if (!prepared.user) return true;
  const UserIds& user = *prepared.user;
  if (::geteuid() == user.uid && ::geteuid() != 0) return true;
  return ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setgid(user.gid) == 0 &&
         ::setuid(user.uid) == 0;
}

bool enter_groups(const ChildSpec& spec) {
  for (const auto& file : spec.join) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool written = ::write(fd, "0", 1) == 1;
    ::close(fd);
    if (!written) return false;
  }
  return true;
}

bool set_limits(const ChildSpec& spec) {
  for (const auto& limit : spec.limits) {
    const rlimit value{limit.most, limit.most};
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0) return false;
  }
  return true;
}

bool own_session(const ChildSpec& spec) {
  if (spec.group == ChildSpec::Group::OwnSession) return ::setsid() >= 0;
  return spec.group == ChildSpec::Group::Callers || ::setpgid(0, 0) == 0;
}

void default_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
}

[[noreturn]] void give_up(int report, Step step) {
  const Failure failure{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(report, &failure, sizeof(failure));
  ::_exit(127);
}

[[noreturn]] void become(const Prepared& prepared, int report) {
  const ChildSpec& spec = *prepared.spec;
  default_signals();
  if (!own_session(spec)) give_up(report, Step::Session);
  if (!enter_groups(spec)) give_up(report, Step::Join);
  if (!set_limits(spec)) give_up(report, Step::Limit);
  if (!become_user(prepared)) give_up(report, Step::User);
  if (!spec.dir.empty() && ::chdir(spec.dir.c_str()) != 0) give_up(report, Step::Folder);
  // After the change of user, which clears it; a parent that ended before is noticed here.
  if (spec.parent_death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, spec.parent_death_signal);
    if (::getppid() != prepared.parent) ::_exit(127);
  }
  if (!place_fds(prepared)) give_up(report, Step::Fds);
  ::execve(prepared.file.c_str(), prepared.argv_pointers.data(),
           prepared.environment_pointers.data());
  give_up(report, Step::Exec);
}

Error error_of(const Prepared& prepared, const Failure& failure) {
  const ChildSpec& spec = *prepared.spec;
  if (failure.step == Step::Exec) {
    return Error(Code::CommandNotFound,
                 "cannot run " + prepared.file + ": " + std::strerror(failure.err),
                 "check that the file is a program for this machine and may be executed");
  }
  std::string tried = "cannot start " + prepared.argv[0] + ": it could not " +
                      kStepNames[static_cast<int>(failure.step)];
  if (failure.step == Step::Folder) tried += " " + spec.dir;
  if (failure.step == Step::User) tried += " " + spec.user;
  return from_errno(failure.err, tried);
}

// A descriptor above the standard three, so that placing 0, 1 and 2 in the child cannot hit it.
Fd raised(int fd) {
  if (fd < 0 || fd > 2) return Fd(fd);
  Fd high(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  ::close(fd);
  return high;
}

struct Pipe {
  Fd read;
  Fd write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "cannot make a pipe");
  return Pipe{raised(ends[0]), raised(ends[1])};
}

// Nothing to read: exec closed the pipe, the program runs.
Result<void> started(const Prepared& prepared, int report) {
  Failure failure{};
  ssize_t count = 0;
  do {
    count = ::read(report, &failure, sizeof(failure));
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof(failure))) return error_of(prepared, failure);
  return ok();
}

void reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
}

// Signals stay blocked over fork(): none of the caller's handlers may run in the child.
pid_t fork_quietly(sigset_t& before) {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

}  // namespace

Result<Child> spawn(const ChildSpec& spec) {
  const auto prepared = TRY(prepare(spec));
  Pipe report = TRY(make_pipe());
  sigset_t before;
  const pid_t pid = fork_quietly(before);
  if (pid < 0) return from_errno(errno, "cannot start " + prepared->argv[0]);
  if (pid == 0) become(*prepared, report.write.get());
  report.write.reset();
  auto running = started(*prepared, report.read.get());
  if (!running) {
    reap(pid);
    return running.error();
  }
  return Child{pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
}

Result<pid_t> spawn_detached(const ChildSpec& given) {
  ChildSpec spec = given;
  spec.group = ChildSpec::Group::OwnSession;
  ASSERT(spec.parent_death_signal == 0);
  const auto prepared = TRY(prepare(spec));
  Pipe report = TRY(make_pipe());
  Pipe pids = TRY(make_pipe());
  sigset_t before;
  const pid_t between = fork_quietly(before);
  if (between < 0) return from_errno(errno, "cannot start " + prepared->argv[0]);
  if (between == 0) {
    const pid_t pid = ::fork();
    if (pid == 0) become(*prepared, report.write.get());
    [[maybe_unused]] const ssize_t written = ::write(pids.write.get(), &pid, sizeof(pid));
    ::_exit(0);
  }
  report.write.reset();
  pids.write.reset();
  reap(between);
  TRY(started(*prepared, report.read.get()));
  pid_t pid = -1;
  if (::read(pids.read.get(), &pid, sizeof(pid)) != static_cast<ssize_t>(sizeof(pid)) || pid < 0) {
    return Error(Code::IoFailed,
                 "cannot start " + prepared->argv[0] + ": the machine has no process left");
  }
  return pid;
}

Exit exit_of(int wait_status) {
  Exit exit;
  if (WIFSIGNALED(wait_status)) exit.signal = WTERMSIG(wait_status);
  if (WIFEXITED(wait_status)) exit.code = WEXITSTATUS(wait_status);
  return exit;
}

std::string Exit::text() const {
  if (signal != 0) return "signal " + signal_name(signal);
  return "exit status " + std::to_string(code);
}

Result<Exit> wait_for(const Child& child, Millis timeout) {
  if (!child.pidfd)
    return Error(Code::Unsupported, "this kernel has no pidfd_open (Linux 5.3 has it)");
  if (!TRY(wait_ready(child.pidfd.get(), POLLIN, timeout))) {
    return Error(Code::Timeout, "process " + std::to_string(child.pid) + " has not ended within " +
                                    std::to_string(timeout.count()) + " ms");
  }
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0) {
    if (errno != EINTR)
      return from_errno(errno, "cannot wait for process " + std::to_string(child.pid));
  }
  return exit_of(status);
}

}  // namespace slipway::io

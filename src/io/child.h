#pragma once
// Child processes. What is given is passed exactly: no inherited environment, no inherited fds.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/fd.h"

namespace slipway::io {

struct ResourceLimit {
  int resource;  // RLIMIT_…
  std::uint64_t most;
};

struct ChildSpec {
  std::vector<std::string> argv;  // argv[0] without "/" is looked up in PATH of `environment`
  std::string shell;              // used when argv is empty: /bin/sh -c shell
  std::string dir;                // empty: the caller's
  std::vector<std::string> environment;  // "KEY=VALUE"
  int in = -1;                           // -1: /dev/null
  int out = -1;
  int err = -1;
  enum class Group { Callers, Own, OwnSession };
  Group group = Group::Own;
  std::vector<int> keep;  // fds the child has too, under the same numbers (3 and up)
  std::string user;       // name or number; empty: the caller's. Its groups come along.
  std::vector<ResourceLimit> limits;
  std::vector<std::string> join;  // cgroup.procs files the child enters before it runs
  int parent_death_signal = 0;    // when the thread that spawned it ends
};

struct Child {
  pid_t pid = 0;
  Fd pidfd;  // readable when it has ended; empty where the kernel has none
};

struct Exit {
  int code = 0;
  int signal = 0;  // not 0: ended by this signal
  bool succeeded() const { return code == 0 && signal == 0; }
  std::string text() const;  // "exit status 3", "signal SIGKILL"
};

// Returns once the program runs. CommandNotFound names the program; other errors name the step that
// failed (the folder, the user …).
Result<Child> spawn(const ChildSpec& spec);
Exit exit_of(int wait_status);
// Reaps the child. Timeout when it has not ended in time (nothing is done to it then).
Result<Exit> wait_for(const Child& child, Millis timeout);

struct CommandRun {
  Exit exit;
  std::string out;  // at most max_output, the last bytes
  std::string err;
  bool timed_out = false;  // its whole process group was killed
};
// Runs to the end. spec.out and spec.err are ignored (both are collected); `input` goes to stdin.
Result<CommandRun> run_command(ChildSpec spec, Millis timeout, std::size_t max_output = 256 * 1024,
                               const std::string& input = {});

// The file that would run for `command` as the first word of a command line; CommandNotFound.
// `path`: the value of PATH; a relative one is seen from `dir`.
Result<std::string> find_program(const std::string& command, const std::string& path,
                                 const std::string& dir);
struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home;
};
Result<UserIds> find_user(const std::string& name_or_number);  // NotFound
Result<int> signal_number(const std::string& name);            // "SIGTERM", "TERM", "15"
std::string signal_name(int signal);                           // "SIGTERM"

// As spawn(), but the child is not the caller's: it is adopted by init (or the nearest subreaper),
// is in a session of its own, and outlives the caller. Returns its pid.
Result<pid_t> spawn_detached(const ChildSpec& spec);

}  // namespace slipway::io

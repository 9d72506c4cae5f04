#include "drivers/process/shim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <memory>

#include "base/text.h"
#include "base/units.h"
#include "drivers/process/cgroup.h"
#include "drivers/process/layout.h"
#include "io/child.h"
#include "io/event_loop.h"
#include "io/files.h"
#include "io/signals.h"

namespace slipway::drivers::process {
namespace {

constexpr std::uint64_t kMostOutput = std::uint64_t{10} << 20;
constexpr int kOutputFiles = 3;
constexpr Millis kAtOnce{1'000};  // an app that ends sooner on its first start "died at once"
constexpr Millis kRestartWindow{60'000};  // more than kMostRestarts ends in it: failed
constexpr std::size_t kMostRestarts = 5;
constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{5'000};

class Shim {
 public:
  Shim(std::string folder, InstanceSpec spec, std::vector<std::string> environment,
       io::RotatingLog log, io::EventLoop& loop)
      : folder_(std::move(folder)),
        spec_(std::move(spec)),
        environment_(std::move(environment)),
        log_(std::move(log)),
        loop_(loop) {
    status_.shim_pid = ::getpid();
  }

  void start() {
    io::ChildSpec child;
    child.shell = spec_.run;
    child.dir = spec_.dir;
    child.environment = environment_;
    child.group = io::ChildSpec::Group::OwnSession;
    child.user = spec_.user;
    child.join = group_.join_files();
    child.parent_death_signal = SIGKILL;
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
      return fail("no pipe for its output could be made");
    ::fcntl(ends[1], F_SETFL, 0);  // the app's end blocks, as programs expect
    child.out = ends[1];
    child.err = ends[1];
    const io::Fd write_end(ends[1]);
    watch_output(io::Fd(ends[0]));
    auto started = io::spawn(child);
    if (!started) return fail(started.error().what);
    app_ = std::move(started).value();
    group_id_ = app_.pid;
    started_ = loop_.now();
    write_status(InstanceStatus::State::Running, "");
    if (spec_.timeout.count() > 0) {
      loop_.after(spec_.timeout, [this] {
        timed_out_ = true;
        stop();
      });
    }
  }

  // Politely, then not.
  void stop() {
    if (stopping_) return;
    stopping_ = true;
    write_status(InstanceStatus::State::Stopping, status_.why);
    if (app_.pid == 0) return end(status_.why);
    const auto signal = io::signal_number(spec_.stop.signal);
    ::kill(-group_id_, signal ? *signal : SIGTERM);
    loop_.after(spec_.stop.timeout, [this] { ::kill(-group_id_, SIGKILL); });
  }

  void on_child_end() {
    int wait_status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0) {
      if (pid == app_.pid) on_app_end(io::exit_of(wait_status));
    }
    if (group_stopping_ && ::kill(-group_id_, 0) != 0) end("");
  }

 private:
  void on_app_end(const io::Exit& exit) {
    app_ = {};
    status_.exit_code = exit.signal == 0 ? exit.code : -1;
    drain_output();
    // `sh -c` or npm may go first: the others of the group have the same time to finish their work.
    group_stopping_ = stopping_ && !spec_.once;
    if (group_stopping_ && ::kill(-group_id_, 0) == 0) return;
    group_stopping_ = false;
    ::kill(-group_id_, SIGKILL);
    if (timed_out_) return end("still running after " + to_text(spec_.timeout));
    if (spec_.once || stopping_) return end(stopping_ && !spec_.once ? "" : exit.text());
    const Millis lived = loop_.now() - started_;
    if (status_.restarts == 0 && lived < kAtOnce)
      return fail(exit.text() + " after " + std::to_string(lived.count()) + " ms");
    ends_.push_back(loop_.now());
    while (ends_.front() + kRestartWindow < loop_.now()) ends_.pop_front();
    if (ends_.size() > kMostRestarts)
      return fail(exit.text() + ", " + count_of(static_cast<long long>(ends_.size()), "time") +
                  " within a minute");
    status_.restarts += 1;
    write_status(InstanceStatus::State::Restarting, exit.text());
    const Millis pause =
        std::min(kLongestPause, kFirstPause * (1 << std::min<std::size_t>(ends_.size() - 1, 6)));
    loop_.after(pause, [this] {
      if (!stopping_) start();
    });
  }

  void watch_output(io::Fd fd) {
    if (output_) loop_.remove(output_.get());
    output_ = std::move(fd);
    const auto added = loop_.add(output_.get(), EPOLLIN, io::Trigger::Level,
                                 [this](std::uint32_t) { drain_output(); });
    if (!added) output_.reset();
  }

  // Bounded: an app that prints without end must not keep the shim from its other work.
  void drain_output() {
    constexpr int kMostReads = 64;
    std::array<char, 16384> buffer{};
    for (int i = 0; i < kMostReads && output_; ++i) {
      const auto n = ::read(output_.get(), buffer.data(), buffer.size());
      if (n > 0) {
        keep(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
        continue;
      }
      if (n == 0) {
        loop_.remove(output_.get());
        output_.reset();
      }
      return;
    }
  }

  // A full disk loses output, never the app.
  void keep(std::string_view bytes) {
    const auto written = log_.write(bytes);
    lost_output_ = lost_output_ || !written;
  }

  void write_status(InstanceStatus::State state, const std::string& why) {
    status_.state = state;
    status_.app_pid = app_.pid;
    status_.why = why + (lost_output_ ? " (some of its output could not be written)" : "");
    const auto written = io::write_file_atomically(status_file(folder_), to_json(status_).dump());
    if (!written) std::fprintf(stderr, "slipway shim: %s\n", written.error().what.c_str());
  }

  void fail(const std::string& why) {
    write_status(InstanceStatus::State::Failed, why);
    leave();
  }
  void end(const std::string& why) {
    group_stopping_ = false;
    const bool bad_task = spec_.once && (status_.exit_code != 0 || timed_out_);
    write_status(bad_task ? InstanceStatus::State::Failed : InstanceStatus::State::Ended, why);
    leave();
  }

  // Nothing of the instance stays: children that left the group are this process's own (subreaper).
  void leave() {
    constexpr int kMostRounds = 4096;
    for (int round = 0; round < kMostRounds; ++round) {
      const auto children =
          io::read_file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
      if (!children || trim(*children).empty()) break;
      for (const auto pid : split(trim(*children), ' '))
        ::kill(std::atoi(std::string(pid).c_str()), SIGKILL);
      ::waitpid(-1, nullptr, 0);
    }
    group_.remove();
    loop_.stop();
  }

  std::string folder_;
  InstanceSpec spec_;
  std::vector<std::string> environment_;
  io::RotatingLog log_;
  io::EventLoop& loop_;
  Cgroup group_{spec_.slot, spec_.index, spec_.limits};
  InstanceStatus status_;
  io::Child app_;
  io::Fd output_;
  Millis started_{0};
  pid_t group_id_ = 0;  // the app's session and group
  bool stopping_ = false;
  bool group_stopping_ = false;  // the app itself has ended, others of its group have not
  bool timed_out_ = false;
  bool lost_output_ = false;
  std::deque<Millis> ends_;
};

Result<std::vector<std::string>> read_environment(int fd) {
  const io::Fd owned(fd);
  std::string bytes;
  std::array<char, 16384> buffer{};
  ssize_t n = 0;
  while ((n = ::read(fd, buffer.data(), buffer.size())) > 0)
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
  if (n < 0) return from_errno(errno, "cannot read the environment");
  std::vector<std::string> out;
  for (const auto entry : split(bytes, '\0')) {
    if (!entry.empty()) out.emplace_back(entry);
  }
  return out;
}

Result<void> run(const std::string& folder, int environment_fd) {
  auto environment = TRY(read_environment(environment_fd));
  auto spec = TRY(instance_spec_from_json(TRY(Json::parse(TRY(io::read_file(spec_file(folder)))))));
  auto log = TRY(io::RotatingLog::open(output_file(folder), kMostOutput, kOutputFiles));
  const auto loop = TRY(io::EventLoop::make());
  Shim shim(folder, std::move(spec), std::move(environment), std::move(log), *loop);
  const auto signals =
      TRY(io::SignalSource::make(*loop, {SIGTERM, SIGINT, SIGCHLD}, [&](int signal) {
        if (signal == SIGCHLD) return shim.on_child_end();
        shim.stop();
      }));
  // Told to stop while it was being born: the file is looked at after the signals are caught.
  shim.start();
  if (io::exists(stop_file(folder))) shim.stop();
  loop->run();
  return ok();
}

}  // namespace

int shim_main(const std::string& folder, int environment_fd, int lock_fd) {
  io::ignore_sigpipe();
  ::fcntl(lock_fd, F_SETFD, FD_CLOEXEC);  // the app must not hold the lock
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto ran = run(folder, environment_fd);
  if (ran) return 0;
  std::fprintf(stderr, "slipway shim: %s\n", ran.error().sentence().c_str());
  InstanceStatus status;
  status.state = InstanceStatus::State::Failed;
  status.shim_pid = ::getpid();
  status.why = ran.error().what;
  const auto written = io::write_file_atomically(status_file(folder), to_json(status).dump());
  return written ? 1 : 2;
}

std::optional<int> shim_by_arguments(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "shim") return std::nullopt;
  std::string folder;
  int environment_fd = -1;
  int lock_fd = -1;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--dir") folder = argv[i + 1];
    if (name == "--environment-fd") environment_fd = std::atoi(argv[i + 1]);
    if (name == "--lock-fd") lock_fd = std::atoi(argv[i + 1]);
  }
  if (folder.empty() || environment_fd < 3 || lock_fd < 3) {
    std::fprintf(stderr, "slipway shim: started by the daemon, not by hand\n");
    return 2;
  }
  return shim_main(folder, environment_fd, lock_fd);
}

}  // namespace slipway::drivers::process

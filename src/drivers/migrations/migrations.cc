#include "drivers/migrations/migrations.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::drivers::migrations {
namespace {
using State = ports::MigrationView::State;

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr int kLookAfterStop = 200;  // milliseconds
constexpr const char* kUrl = "SLIPWAY_DATABASE_URL";
constexpr const char* kBackup = "SLIPWAY_BACKUP";

// What the child has said so far.
struct Heard {
  ports::MigrationView view;
  std::string rest;  // of a line that has not ended
  bool has_ended = false;
  bool has_failed = false;
};

void hear_line(Heard& heard, std::string_view line) {
  const auto json = Json::parse(line);
  if (!json || !json->is_object()) {
    heard.view.text = std::string(trim(line)).substr(0, 500);
    return;
  }
  if (const Json& error = json->at("error"); error.is_object()) {
    heard.view.text = error.text("what");
    if (!error.text("next").empty()) heard.view.text += ". Next: " + error.text("next");
    heard.has_failed = true;
  } else if (json->text("event") == "done") {
    heard.view.applied = json->strings("applied");
    heard.view.waiting = json->strings("waiting");
    heard.view.blocked = json->strings("blocked");
    heard.view.restore_point = json->at("restore_point").text("name");
    if (!json->text("what").empty()) heard.view.text = json->text("what");
    heard.has_ended = true;
  } else {
    heard.view.text = json->text("what");
  }
}

void hear(Heard& heard, std::string_view bytes) {
  heard.rest += bytes;
  for (auto end = heard.rest.find('\n'); end != std::string::npos; end = heard.rest.find('\n')) {
    hear_line(heard, std::string_view(heard.rest).substr(0, end));
    heard.rest.erase(0, end + 1);
  }
  if (heard.rest.size() > kLongestLine) heard.rest.clear();
}

// What the child needs to make a restore point; a secret goes as its reference.
std::string safety_words(const ports::MigrationCall& call) {
  return Json::object()
      .set("app", call.app)
      .set("release", call.release)
      .set("database", to_json(call.database))
      .dump();
}

std::vector<std::string> words_of_check(const Settings& settings_of_driver,
                                        const ports::MigrationCall& call) {
  const auto& settings = call.database.migrations;
  std::vector<std::string> out = {
      settings_of_driver.program,
      "migrate",
      "check",
      call.environment,
      "--json",
      "--url",
      std::string("env:") + kUrl,
      "--path",
      settings.path.starts_with('/') ? settings.path : io::join_path(call.dir, settings.path),
      "--phase",
      settings.contract == config::ContractTime::Manual ? "data" : "contract"};
  if (settings.tool != "auto") out.insert(out.end(), {"--tool", settings.tool});
  if (settings.rehearse == config::Rehearse::Require) out.emplace_back("--require");
  if (!settings.command.empty()) out.insert(out.end(), {"--command", settings.command});
  if (settings.rehearse_on == "backup") out.insert(out.end(), {"--on", "backup"});
  if (settings.rehearse_on == "backup" && call.database.backup.is_set)
    out.insert(out.end(),
               {"--backup", std::string("env:") + kBackup, "--state", settings_of_driver.state});
  return out;
}

std::vector<std::string> words_of(const Settings& settings_of_driver,
                                  const ports::MigrationCall& call) {
  const std::string& program = settings_of_driver.program;
  if (call.phase == "rehearse") return words_of_check(settings_of_driver, call);
  const auto& settings = call.database.migrations;
  std::vector<std::string> out = {
      program,
      "migrate",
      "up",
      call.environment,
      "--json",
      "--url",
      std::string("env:") + kUrl,
      "--path",
      settings.path.starts_with('/') ? settings.path : io::join_path(call.dir, settings.path),
      "--phase",
      call.phase,
      "--wait",
      to_text(settings.wait),
      "--lock-timeout",
      to_text(settings.lock_timeout),
      "--max-lag",
      to_text(settings.max_lag),
      "--max-latency",
      to_text(settings.max_latency),
      "--pulse",
      "stdin"};
  const auto add = [&](const char* option, const std::string& value) {
    if (value.empty()) return;
    out.emplace_back(option);
    out.push_back(value);
  };
  add("--to", call.last);
  if (call.database.backup.is_set) {
    add("--backup", std::string("env:") + kBackup);
    add("--state", settings_of_driver.state);
  }
  add("--tool", settings.tool == "auto" ? "" : settings.tool);
  add("--command", settings.command);
  return out;
}

// One child and what it says. Lives in a thread of its own, which the child does not outlive.
class Run {
 public:
  Run(const Settings& settings, ports::MigrationCall call)
      : settings_(settings), call_(std::move(call)) {
    heard_.view.state = State::Running;
    heard_.view.text = "begins";
    thread_ = std::thread([this] { run(); });
  }
  ~Run() {
    stop();
    thread_.join();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  ports::MigrationView view() const {
    const std::lock_guard hold(mutex_);
    return heard_.view;
  }

  void stop() {
    const std::lock_guard hold(mutex_);
    if (is_stopped_) return;
    is_stopped_ = true;
    kill_at_ = clock_.monotonic() + settings_.patience;
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }

  // A line for its stdin. One that does not read gets no more of them: nobody waits for it.
  void tell(const ports::Pulse& pulse) {
    const std::lock_guard hold(mutex_);
    if (ear_.get() < 0) return;
    const std::string line = Json::object()
                                 .set("requests", static_cast<std::int64_t>(pulse.requests))
                                 .set("p95_ms", static_cast<std::int64_t>(pulse.p95.count()))
                                 .set("p99_ms", static_cast<std::int64_t>(pulse.p99.count()))
                                 .dump() +
                             "\n";
    const auto sent = ::send(ear_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) ear_.reset();
  }

 private:
  void run() {
    const auto ended = follow();
    const std::lock_guard hold(mutex_);
    auto& view = heard_.view;
    if (!ended) {
      view.state = State::Failed;
      view.text = ended.error().sentence();
    } else if (ended->succeeded() && heard_.has_ended) {
      view.state = State::Done;
    } else {
      view.state = State::Failed;
      if (!heard_.has_failed)
        view.text = "slipway migrate ended with " + ended->text() + ": " + view.text;
    }
  }

  Result<io::Exit> follow() {
    const std::string url = call_.database.secret.name.empty()
                                ? call_.database.url
                                : TRY(settings_.read_secret(call_.database.secret, call_.dir));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "making a pipe");
    const io::Fd from(ends[0]);
    io::Fd to(ends[1]);
    io::ChildSpec spec;
    spec.argv = words_of(settings_, call_);
    spec.dir = call_.dir;
    spec.environment = io::own_environment();
    spec.environment.push_back(std::string(kUrl) + "=" + std::string(trim(url)));
    if (call_.database.backup.is_set)
      spec.environment.push_back(std::string(kBackup) + "=" + safety_words(call_));
    spec.out = spec.err = to.get();
    // Not a pipe: whoever writes into one that nobody reads any more gets a signal.
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return from_errno(errno, "making a pair of sockets");
    io::Fd its_ear(ends[0]);
    io::Fd ear(ends[1]);
    spec.in = its_ear.get();
    spec.parent_death_signal = SIGTERM;
    auto child = TRY(io::spawn(spec));
    to.reset();
    its_ear.reset();
    begun(child.pid, std::move(ear));
    read_all(from.get());
    return reap(child);
  }

  // Between the pipe's end and here the child only has to go; one that does not is killed. Reaped
  // under the lock: from then on its number may be another one's, whom nobody must signal.
  Result<io::Exit> reap(const io::Child& child) {
    pollfd gone{child.pidfd.get(), POLLIN, 0};
    if (::poll(&gone, 1, static_cast<int>(settings_.patience.count())) == 0)
      ::kill(child.pid, SIGKILL);
    const std::lock_guard hold(mutex_);
    pid_ = 0;
    ear_.reset();
    return io::wait_for(child, settings_.patience);
  }

  void begun(pid_t pid, io::Fd ear) {
    const std::lock_guard hold(mutex_);
    ear_ = std::move(ear);
    pid_ = pid;
    if (is_stopped_) ::kill(pid_, SIGTERM);
  }

  // One that was asked to stop and does not, because its network is gone for example, is killed.
  void lose_patience() {
    const std::lock_guard hold(mutex_);
    if (is_stopped_ && pid_ > 0 && clock_.monotonic() >= kill_at_) ::kill(pid_, SIGKILL);
  }

  void read_all(int from) {
    std::array<char, 4096> bytes{};
    for (;;) {
      pollfd readable{from, POLLIN, 0};
      if (::poll(&readable, 1, kLookAfterStop) == 0) {
        lose_patience();
        continue;
      }
      const ssize_t count = ::read(from, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      const std::lock_guard hold(mutex_);
      hear(heard_, {bytes.data(), static_cast<std::size_t>(count)});
    }
  }

  const Settings& settings_;
  const ports::MigrationCall call_;
  mutable std::mutex mutex_;
  Heard heard_;
  io::Fd ear_;     // where it reads the pulse
  pid_t pid_ = 0;  // 0: not begun, or reaped
  bool is_stopped_ = false;
  Millis kill_at_{0};  // once it was asked to stop
  io::SystemClock clock_;
  std::thread thread_;
};

class Children final : public ports::Migrations {
 public:
  explicit Children(Settings settings) : settings_(std::move(settings)) {}

  void begin(const std::string& key, const ports::MigrationCall& call) override {
    auto& run = runs_[key];
    if (!run) run = std::make_unique<Run>(settings_, call);
  }
  ports::MigrationView look(const std::string& key) override {
    const auto found = runs_.find(key);
    return found == runs_.end() ? ports::MigrationView() : found->second->view();
  }
  void tell(const std::string& key, const ports::Pulse& pulse) override {
    const auto found = runs_.find(key);
    if (found != runs_.end()) found->second->tell(pulse);
  }
  void stop(const std::string& key) override {
    const auto found = runs_.find(key);
    if (found != runs_.end()) found->second->stop();
  }

 private:
  Settings settings_;
  std::map<std::string, std::unique_ptr<Run>> runs_;
};
}  // namespace

std::unique_ptr<ports::Migrations> make_migrations(Settings settings) {
  return std::make_unique<Children>(std::move(settings));
}

}  // namespace slipway::drivers::migrations

#include "daemon/daemon.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include "daemon/api_server.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/signals.h"
#include "store/sqlite_store.h"

namespace slipway::daemon {
namespace {
constexpr Millis kStopWithin{1'700};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "this host";
}

// Never the same twice on one machine: a lease of the daemon before must not look like ours.
std::string owner_name(Clock& clock, Random& random) {
  return "daemon " + std::to_string(::getpid()) + " on " + host_name() + " since " +
         to_iso8601(clock.now()) + " #" + std::to_string(random.next() % 1'000'000);
}

Result<io::FileLock> lock_state(const std::string& state) {
  const auto made = io::make_dirs(state, 0700);
  if (!made) {
    return Error(made.error().code,
                 "cannot make the state folder " + state + ": " + made.error().what,
                 "choose another with --state DIR or SLIPWAY_STATE");
  }
  auto lock = io::FileLock::take(state + "/daemon.lock");
  if (lock) return lock;
  const Code code = lock.error().code;
  if (code == Code::Conflict || code == Code::AlreadyExists) {
    return Error(Code::Conflict,
                 "another slipway daemon uses the state folder " + state + ": " + lock.error().what,
                 "use that one, stop it, or choose another folder with --state DIR");
  }
  return Error(code, "cannot write in the state folder " + state + ": " + lock.error().what,
               "make it writable for this user, or choose another with --state DIR");
}
}  // namespace

// In the order they are built; taken apart backwards.
struct Daemon::Rooms {
  Rooms(io::FileLock the_lock, std::unique_ptr<ports::Store> the_store, DriverFactory drivers,
        telemetry::Log& log, Clock& clock, Random& random)
      : lock(std::move(the_lock)),
        store(std::move(the_store)),
        timed(*store, clock, metrics),
        house{timed, clock, random, log, metrics, std::move(drivers), {}, {}, {}, 0, 0, {}, {}},
        parts(house, timed),
        api(parts) {}

  io::FileLock lock;
  std::unique_ptr<ports::Store> store;
  telemetry::Metrics metrics;
  TimedStore timed;
  House house;
  Parts parts;
  Api api;
  std::unique_ptr<ApiServer> server;
};

Daemon::Daemon() = default;
Daemon::~Daemon() { stop(); }

Result<std::unique_ptr<Daemon>> Daemon::start(const DaemonOptions& options, DriverFactory drivers,
                                              telemetry::Log& log, Clock& clock, Random& random) {
  std::unique_ptr<Daemon> daemon(new Daemon());
  TRY(daemon->open(options, std::move(drivers), log, clock, random));
  TRY(daemon->begin(options));
  return daemon;
}

Result<void> Daemon::open(const DaemonOptions& options, DriverFactory drivers, telemetry::Log& log,
                          Clock& clock, Random& random) {
  auto lock = TRY(lock_state(options.state));
  auto store = TRY(store::open_store(options.state + "/store.db"));
  rooms_ = std::make_unique<Rooms>(std::move(lock), std::move(store), std::move(drivers), log,
                                   clock, random);
  House& house = rooms_->house;
  house.version = options.version;
  house.state = options.state;
  house.owner = owner_name(clock, random);
  house.started_ms = house.now_ms();
  house.external_url = options.external_url;
  house.keep_notices = options.keep_notices;
  while (house.external_url.ends_with('/')) house.external_url.pop_back();
  house.pid = static_cast<int>(::getpid());
  declare_figures(rooms_->metrics, options.version);
  rooms_->server = TRY(ApiServer::make(rooms_->api, rooms_->parts));
  socket_ = options.socket.empty() ? options.state + "/daemon.sock" : options.socket;
  TRY(rooms_->server->listen_unix(socket_));
  if (!options.listen.empty()) tcp_port_ = TRY(rooms_->server->listen_tcp(options.listen));
  return ok();
}

Result<void> Daemon::begin(const DaemonOptions& options) {
  Parts& parts = rooms_->parts;
  parts.releases.on_end([&parts](const ports::AppRef& app) { parts.upkeep.poke(app); });
  rooms_->timed.on_told([&parts] { parts.courier.poke(); });
  rooms_->server->start();
  TRY(parts.releases.take_up());
  parts.upkeep.start();
  parts.watcher.add_measures(
      [&parts](const ports::AppRef& app) { return parts.caretaker.measures(app); });
  parts.watcher.start();
  parts.caretaker.start();
  parts.log_tail.start();
  parts.renewals.start();
  parts.incidents.start();
  parts.courier.dress_with([&parts](ports::Notice& notice, const config::Channel& channel) {
    for (auto& link : parts.links.of(notice, channel)) notice.links.push_back(std::move(link));
  });
  if (options.channels) parts.courier.start(options.channels);
  parts.stage = Stage::Ready;
  rooms_->house.log.note("daemon", "slipway " + options.version + " is ready",
                         Json::object()
                             .set("pid", rooms_->house.pid)
                             .set("state", options.state)
                             .set("socket", socket_)
                             .set("tcp_port", tcp_port_));
  return ok();
}

void Daemon::stop() {
  if (!rooms_ || std::exchange(stopped_, true)) return;
  Parts& parts = rooms_->parts;
  const bool was_ready = parts.stage == Stage::Ready;
  parts.stage = Stage::Stopping;
  if (rooms_->server) rooms_->server->stop_listening();
  parts.incidents.close();
  parts.releases.close();
  parts.upkeep.close();
  parts.caretaker.close();
  parts.watcher.close();
  parts.log_tail.close();
  parts.renewals.close();
  parts.courier.close();
  parts.hub.close();
  if (rooms_->server) rooms_->server->close();
  if (was_ready) rooms_->house.log.note("daemon", "stopped; what runs keeps running");
}

namespace {
int failed(const Error& error) {
  std::fprintf(stderr, "slipway daemon: %s\n", error.sentence().c_str());
  return facts_of(error.code).exit_code;
}

Result<void> wait_for_signal(telemetry::Log& log) {
  auto loop = TRY(io::EventLoop::make());
  const auto source = TRY(io::SignalSource::make(*loop, {SIGTERM, SIGINT}, [&](int signal) {
    log.note("daemon", std::string("stopping on ") + (signal == SIGTERM ? "SIGTERM" : "SIGINT"));
    loop->stop();
  }));
  loop->run();
  return ok();
}

// Every step of a release is durable before it is done, so ending in the middle of one loses
// nothing: the next daemon looks and goes on. Better than keeping whoever waits for the exit.
void end_in_time(Daemon& daemon) {
  std::thread([] {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable never;
    never.wait_for(lock, kStopWithin, [] { return false; });
    ::_exit(0);
  }).detach();
  daemon.stop();
}
}  // namespace

int daemon_main(const DaemonOptions& options, const DriverFactory& drivers) {
  io::ignore_sigpipe();
  io::block_signals({SIGTERM, SIGINT});
  io::SystemClock clock;
  io::SystemRandom random;
  std::unique_ptr<telemetry::Log> log;
  if (options.log_file.empty()) {
    log = std::make_unique<telemetry::Log>(clock, STDERR_FILENO,
                                           telemetry::Log::fitting(STDERR_FILENO));
  } else {
    auto opened = telemetry::Log::to_file(clock, options.log_file);
    if (!opened) return failed(opened.error());
    log = std::move(opened).value();
  }
  auto daemon = Daemon::start(options, drivers, *log, clock, random);
  if (!daemon) return failed(daemon.error());
  const auto waited = wait_for_signal(*log);
  if (!waited) return failed(waited.error());
  end_in_time(**daemon);
  return 0;
}

}  // namespace slipway::daemon

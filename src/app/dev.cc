// slipway dev: edge, daemon and the app in the foreground; Ctrl-C stops all of it.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app/verbs.h"
#include "app/wiring.h"
#include "base/text.h"
#include "cli/entries.h"
#include "cli/follow.h"
#include "cli/target.h"
#include "edge/edge.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/event_loop.h"
#include "io/files.h"
#include "io/signals.h"
#include "io/socket.h"

namespace slipway::app {
namespace {
constexpr Millis kAnswersWithin{10'000};
constexpr Millis kLookEvery{20};
constexpr Millis kStopsWithin{15'000};
constexpr int kLastLines = 5;

struct Stage {
  std::string state;
  bool is_temporary = false;
  std::string app;
  config::Environment settings;
  io::Child edge;
  io::Child daemon;
};

// The only environment, one that is meant for this, or the first.
std::string environment_for(const config::Config& config, const std::string& given) {
  if (!given.empty()) return given;
  for (const auto* name : {"dev", "development", "local"}) {
    if (config.environments.contains(name)) return name;
  }
  return config.environments.empty() ? "" : config.environments.begin()->first;
}

Result<io::Child> start(const cli::Session& session, std::vector<std::string> words,
                        const std::string& log) {
  const io::Fd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return from_errno(errno, "cannot write " + log);
  io::ChildSpec spec;
  spec.argv = std::move(words);
  spec.argv.insert(spec.argv.begin(), session.around().program);
  spec.environment = io::own_environment();
  spec.out = file.get();
  spec.err = file.get();
  spec.parent_death_signal = SIGTERM;
  return io::spawn(spec);
}

Result<void> wait_for_socket(const std::string& path, const io::Child& child,
                             const std::string& name, const std::string& log) {
  auto loop = TRY(io::EventLoop::make());
  const Millis until = loop->now() + kAnswersWithin;
  while (loop->now() < until) {
    if (io::connect_unix(path, Millis(1'000))) return ok();
    if (io::wait_for(child, Millis(0))) break;
    loop->poll_once(kLookEvery);
  }
  std::string why;
  for (const auto& line : io::last_lines(log, kLastLines)) why += "\n  " + line;
  return Error(Code::CommandFailed, "the " + name + " did not start:" + why,
               "correct what it says; another address for the app: slipway dev --listen ADDRESS");
}

Result<Stage> set_stage(cli::Session& session, const cli::Loaded& loaded) {
  Stage stage;
  const auto& given = session.given();
  stage.app = loaded.config.app;
  const std::string name = TRY(
      cli::pick_environment(loaded.config, environment_for(loaded.config, given.text("--env"))));
  stage.settings = loaded.config.environments.at(name);
  stage.is_temporary = !given.has("--state");
  stage.state =
      stage.is_temporary ? TRY(io::make_temp_dir("slipway-dev-")) : session.state_folder();
  TRY(io::make_dirs(stage.state, 0700));
  return stage;
}

Result<void> start_both(cli::Session& session, Stage& stage) {
  const std::string edge_log = stage.state + "/edge.log";
  const std::string daemon_log = stage.state + "/daemon.log";
  stage.edge = TRY(start(session,
                         {"edge", "run", "--state", stage.state, "--listen",
                          session.given().text("--listen"), "--stop-time", "2s"},
                         edge_log));
  TRY(wait_for_socket(edge::control_socket_path(stage.state), stage.edge, "edge", edge_log));
  stage.daemon = TRY(start(session, {"daemon", "--state", stage.state}, daemon_log));
  return wait_for_socket(stage.state + "/daemon.sock", stage.daemon, "daemon", daemon_log);
}

// Runs another verb of the command line on this stage's daemon.
int run_verb(const cli::Session& session, std::string_view verb, std::vector<std::string> words,
             int (*run)(cli::Session&)) {
  auto given = cli::parse(*cli::find_verb(verb), words);
  if (!given) return session.fail(given.error());
  cli::Session inner(session.around(), std::move(given).value());
  return run(inner);
}

int release(cli::Session& session, const Stage& stage, const std::string& file) {
  const std::string version = session.given().text("VERSION");
  return run_verb(session, "deploy",
                  {"--state", stage.state, "--file", file, "--yes", "--until", "promoted",
                   stage.settings.name, version.empty() ? "dev" : version},
                  cli::run_deploy);
}

// Shows what the app prints until Ctrl-C, or until edge or daemon end by themselves.
Result<void> show_output(cli::Session& session, const Stage& stage) {
  auto loop = TRY(io::EventLoop::make());
  const auto signals =
      TRY(io::SignalSource::make(*loop, {SIGINT, SIGTERM}, [&](int) { loop->stop(); }));
  io::ChildSpec spec;
  spec.argv = {session.around().program,
               "logs",
               "--follow",
               "--state",
               stage.state,
               "--app",
               stage.app,
               "--env",
               stage.settings.name,
               "--lines",
               "20"};
  spec.environment = io::own_environment();
  spec.out = STDOUT_FILENO;
  spec.parent_death_signal = SIGTERM;
  const auto logs = TRY(io::spawn(spec));
  for (const auto* child : {&stage.edge, &stage.daemon}) {
    if (child->pidfd)
      TRY(loop->add(child->pidfd.get(), EPOLLIN, io::Trigger::Level, [&](auto) { loop->stop(); }));
  }
  loop->run();
  ::kill(logs.pid, SIGTERM);
  TRY(io::wait_for(logs, kStopsWithin));
  return ok();
}

Result<void> stop(const io::Child& child) {
  if (child.pid == 0) return ok();
  ::kill(child.pid, SIGTERM);
  TRY(io::wait_for(child, kStopsWithin));
  return ok();
}

// The app's processes outlive the daemon on purpose: here they must not.
Result<void> stop_app(const Stage& stage) {
  auto drivers = TRY(driver_factory(stage.state)(stage.settings, stage.app));
  auto& instances = *drivers->instances;
  auto loop = TRY(io::EventLoop::make());
  const Millis until = loop->now() + kStopsWithin;
  for (;;) {
    const auto slots = TRY(instances.slots(stage.app, stage.settings.name));
    if (slots.empty()) return ok();
    for (const auto& slot : slots) {
      const auto retired = instances.retire(slot, OpId{slot.release, "dev-stop", 1});
      if (retired.kind == ports::Outcome::Kind::NotApplied) return retired.why;
    }
    if (loop->now() > until) {
      return Error(
          Code::Timeout,
          count_of(static_cast<long long>(slots.size()), "service") + " of the app did not stop",
          "look for what still runs: slipway shim processes of " + stage.state);
    }
    loop->poll_once(kLookEvery);
  }
}

// Takes everything down, whatever happened before; the first trouble is what is told.
int strike(cli::Session& session, const Stage& stage, int status) {
  session.note("slipway dev: stopping");
  const Result<void> steps[] = {stop(stage.daemon), stop_app(stage), stop(stage.edge)};
  bool is_clean = true;
  for (const auto& step : steps) {
    if (!step && is_clean) status = session.fail(step.error());
    is_clean = is_clean && step.has_value();
  }
  if (!stage.is_temporary || !is_clean) return status;
  const auto removed = io::remove_tree(stage.state, "/tmp");
  return removed ? status : session.fail(removed.error());
}
}  // namespace

int run_dev(cli::Session& session) {
  Json details;
  const auto loaded = cli::load_file(session, details);
  if (!loaded) return session.fail(loaded.error(), details);
  auto stage = set_stage(session, *loaded);
  if (!stage) return session.fail(stage.error());
  const auto started = start_both(session, *stage);
  if (!started) return strike(session, *stage, session.fail(started.error()));
  const std::string file =
      loaded->file.folder + "/" + loaded->file.path.substr(loaded->file.path.rfind('/') + 1);
  const int status = release(session, *stage, file);
  if (status != 0) return strike(session, *stage, status);
  session.note(
      fmt::format("the app answers on http://{} (Ctrl-C stops everything; state and logs: {})",
                  session.given().text("--listen"), stage->state));
  const auto shown = show_output(session, *stage);
  return strike(session, *stage, shown ? 0 : session.fail(shown.error()));
}

}  // namespace slipway::app

// slipway: one binary. The words of the command line choose what it is: a verb that asks the daemon
// (src/cli), the daemon, the edge, or the shim of one instance.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/verbs.h"
#include "drivers/process/shim.h"
#include "io/clock.h"
#include "io/crash_point.h"
#include "io/environment.h"
#include "io/signals.h"

namespace slipway::app {
namespace {
constexpr cli::Entry kEntries[] = {
    {"daemon", run_daemon},
    {"edge", run_edge},
    {"edge run", run_edge},
    {"edge upgrade", run_edge_upgrade},
    {"edge deploy", run_edge_deploy},
    {"edge list", run_edge_list},
    {"edge remove", run_edge_remove},
    {"edge pause", run_edge_pause},
    {"edge stop", run_edge_stop},
    {"edge drain", run_edge_drain},
    {"edge rollout deploy", run_edge_rollout_deploy},
    {"edge rollout set", run_edge_rollout_set},
    {"edge rollout stop", run_edge_rollout_stop},
    {"edge split", run_edge_split},
    {"edge status", run_edge_status},
    {"edge resume", run_edge_resume},
    {"edge reload", run_edge_reload},
    {"edge certificate obtain", run_edge_certificate_obtain},
    {"edge certificate renew", run_edge_certificate_renew},
    {"migrate lint", run_migrate_lint},
    {"rollback", run_rollback},
    {"migrate check", run_migrate_check},
    {"migrate rehearse", run_migrate_rehearse},
    {"db copy", run_db_copy},
    {"db watch", run_db_watch},
    {"db verify", run_db_verify},
    {"db backup", run_db_backup},
    {"db backups", run_db_backups},
    {"db restore", run_db_restore},
    {"dev", run_dev},
    {"migrate status", run_migrate_status},
    {"migrate up", run_migrate_up},
    {"migrate down", run_migrate_down},
    {"migrate new", run_migrate_new},
};

std::string variable(const std::string& name) { return io::environment_value(name).value_or(""); }

std::string own_path(const char* called_as) {
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : called_as;
}

std::string working_folder() {
  char path[4096];
  return ::getcwd(path, sizeof path) == nullptr ? "/" : path;
}

// The user data base may be a service on the network: HOME and USER are asked first.
cli::Surroundings surroundings(const char* called_as, Clock& clock) {
  cli::Surroundings out;
  out.version = SLIPWAY_VERSION;
  out.program = own_path(called_as);
  out.folder = working_folder();
  out.home = variable("HOME");
  out.user = variable("USER");
  if (out.user.empty()) out.user = variable("LOGNAME");
  if (out.home.empty()) {
    const passwd* entry = ::getpwuid(::geteuid());
    out.home = entry == nullptr ? "/tmp" : entry->pw_dir;
  }
  out.is_root = ::geteuid() == 0;
  out.state = variable("SLIPWAY_STATE");
  out.host = variable("SLIPWAY_HOST");
  out.token = variable("SLIPWAY_TOKEN");
  out.no_color = variable("NO_COLOR");
  out.out = stdout;
  out.err = stderr;
  out.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  out.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  out.clock = &clock;
  return out;
}

}  // namespace
}  // namespace slipway::app

int main(int argc, char** argv) {
  using namespace slipway;
  io::ignore_sigpipe();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto status = drivers::process::shim_by_arguments(argc, argv)) return *status;
#if defined(SLIPWAY_CRASH_POINTS)
  io::install_crash_points(app::variable("SLIPWAY_CRASH_AT"), app::variable("SLIPWAY_CRASH_LOG"));
#endif
  io::SystemClock clock;
  const auto around = app::surroundings(argc > 0 ? argv[0] : "slipway", clock);
  const int status = cli::run(words, around, app::kEntries);
  std::fflush(nullptr);
  // A follower's thread may still wait for the daemon; nothing here needs to be taken down first.
  std::_Exit(status);
}

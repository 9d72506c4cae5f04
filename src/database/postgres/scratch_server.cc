#include "database/postgres/scratch_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "database/postgres/connection.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::postgres {
namespace {

constexpr Millis kStart(60'000);
constexpr Millis kStop(30'000);
constexpr Millis kLook(20);

std::string log_of(const std::string& folder) { return io::join_path(folder, "log"); }

// Speed over safety where the data is a throw-away; small enough to run beside the real thing.
std::vector<std::string> own_settings(const std::string& folder, bool is_durable) {
  std::vector<std::string> out = {"listen_addresses=", "unix_socket_directories=" + folder,
                                  "port=5432", "archive_mode=off", "max_connections=50",
                                  "shared_buffers=64MB", "logging_collector=off",
                                  "log_destination=stderr", "log_line_prefix=%m [%p] %u ",
                                  // A restored subscription would take what is another's.
                                  "max_logical_replication_workers=0", "hot_standby=off",
                                  "shared_preload_libraries=", "external_pid_file="};
  if (!is_durable)
    for (const char* fast : {"fsync=off", "synchronous_commit=off", "full_page_writes=off"})
      out.emplace_back(fast);
  return out;
}

Result<void> give_to(const std::string& path, const std::string& user) {
  if (user.empty()) return {};
  const auto ids = TRY(io::find_user(user));
  if (chown(path.c_str(), ids.uid, ids.gid) != 0)
    return from_errno(errno, "giving " + path + " to " + user);
  return {};
}

}  // namespace

Result<std::string> newest_bin() {
  constexpr const char* kRoot = "/usr/lib/postgresql";
  std::string newest;
  int best = 0;
  if (auto versions = io::list_dir(kRoot))
    for (const auto& version : *versions) {
      const auto bin = io::join_path(io::join_path(kRoot, version), "bin");
      const int number = std::atoi(version.c_str());
      if (number > best && io::exists(io::join_path(bin, "postgres"))) best = number, newest = bin;
    }
  if (newest.empty())
    return Error(Code::NotFound, "no PostgreSQL server is installed on this machine",
                 "install Debian's postgresql-15");
  return newest;
}

Result<std::unique_ptr<ScratchServer>> ScratchServer::start(const ScratchSettings& settings) {
  std::unique_ptr<ScratchServer> out(new ScratchServer);
  out->bin_ = settings.bin.empty() ? TRY(newest_bin()) : settings.bin;
  out->folder_ = TRY(io::make_temp_dir("slipway-pg-"));
  if (geteuid() == 0) out->user_ = settings.user;
  TRY(give_to(out->folder_, out->user_));
  out->settings_ = own_settings(out->folder_, settings.is_durable);
  out->settings_.insert(out->settings_.end(), settings.settings.begin(), settings.settings.end());
  out->cluster_ = settings.cluster;
  out->superuser_ = settings.superuser;
  out->patience_ = settings.patience;
  out->interrupted_ = settings.interrupted;
  if (out->cluster_.empty() || settings.is_new)
    TRY(out->make_cluster(settings));
  else
    TRY(out->write_own_files());
  TRY(out->launch());
  return out;
}

ScratchServer::~ScratchServer() {
  stop(SIGQUIT);                           // at once: nothing of it is wanted any more
  (void)io::remove_tree(folder_, "/tmp");  // what is left is the system's to clean
}

io::ChildSpec ScratchServer::spec(std::vector<std::string> argv) const {
  io::ChildSpec out;
  out.argv = std::move(argv);
  out.dir = folder_;
  out.environment = {"PATH=" + bin_ + ":/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
  out.user = user_;
  out.parent_death_signal = SIGQUIT;
  return out;
}

Result<void> ScratchServer::make_cluster(const ScratchSettings& settings) {
  if (cluster_.empty()) cluster_ = io::join_path(folder_, "cluster");
  std::vector<std::string> argv = {io::join_path(bin_, "initdb"),
                                   "-D",
                                   cluster_,
                                   "-U",
                                   superuser_,
                                   "-A",
                                   "trust",
                                   "-E",
                                   "UTF8",
                                   "--locale=C.UTF-8"};
  if (!settings.is_durable) argv.emplace_back("--no-sync");
  const auto ran = TRY(io::run_command(spec(argv), kStart));
  if (ran.exit.succeeded()) return {};
  return Error(Code::CommandFailed,
               "initdb ended with " + ran.exit.text() + ": " + std::string(trim(ran.err)),
               settings.cluster.empty()
                   ? "look whether there is room in /tmp"
                   : "PostgreSQL's user must be able to reach the folder: database.backup.folder");
}

// A restored cluster asks for passwords that nobody here has, and its configuration may lie
// elsewhere.
Result<void> ScratchServer::write_own_files() {
  const auto write = [&](const char* setting, const char* name, const char* text) -> Result<void> {
    const std::string path = io::join_path(folder_, name);
    TRY(io::write_file_atomically(path, text));
    TRY(give_to(path, user_));
    settings_.push_back(std::string(setting) + "=" + path);
    return ok();
  };
  TRY(write("config_file", "postgresql.conf", ""));
  TRY(write("hba_file", "pg_hba.conf", "local all all trust\n"));
  return write("ident_file", "pg_ident.conf", "");
}

Result<void> ScratchServer::launch() {
  std::vector<std::string> argv = {io::join_path(bin_, "postgres"), "-D", cluster_};
  for (const auto& setting : settings_) {
    argv.emplace_back("-c");
    argv.push_back(setting);
  }
  auto child = spec(argv);
  const io::Fd log(open(log_of(folder_).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return from_errno(errno, "opening " + log_of(folder_));
  child.out = child.err = log.get();
  child_ = TRY(io::spawn(child));
  return wait_until_ready();
}

Result<void> ScratchServer::wait_until_ready() {
  io::SystemClock clock;
  const auto until = clock.monotonic() + patience_;
  for (;;) {
    if (interrupted_ && interrupted_())
      return Error(Code::Aborted, "the scratch PostgreSQL in " + folder_ + " was not waited for",
                   "start again");
    auto connection = Connection::open(url(), "slipway", Millis(2'000));
    if (connection) return {};
    // The descriptor wakes us when the server ends; otherwise it is time to look again.
    pollfd ended{child_.pidfd.get(), POLLIN, 0};
    const bool is_over = poll(&ended, 1, static_cast<int>(kLook.count())) > 0;
    if (!is_over && clock.monotonic() < until) continue;
    return Error(is_over ? Code::CommandFailed : Code::Timeout,
                 "the scratch PostgreSQL in " + folder_ +
                     " does not come up: " + join(io::last_lines(log_of(folder_), 5), " / "),
                 "look at what it says");
  }
}

void ScratchServer::stop(int signal) {
  // Taken first: a process that is not there any more must never be sent a signal, and 0 is all of
  // our own group.
  io::Child child = std::exchange(child_, {});
  if (child.pid <= 0) return;
  kill(child.pid, signal);
  if (io::wait_for(child, kStop)) return;
  kill(child.pid, SIGKILL);
  (void)io::wait_for(child, kStop);  // SIGKILL is not refused
}

Result<void> ScratchServer::crash() {
  stop(SIGKILL);
  return {};
}

Result<void> ScratchServer::shut_down() {
  if (child_.pid <= 0) return {};
  kill(child_.pid, SIGINT);
  const auto ended = TRY(io::wait_for(child_, patience_));
  child_ = {};
  if (ended.succeeded()) return {};
  return Error(Code::CommandFailed, "the scratch PostgreSQL ended with " + ended.text(),
               "look at the folder's server log");
}

Result<void> ScratchServer::restart() {
  stop(SIGINT);
  // After a crash the old server's children hold its shared memory until they have noticed its end;
  // a new server ends at once while they do.
  io::SystemClock clock;
  const auto until = clock.monotonic() + kStop;
  for (;;) {
    auto launched = launch();
    if (launched || launched.error().code != Code::CommandFailed || clock.monotonic() > until)
      return launched;
    stop(SIGQUIT);
  }
}

std::string ScratchServer::url(const std::string& database) const {
  return "host='" + folder_ + "' port=5432 user='" + superuser_ + "' dbname='" + database + "'";
}

}  // namespace slipway::database::postgres

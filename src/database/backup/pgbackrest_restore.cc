// The way back with pgBackRest: out of the repository into a folder, replayed up to the moment.
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "database/backup/archive.h"
#include "database/backup/mark.h"
#include "database/backup/pgbackrest.h"
#include "database/backup/points.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr Millis kArchivePatience(60'000);
constexpr Millis kServerPatience(120'000);
constexpr Millis kGonePatience(3'000);  // whoever watches over a server has started it again then
constexpr Millis kLeftoverPatience(20'000);
constexpr int kLookMs = 100;
constexpr const char* kList = "slipway db backups ENV lists what there is";

double seconds_since(std::int64_t start_us) {
  return static_cast<double>(io::monotonic_us() - start_us) / 1e6;
}

// "2026-11-22 01:45:00.123+00", as PostgreSQL reads it.
std::string timestamp_of(WallTime time) {
  std::string out = to_iso8601(time);
  out[10] = ' ';
  return out.substr(0, out.size() - 1) + "+00";
}

// The newest good backup that was whole by then. Its end is known to the second, rounded down.
const Entry* before_moment(const Catalogue& catalogue, WallTime moment) {
  const Entry* out = nullptr;
  for (const auto& entry : catalogue.entries)
    if (entry.damage.empty() && entry.finished + std::chrono::seconds(1) <= moment) out = &entry;
  return out;
}

void tell(const World& world, const char* phase, const std::string& text) {
  if (world.on_progress) world.on_progress({phase, text, -1});
}

bool is_number(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string words_of(const std::string& pid) {
  return io::read_file("/proc/" + pid + "/cmdline").value_or(std::string());
}

bool works_on(const std::string& pid, const std::string& folder) {
  const std::string words = words_of(pid);
  return words.find("pgbackrest") != std::string::npos &&
         words.find("restore:local") != std::string::npos &&
         words.find("--pg1-path=" + folder + std::string(1, '\0')) != std::string::npos;
}

// Its master is gone: nobody reads what it says any more.
bool is_orphan(const std::string& pid) {
  const auto status = io::read_file("/proc/" + pid + "/status");
  if (!status) return false;
  const auto at = status->find("PPid:");
  if (at == std::string::npos) return false;
  const auto parent = std::to_string(std::atoi(status->c_str() + at + 5));
  return words_of(parent).find("pgbackrest") == std::string::npos;
}

// pgBackRest 2.45 ends with a slipway that is killed; its own workers do not always, and would
// write into the folder that is made anew.
Result<void> end_leftovers(const std::string& folder, const World& world) {
  const auto until = world.clock.monotonic() + kLeftoverPatience;
  for (;;) {
    std::string left;
    for (const auto& pid : TRY(io::list_dir("/proc"))) {
      if (!is_number(pid) || !works_on(pid, folder)) continue;
      left = pid;
      if (is_orphan(pid)) ::kill(std::atoi(pid.c_str()), SIGKILL);
    }
    if (left.empty()) return ok();
    if (world.clock.monotonic() > until)
      return Error(Code::LeaseHeld,
                   fmt::format("pgbackrest of another restore works on {}: pid {}", folder, left),
                   "wait for its end, or end it");
    ::poll(nullptr, 0, kLookMs);
  }
}

// What the recovery was told is not for later starts. That it must not archive stays: it would be
// into production's repository.
Result<void> tidy_up(postgres::Connection& connection, Restored& out) {
  const auto said = TRY(connection.query(
      "select coalesce(pg_last_wal_replay_lsn()::text, ''), coalesce((extract(epoch from "
      "pg_last_xact_replay_timestamp()) * 1000)::bigint, 0), (select system_identifier::text from "
      "pg_control_system())"));
  out.lsn = std::string(said.text(0, 0));
  out.last_commit = from_unix_ms(said.integer(0, 1));
  out.system_identifier = std::string(said.text(0, 2));
  for (const char* name :
       {"restore_command", "recovery_target_time", "recovery_target_lsn", "recovery_target",
        "recovery_target_inclusive", "recovery_target_action", "recovery_target_timeline"})
    TRY(connection.run(std::string("ALTER SYSTEM RESET ") + name));
  return ok();
}

// Whether a server that was told to start is not there, or has gone again.
class Presence {
 public:
  Presence(std::string cluster, Clock& clock)
      : cluster_(std::move(cluster)), clock_(clock), seen_(clock.monotonic() + kServerPatience) {}
  bool is_gone() {
    const Millis now = clock_.monotonic();
    if (is_running(cluster_)) {
      seen_ = now;
    } else if (io::exists(io::join_path(cluster_, "postmaster.pid"))) {
      seen_ = std::min(seen_, now);  // one that was killed leaves its lock
    }
    return now - seen_ >= kGonePatience;
  }

 private:
  const std::string cluster_;
  Clock& clock_;
  Millis seen_;
};
}  // namespace

Result<PgBackRest::Target> PgBackRest::target_of(const RestoreRequest& request,
                                                 const Catalogue& catalogue) const {
  using Until = RestoreRequest::Until;
  const auto newest = catalogue.newest();
  if (newest == nullptr)
    return Error(Code::NotFound, "there is no backup to restore", "slipway db backup ENV");
  if (request.until == Until::Newest) return Target{newest->id, {"--type=default"}};
  if (request.until == Until::Entry) {
    const auto entry = catalogue.find(request.name);
    if (entry == nullptr) return Error(Code::NotFound, "there is no backup " + request.name, kList);
    return Target{entry->id, {"--type=immediate", "--target-action=promote"}};
  }
  const auto point = request.until == Until::Point ? catalogue.point(request.name) : nullptr;
  if (request.until == Until::Point && point == nullptr)
    return Error(Code::NotFound, "there is no restore point " + request.name, kList);
  const WallTime moment = point != nullptr ? point->at : request.time;
  const auto entry = point != nullptr ? catalogue.find(point->entry) : nullptr;
  const auto first = entry != nullptr ? entry : before_moment(catalogue, moment);
  if (first == nullptr)
    return Error(Code::NotFound,
                 fmt::format("no backup was whole by {}: the first ended at {}", to_iso8601(moment),
                             to_iso8601(catalogue.entries.front().finished)),
                 "name a later moment");
  // By place in the log and not by name: a name may have been given twice.
  if (point != nullptr)
    return Target{first->id,
                  {"--type=lsn", "--target=" + point->lsn, "--target-exclusive",
                   fmt::format("--target-timeline={}", std::max(1, point->timeline)),
                   "--target-action=promote"}};
  return Target{first->id,
                {"--type=time", "--target=" + timestamp_of(moment), "--target-action=promote"}};
}

// The newest changes come along when the server still answers; when it does not, that is why one
// restores.
Result<void> PgBackRest::flush(const RestoreRequest& request) const {
  using Until = RestoreRequest::Until;
  if (request.until != Until::Newest && request.until != Until::Time) return ok();
  if (request.until == Until::Time && request.time > world_.clock.now())
    return Error(Code::Usage, to_iso8601(request.time) + " has not come yet", "name a moment");
  auto connection = connect();
  if (!connection) return ok();
  auto archived = archive_all(**connection, world_, kArchivePatience);
  if (archived || archived.error().code == Code::Aborted) return archived;
  tell(world_, "archiving", "the newest changes cannot be archived: " + archived.error().what);
  return ok();
}

Result<void> PgBackRest::copy_out(const RestoreRequest& request, const Target& target,
                                  const std::string& folder, Restored& out) {
  const std::int64_t start = io::monotonic_us();
  const bool is_scratch = !request.into.empty();
  auto run =
      program({"--pg1-path=" + folder, "--set=" + target.entry, "--log-level-console=detail"});
  run.argv.insert(run.argv.end(), target.words.begin(), target.words.end());
  if (is_scratch) {
    run.argv.emplace_back("--archive-mode=off");
    run.argv.push_back("--tablespace-map-all=" + folder + ".tablespaces");
  }
  run.argv.emplace_back("restore");
  run.on_line = [this](std::string_view line) {
    const auto at = line.find("restore file ");
    if (at != std::string_view::npos) tell(world_, "copying", std::string(line.substr(at + 13)));
  };
  auto ran =
      run_or_fail(run, world_, "slipway db backups ENV --verify tells whether the backup is whole");
  if (!ran) return ran.error();
  out.copy_seconds = seconds_since(start);
  return ok();
}

Result<Restored> PgBackRest::into_folder(const RestoreRequest& request, const Target& target) {
  Restored out;
  out.entry = target.entry;
  out.folder = request.into;
  TRY(end_leftovers(request.into, world_));
  TRY(Mark::begin(request.into, user(),
                  Json::object().set("backup", target.entry).set("pid", ::getpid())));
  TRY(copy_out(request, target, request.into, out));
  tell(world_, "replaying", "replaying the archive");
  const std::int64_t start = io::monotonic_us();
  postgres::ScratchSettings scratch;
  scratch.cluster = request.into;
  if (!user().empty()) scratch.user = user();
  if (server_) scratch.superuser = server_->superuser;
  scratch.settings = {"max_prepared_transactions=100"};
  scratch.is_durable = request.is_durable;
  scratch.patience = request.patience;
  scratch.interrupted = world_.interrupted;
  auto server = postgres::ScratchServer::start(scratch);
  if (!server) {
    const bool is_short =
        server.error().what.find("before configured recovery target") != std::string::npos;
    if (!is_short) return server.error().in("while replaying");
    return Error(Code::NotFound, "the archive ends before the moment that was asked for",
                 "name an earlier one, or restore the newest there is");
  }
  out.replay_seconds = seconds_since(start);
  {
    auto connection = TRY(postgres::Connection::open((*server)->url(), "slipway db restore"));
    TRY(tidy_up(*connection, out));
  }
  if (request.afterwards == RestoreRequest::Afterwards::KeepRunning) {
    out.server = std::move(*server);
  } else {
    TRY((*server)->shut_down());
  }
  TRY(Mark::done(request.into));
  return out;
}

Result<void> PgBackRest::stop_server() const {
  if (!is_running(server_->cluster)) return ok();
  if (settings_.stop_server.empty())
    return Error(Code::Refused, "PostgreSQL runs on " + server_->cluster,
                 "stop the app and PostgreSQL, or set database.backup.stop_server and "
                 "start_server");
  Program run;
  run.argv = {"/bin/sh", "-c", settings_.stop_server};
  TRY(run_or_fail(run, world_, "stop PostgreSQL by hand"));
  const auto until = world_.clock.monotonic() + kServerPatience;
  while (is_running(server_->cluster)) {
    if (world_.clock.monotonic() > until)
      return Error(Code::Timeout, "PostgreSQL still runs after: " + settings_.stop_server,
                   "stop it by hand");
    ::poll(nullptr, 0, kLookMs);
  }
  return ok();
}

Result<void> PgBackRest::start_server(const RestoreRequest& request, Restored& out) const {
  if (settings_.start_server.empty()) {
    if (!request.must_answer) return ok();
    if (!is_running(server_->cluster))
      return Error(Code::Refused, "PostgreSQL is stopped, and no start_server says how to start it",
                   "start it");
  }
  const std::int64_t start = io::monotonic_us();
  tell(world_, "replaying", "starting PostgreSQL, which replays the archive");
  Program run;
  run.argv = {"/bin/sh", "-c", settings_.start_server};
  if (!is_running(server_->cluster))
    TRY(run_or_fail(run, world_, "start PostgreSQL by hand: it goes on where it was"));
  const auto until = world_.clock.monotonic() + request.patience;
  Presence presence(server_->cluster, world_.clock);
  for (;;) {
    auto connection = connect();
    if (connection) {
      const auto replaying = (*connection)->value("select pg_is_in_recovery()::text");
      if (replaying && replaying->value_or("") == "false") break;
    }
    if (world_.interrupted && world_.interrupted())
      return Error(Code::Aborted, "not waited for: PostgreSQL goes on replaying by itself",
                   "look at its log");
    if (presence.is_gone())
      return Error(
          Code::CommandFailed,
          "PostgreSQL does not run, or ended while it was replaying, on " + server_->cluster,
          "look at its log and start it: it goes on where it was; what stood there "
          "before is in " +
              out.kept);
    if (world_.clock.monotonic() > until)
      return Error(Code::Timeout, "PostgreSQL does not open after the restore",
                   "look at its log; what stood there before is in " + out.kept);
    ::poll(nullptr, 0, kLookMs);
  }
  out.replay_seconds = seconds_since(start);
  return ok();
}

Result<Restored> PgBackRest::in_place(const RestoreRequest& request, const Target& target) {
  Restored out;
  out.entry = target.entry;
  if (!server_) return look_at_setup().error();
  out.folder = server_->cluster;
  out.system_identifier = server_->system_identifier;
  // Neither a backup nor another restore goes on meanwhile.
  TRY(io::make_dirs(settings_.folder, 0755));
  const auto lock = TRY(lock_folder(settings_.folder));
  if (request.is_copied && !is_unfinished(server_->cluster)) {
    TRY(start_server(request, out));
    return out;
  }
  if (auto connection = connect()) TRY(refuse_while_used(**connection, "", request, world_.clock));
  TRY(stop_server());
  const bool is_half = is_unfinished(server_->cluster);
  const auto there = identifier_in(server_->cluster);
  if (!is_half && there && *there != server_->system_identifier && !request.accepts_other_server)
    return Error(Code::Refused, server_->cluster + " belongs to another server than the backups",
                 "say --accept database when it is meant");
  TRY(check_room(server_->cluster, TRY(listing()).entries.back().size));
  std::string stamp = to_iso8601(world_.clock.now()).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  TRY(end_leftovers(server_->cluster, world_));
  out.kept = TRY(Mark::begin_in_place(server_->cluster, user(), stamp,
                                      Json::object().set("backup", target.entry)));
  if (request.on_stage) request.on_stage(RestoreRequest::Stage::Moved, out.kept);
  TRY(copy_out(request, target, server_->cluster, out));
  TRY(Mark::done(server_->cluster));
  if (request.on_stage) request.on_stage(RestoreRequest::Stage::Copied, out.kept);
  TRY(start_server(request, out));
  return out;
}

// Only while the new cluster is not whole: once it was started, the archive has a history of its
// own from there on, and the old one would be a second one beside it.
Result<std::string> PgBackRest::give_up_in_place() {
  if (!server_) return look_at_setup().error();
  const auto lock = TRY(lock_folder(settings_.folder));
  std::string back;
  if (is_unfinished(server_->cluster)) {
    TRY(stop_server());
    TRY(end_leftovers(server_->cluster, world_));
    back = TRY(Mark::take_back(server_->cluster));
  }
  Restored unused;
  RestoreRequest request;
  request.patience = kServerPatience;
  request.must_answer = true;
  TRY(start_server(request, unused));
  return back;
}

Result<Restored> PgBackRest::restore(const RestoreRequest& request) {
  const std::int64_t start = io::monotonic_us();
  if (!request.is_copied) TRY(flush(request));
  const auto catalogue = TRY(list());
  const auto target = TRY(target_of(request, catalogue));
  const auto entry = catalogue.find(target.entry);
  if (entry != nullptr && server_ && !request.accepts_other_server &&
      entry->system_identifier != server_->system_identifier)
    return Error(Code::Refused,
                 fmt::format("the backups are of the server {}, this one is {}",
                             entry->system_identifier, server_->system_identifier),
                 "say --accept database when it is meant");
  auto out =
      request.into.empty() ? TRY(in_place(request, target)) : TRY(into_folder(request, target));
  out.seconds = seconds_since(start);
  return out;
}

}  // namespace slipway::database::backup

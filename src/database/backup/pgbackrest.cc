#include "database/backup/pgbackrest.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "database/backup/archive.h"
#include "database/backup/points.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr Millis kArchivePatience(60'000);
constexpr Millis kReloadPatience(5'000);
constexpr int kLookMs = 20;
constexpr const char* kProgram = "pgbackrest";
constexpr const char* kLook =
    "look at its words; slipway db backup ENV --setup tells what is missing";

double seconds_since(std::int64_t start_us) {
  return static_cast<double>(io::monotonic_us() - start_us) / 1e6;
}

// "… (24MB, 45.20%) checksum …" -> 0.452
double share_in(std::string_view line) {
  const auto percent = line.find("%)");
  if (percent == std::string_view::npos) return -1;
  const auto begin = line.rfind(' ', percent);
  if (begin == std::string_view::npos) return -1;
  return std::atof(std::string(line.substr(begin + 1, percent - begin - 1)).c_str()) / 100;
}
}  // namespace

PgBackRest::PgBackRest(Settings settings, World world, std::optional<Server> server,
                       std::string why)
    : settings_(std::move(settings)),
      world_(std::move(world)),
      server_(std::move(server)),
      why_(std::move(why)) {}

std::string PgBackRest::user() const {
  if (::geteuid() != 0) return {};
  return server_ ? server_->user : "postgres";
}

Program PgBackRest::program(std::vector<std::string> words) const {
  Program out;
  out.argv = {kProgram, "--config=" + io::join_path(settings_.folder, "pgbackrest.conf"),
              "--stanza=" + stanza_of(settings_)};
  out.argv.insert(out.argv.end(), words.begin(), words.end());
  out.user = user();
  // It comes in by the socket; should that ask for a password, the address may have it.
  const auto variables = postgres::environment_of(settings_.url);
  if (variables)
    for (const auto& one : *variables)
      if (one.starts_with("PGPASSWORD=")) out.environment.push_back(one);
  return out;
}

Result<std::unique_ptr<postgres::Connection>> PgBackRest::connect() const {
  return postgres::Connection::open(settings_.url, "slipway db backup");
}

Result<void> PgBackRest::write_configuration() {
  TRY(io::make_dirs(settings_.folder, 0755));
  if (settings_.bucket.name.empty()) {
    TRY(make_folder_for(settings_.repository, user(), 0750));
  } else {
    TRY(make_folder_for(io::join_path(settings_.folder, "run"), user(), 0750));
  }
  if (server_) TRY(keep_server(settings_.folder, *server_));
  const std::string path = io::join_path(settings_.folder, "pgbackrest.conf");
  const std::string text = configuration(settings_, server_ ? &*server_ : nullptr);
  const auto before = io::read_file(path);
  if (before && *before == text) return ok();
  const std::string fresh = path + ".new";
  TRY(io::write_file_durably(fresh, text));
  if (!user().empty()) {
    const auto ids = TRY(io::find_user(user()));
    if (::chown(fresh.c_str(), ids.uid, ids.gid) != 0)
      return from_errno(errno, "giving " + fresh + " to " + user());
  }
  return io::rename_path(fresh, path);
}

Result<Setup> PgBackRest::look_at_setup() {
  Setup out;
  out.why = why_;
  out.archive_command = archive_command(settings_);
  if (!server_)
    return Error(Code::DatabaseUnreachable, "the server does not answer and was never set up here",
                 "start PostgreSQL");
  const auto set = [&](std::string what, const char* name, const std::string& value) {
    out.missing.push_back(std::move(what));
    out.statements.push_back(fmt::format("ALTER SYSTEM SET {} = '{}'", name, value));
  };
  const auto& server = *server_;
  if (server.wal_level == "minimal") set("wal_level is minimal", "wal_level", "replica");
  if (server.archive_mode == "off") set("archive_mode is off", "archive_mode", "on");
  out.needs_restart = !out.missing.empty();
  if (server.archive_command != out.archive_command)
    set("archive_command is '" + server.archive_command + "'", "archive_command",
        out.archive_command);
  auto connection = TRY(connect());
  const auto timeout =
      TRY(connection->value("select setting::int from pg_settings where name = 'archive_timeout'"));
  const auto most = std::max<std::int64_t>(1, settings_.rpo.count() / 1000);
  const auto now = std::atoi(timeout.value_or("0").c_str());
  if (now == 0 || now > most)
    set(now == 0 ? "archive_timeout is 0: changes are archived by 16 MiB, however long that takes"
                 : fmt::format("archive_timeout is {} s, more than may be lost", now),
        "archive_timeout", fmt::format("{}s", std::min<std::int64_t>(60, most)));
  if (!TRY(listing()).has_stanza)
    out.missing.push_back("the repository has no place for this server");
  return out;
}

Result<void> PgBackRest::apply(const Setup& setup) {
  const auto& has = server_->archive_command;
  if (!has.empty() && has != "(disabled)" && has.find(kProgram) == std::string::npos)
    return Error(
        Code::Refused, "archive_command is '" + has + "', which is another tool's",
        "take it away yourself when it is not needed any more: " + join(setup.statements, "; "));
  auto connection = TRY(connect());
  for (const auto& statement : setup.statements) {
    auto ran = connection->run(statement);
    if (!ran) return ran.error().in("setting up the archive");
  }
  TRY(connection->run("select pg_reload_conf()"));
  // The postmaster reads it a moment later.
  const auto until = world_.clock.monotonic() + kReloadPatience;
  for (;;) {
    server_ = TRY(find_server(*TRY(connect())));
    const bool is_read = server_->archive_command == archive_command(settings_);
    if (is_read || world_.clock.monotonic() > until) return ok();
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<Setup> PgBackRest::set_up(Apply how) {
  if (!server_) return look_at_setup();
  TRY(write_configuration());
  const auto lock = TRY(lock_folder(settings_.folder));
  TRY(run_or_fail(program({"stanza-create"}), world_, kLook));
  auto setup = TRY(look_at_setup());
  if (how == Apply::Nothing || setup.statements.empty()) return setup;
  TRY(apply(setup));
  return look_at_setup();
}

Result<void> PgBackRest::ready() {
  if (!server_) return look_at_setup().error();
  TRY(write_configuration());
  const auto setup = TRY(look_at_setup());
  if (setup.is_ready()) return ok();
  return Error(Code::Refused, "backups are not set up: " + join(setup.missing, "; "),
               "slipway db backup " + settings_.environment + " --setup");
}

Result<Listing> PgBackRest::listing() const {
  const auto ran = TRY(run_or_fail(program({"--output=json", "info"}), world_, kLook));
  return read_listing(ran.out, settings_.environment);
}

// Folders of the repository that its list does not have.
std::vector<std::string> PgBackRest::unfinished(const Listing& listing) const {
  std::vector<std::string> out;
  if (!settings_.bucket.name.empty()) return out;
  std::set<std::string> good;
  for (const auto& entry : listing.entries) good.insert(entry.id);
  const auto names =
      io::list_dir(io::join_path(settings_.repository, "backup/" + stanza_of(settings_)));
  if (!names) return out;
  for (const auto& name : *names) {
    const bool is_backup = name.size() >= 16 && name[8] == '-' && name[15] == 'F';
    if (is_backup && !good.contains(name)) out.push_back(name);
  }
  return out;
}

// The archive's files lie in archive/STANZA/15-1/0000000100000000/; in a bucket nobody looks.
std::vector<std::string> PgBackRest::gaps() const {
  std::vector<std::string> out;
  const std::string root = io::join_path(settings_.repository, "archive/" + stanza_of(settings_));
  const auto servers = io::list_dir(root);
  if (!settings_.bucket.name.empty() || !servers) return out;
  for (const auto& server : *servers) {
    std::vector<std::string> names;
    const std::string folder = io::join_path(root, server);
    const auto logs = io::list_dir(folder);
    for (const auto& log : logs ? *logs : std::vector<std::string>())
      if (const auto files = io::list_dir(io::join_path(folder, log)))
        names.insert(names.end(), files->begin(), files->end());
    for (auto& gap : archive_gaps(std::move(names))) out.push_back(std::move(gap));
  }
  return out;
}

Result<Entry> PgBackRest::take(Kind kind) {
  auto run =
      program({std::string("--type=") + (kind == Kind::Full ? "full" : "incr"),
               "--log-level-console=detail", "--annotation=environment=" + settings_.environment,
               "--annotation=superuser=" + server_->superuser});
  if (!settings_.release.empty()) run.argv.push_back("--annotation=release=" + settings_.release);
  run.argv.emplace_back("backup");
  run.on_line = [this](std::string_view line) {
    const double share = share_in(line);
    if (share >= 0 && world_.on_progress)
      world_.on_progress({"copying", fmt::format("{:.0f}%", share * 100), share});
  };
  const auto before = TRY(listing());
  TRY(run_or_fail(run, world_, kLook));
  const auto after = TRY(listing());
  if (after.entries.empty() ||
      (!before.entries.empty() && before.entries.back().id == after.entries.back().id) ||
      after.entries.back().size == 0)
    return Error(Code::CommandFailed, "pgbackrest ended well, but its list has no new backup",
                 kLook);
  return after.entries.back();
}

Result<Entry> PgBackRest::backup(Kind kind) {
  TRY(ready());
  const auto lock = TRY(lock_folder(settings_.folder));
  auto entry = TRY(take(kind));
  const auto left = TRY(listing());
  TRY(forget_points(settings_.folder, left.entries.front().finished));
  return entry;
}

Result<Catalogue> PgBackRest::list() {
  TRY(write_configuration());
  auto seen = TRY(listing());
  Catalogue out;
  out.tool = Tool::PgBackRest;
  out.environment = settings_.environment;
  out.unfinished = unfinished(seen);
  out.archived = seen.archived;
  out.entries = std::move(seen.entries);
  for (auto& point : read_points(settings_.folder)) {
    const bool can_be_reached = !out.entries.empty() && out.entries.front().finished <= point.at;
    if (can_be_reached) out.points.push_back(std::move(point));
  }
  out.promise = out.entries.empty()
                    ? "nothing can be restored: there is no backup yet"
                    : fmt::format(
                          "every moment from {} on; what the archive has not yet got is "
                          "lost, {} of work at most while archiving is well",
                          to_iso8601(out.entries.front().finished), to_text(settings_.rpo));
  return out;
}

Result<Verification> PgBackRest::verify(const std::string& id) {
  TRY(write_configuration());
  const auto seen = TRY(listing());
  if (!id.empty() && std::none_of(seen.entries.begin(), seen.entries.end(),
                                  [&](const Entry& entry) { return entry.id == id; }))
    return Error(Code::NotFound, "there is no backup " + id, "slipway db backups ENV lists them");
  auto ran = TRY(run_program(
      program({"--output=text", "--verbose", "--log-level-console=info", "verify"}), world_));
  auto out = read_verification(ran.out);
  if (!ran.exit.succeeded()) out.findings.push_back({"", "", "verify: " + last_words(ran)});
  for (auto& gap : gaps()) out.findings.push_back({"", "", std::move(gap)});
  // Of one backup: itself, what it is based on, and the archive.
  std::set<std::string> meant;
  for (std::string next = id; !next.empty();) {
    meant.insert(next);
    const auto entry = std::find_if(seen.entries.begin(), seen.entries.end(),
                                    [&](const Entry& one) { return one.id == next; });
    next = entry == seen.entries.end() ? std::string() : entry->based_on;
  }
  if (!id.empty())
    std::erase_if(out.findings, [&](const Finding& finding) {
      return !finding.entry.empty() && !meant.contains(finding.entry);
    });
  return out;
}

Result<std::vector<std::string>> PgBackRest::expire() {
  TRY(write_configuration());
  const auto lock = TRY(lock_folder(settings_.folder));
  const auto before = TRY(listing());
  TRY(run_or_fail(program({"expire"}), world_, kLook));
  const auto after = TRY(listing());
  std::set<std::string> left;
  for (const auto& entry : after.entries) left.insert(entry.id);
  std::vector<std::string> out;
  for (const auto& entry : before.entries)
    if (!left.contains(entry.id)) out.push_back(entry.id);
  if (!after.entries.empty()) TRY(forget_points(settings_.folder, after.entries.front().finished));
  return out;
}

Result<SafetyPoint> PgBackRest::safety_point(const std::string& name, Millis fresh) {
  TRY(check_point_name(name));
  TRY(ready());
  const auto lock = TRY(lock_folder_after_others(settings_.folder, world_, settings_.wait));
  SafetyPoint out;
  auto seen = TRY(listing());
  const bool is_fresh =
      !seen.entries.empty() && world_.clock.now() - seen.entries.back().finished <= fresh;
  std::int64_t start = io::monotonic_us();
  if (!is_fresh) {
    out.backup = TRY(take(Kind::Incremental));
    seen.entries.push_back(*out.backup);
    out.backup_seconds = seconds_since(start);
  }
  start = io::monotonic_us();
  auto connection = TRY(connect());
  if (world_.at_point) TRY(world_.at_point(World::Moment::Before));
  const auto made = TRY(connection->query(
      "select lsn::text, ('x' || substr(pg_walfile_name(lsn), 1, 8))::bit(32)::int from "
      "pg_create_restore_point($1) lsn",
      {name}));
  if (world_.at_point) TRY(world_.at_point(World::Moment::After));
  const std::string lsn(made.text(0, 0));
  out.point = {name,
               lsn,
               seen.entries.back().id,
               world_.clock.now(),
               settings_.environment,
               settings_.release,
               static_cast<int>(made.integer(0, 1))};
  out.point_seconds = seconds_since(start);
  start = io::monotonic_us();
  TRY(archive_up_to(*connection, lsn, world_, kArchivePatience));
  out.archive_seconds = seconds_since(start);
  TRY(add_point(settings_.folder, out.point));
  keep_counters(settings_.folder, name, *connection);
  return out;
}

Result<SinceThen> PgBackRest::since_point(const std::string& name) {
  const auto catalogue = TRY(list());
  const auto point = catalogue.point(name);
  if (point == nullptr)
    return Error(Code::NotFound, "there is no restore point " + name, "slipway db backups ENV");
  return backup::since_point(settings_.folder, *point, *TRY(connect()));
}

}  // namespace slipway::database::backup

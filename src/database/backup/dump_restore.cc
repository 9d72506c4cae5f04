// The way back with pg_restore: into a cluster of its own, or beside the database and then swapped.
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "database/backup/dump.h"
#include "database/backup/mark.h"
#include "database/backup/points.h"
#include "database/backup/server.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr int kMostSwaps = 20;
constexpr int kLookMs = 100;
constexpr const char* kList = "slipway db backups ENV lists what there is";

double seconds_since(std::int64_t start_us) {
  return static_cast<double>(io::monotonic_us() - start_us) / 1e6;
}

// Held until the connection ends. A killed restore's own ends a moment after it.
Result<void> be_the_only_one(postgres::Connection& connection, const std::string& database) {
  TRY(connection.run("set lock_timeout = '3s'"));
  const auto locked = connection.query(
      "select pg_advisory_lock(hashtext('slipway db restore'), hashtext($1))", {database});
  if (locked) {
    TRY(connection.run("reset lock_timeout"));
    return ok();
  }
  if (connection.sqlstate() != postgres::Connection::kLockNotAvailable) return locked.error();
  return Error(Code::Conflict, "another restore of " + database + " is under way",
               "wait for it, or end it where it runs");
}
}  // namespace

Result<Entry> Dump::entry_for(const RestoreRequest& request, const Catalogue& catalogue) const {
  using Until = RestoreRequest::Until;
  if (request.until == Until::Time)
    return Error(Code::Unsupported,
                 "pg_dump has no point-in-time recovery: only the moments of the dumps",
                 "name one by --backup; database.backup.tool: pgbackrest has every moment");
  const Entry* out = catalogue.newest();
  std::string id = request.name;
  if (request.until == Until::Point) {
    const auto point = catalogue.point(request.name);
    id = point == nullptr ? std::string() : point->entry;
    if (point == nullptr)
      return Error(Code::NotFound, "there is no restore point " + request.name, kList);
  }
  if (request.until != Until::Newest) out = catalogue.find(id);
  if (out == nullptr) return Error(Code::NotFound, "there is no such backup: " + id, kList);
  return *out;
}

Result<void> Dump::fill(const Entry& entry, const std::string& url, const std::string& database,
                        std::vector<std::string> words) {
  Program restore;
  restore.argv = {postgres_program("pg_restore"), "--exit-on-error", "--no-password",
                  fmt::format("--jobs={}", settings_.processes), "--dbname=" + database};
  restore.argv.insert(restore.argv.end(), words.begin(), words.end());
  restore.argv.push_back(io::join_path(folder_of(entry.id), "data"));
  restore.environment = TRY(postgres::environment_of(url));
  if (world_.on_progress) world_.on_progress({"restoring", entry.id, -1});
  TRY(run_or_fail(restore, world_, "look at its words; nothing that stood before has changed"));
  return ok();
}

Result<Restored> Dump::into_folder(const RestoreRequest& request, const Entry& entry) {
  Restored out;
  out.entry = entry.id;
  out.folder = request.into;
  out.database = entry.database;
  const std::int64_t start = io::monotonic_us();
  const std::string user = ::geteuid() == 0 ? "postgres" : "";
  TRY(Mark::begin(request.into, user,
                  Json::object().set("backup", entry.id).set("pid", ::getpid())));
  postgres::ScratchSettings scratch;
  scratch.cluster = request.into;
  scratch.is_new = true;
  if (!entry.superuser.empty()) scratch.superuser = entry.superuser;
  scratch.is_durable = request.is_durable;
  scratch.interrupted = world_.interrupted;
  auto server = TRY(postgres::ScratchServer::start(scratch));
  const std::string roles = io::join_path(folder_of(entry.id), "roles.sql");
  if (io::exists(roles)) {
    Program run;  // the superuser is there already: what fails is said again by pg_restore
    run.argv = {postgres_program("psql"), "--no-psqlrc", "--quiet", "--file=" + roles};
    run.environment = TRY(postgres::environment_of(server->url()));
    TRY(run_program(run, world_));
  }
  TRY(fill(entry, server->url(), "postgres", {"--create"}));
  out.copy_seconds = seconds_since(start);
  out.system_identifier = TRY(identifier_in(request.into));
  if (request.afterwards == RestoreRequest::Afterwards::KeepRunning) {
    out.server = std::move(server);
  } else {
    TRY(server->shut_down());
  }
  TRY(Mark::done(request.into));
  return out;
}

// Both names change in one transaction: whoever connects finds the old database or the new one.
Result<void> Dump::swap(postgres::Connection& connection, const std::string& database,
                        const std::string& fresh, const std::string& kept) {
  const auto rename = [&](const std::string& from, const std::string& to) {
    return "alter database " + connection.quote_name(from) + " rename to " +
           connection.quote_name(to) + ";";
  };
  // Whoever only watches it comes and goes.
  for (int tries = 0;; ++tries) {
    TRY(connection.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 "
        "and application_name like 'slipway watch%'",
        {database}));
    auto ran = connection.run(rename(database, kept) + rename(fresh, database));
    if (ran) return ok();
    if (tries == kMostSwaps)
      return ran.error().in("while putting the restored database in its place");
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<Restored> Dump::in_place(const RestoreRequest& request, const Entry& entry) {
  Restored out;
  out.entry = entry.id;
  const auto lock = TRY(lock_folder(folder_));  // neither a dump nor another restore meanwhile
  const std::int64_t start = io::monotonic_us();
  out.database = postgres::database_of(settings_.url);
  if (out.database.empty()) out.database = entry.database;
  auto connection = TRY(connect(out.database == "postgres" ? "template1" : "postgres"));
  out.system_identifier =
      TRY(connection->value("select system_identifier::text from pg_control_system()"))
          .value_or("");
  if (out.system_identifier != entry.system_identifier && !request.accepts_other_server)
    return Error(Code::Refused,
                 fmt::format("the dump is of the server {}, this one is {}",
                             entry.system_identifier, out.system_identifier),
                 "say --accept database when it is meant");
  TRY(be_the_only_one(*connection, out.database));
  TRY(refuse_while_used(*connection, out.database, request, world_.clock));
  const auto settings = TRY(connection->query(
      "select pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba) from "
      "pg_database where datname = $1",
      {out.database}));
  if (settings.count() == 0)
    return Error(Code::NotFound, "there is no database " + out.database + " to restore in place",
                 "make it, or restore with --into");
  const std::string fresh = out.database + "_slipway_restoring";
  // What was cut off left it; a session of its pg_restore may still be at a statement.
  TRY(connection->run("drop database if exists " + connection->quote_name(fresh) +
                      " with (force)"));
  TRY(connection->run(fmt::format(
      "create database {} template template0 encoding {} lc_collate {} lc_ctype {} owner {}",
      connection->quote_name(fresh), connection->quote_text(settings.text(0, 0)),
      connection->quote_text(settings.text(0, 1)), connection->quote_text(settings.text(0, 2)),
      connection->quote_name(settings.text(0, 3)))));
  TRY(fill(entry, settings_.url, fresh, {}));
  std::string stamp = to_iso8601(world_.clock.now()).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  out.kept = out.database + "_before_" + stamp;
  TRY(swap(*connection, out.database, fresh, out.kept));
  out.copy_seconds = seconds_since(start);
  return out;
}

Result<Restored> Dump::restore(const RestoreRequest& request) {
  const std::int64_t start = io::monotonic_us();
  const auto catalogue = TRY(list());
  const auto entry = TRY(entry_for(request, catalogue));
  const auto verified = TRY(verify(entry.id));
  if (!verified.is_good()) {
    const auto& first = verified.findings.front();
    return Error(Code::Corrupt,
                 fmt::format("the backup {} is damaged: {} {}", entry.id, first.file, first.what),
                 "take another one: slipway db backups ENV");
  }
  auto out =
      request.into.empty() ? TRY(in_place(request, entry)) : TRY(into_folder(request, entry));
  out.seconds = seconds_since(start);
  return out;
}

}  // namespace slipway::database::backup

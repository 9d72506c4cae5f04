// Which tool can be used here, and the values that everybody's answers are told in.
#include <fmt/core.h>
#include <unistd.h>

#include "database/backup/dump.h"
#include "database/backup/pgbackrest.h"
#include "database/backup/server.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
// As asked just now; as kept when the server does not answer; nullopt when neither can be.
struct Seen {
  std::optional<Server> server;
  std::string why;  // there is none, or it is of yesterday
  bool is_elsewhere = false;
};

Seen look(const Settings& settings) {
  auto connection = postgres::Connection::open(settings.url, "slipway db backup");
  const auto kept = kept_server(settings.folder);
  if (!connection) {
    if (kept) return {*kept, "the server does not answer: " + connection.error().what, false};
    return {std::nullopt, connection.error().what, false};
  }
  auto server = find_server(**connection);
  if (!server) return {std::nullopt, server.error().what, true};
  // A server that was replaced is another one, whatever its address says.
  if (kept && kept->system_identifier != server->system_identifier)
    return {*server,
            fmt::format("its system identifier is {}, the backups' server had {}",
                        server->system_identifier, kept->system_identifier),
            false};
  return {*server, "the server's files are in " + server->cluster, false};
}

Result<void> check_folders(const Settings& settings, bool needs_repository) {
  if (needs_repository && !settings.repository.starts_with('/'))
    return Error(Code::ConfigInvalid, "backups have no repository",
                 "set database.backup.repository");
  return ok();
}

Result<std::unique_ptr<BackupTool>> make_dump(const Settings& settings, const World& world,
                                              const std::string& why) {
  if (!settings.passphrase.empty() || !settings.bucket.name.empty())
    return Error(Code::Unsupported,
                 "pg_dump would be used, which neither encrypts nor writes to a bucket: " + why,
                 "put right what keeps pgBackRest away, or take passphrase and s3 away");
  TRY(check_folders(settings, true));
  return std::unique_ptr<BackupTool>(new Dump(settings, world, why));
}
}  // namespace

Json to_json(const Verification& verification) {
  Json findings = Json::array();
  for (const auto& one : verification.findings)
    findings.push_back(
        Json::object().set("backup", one.entry).set("file", one.file).set("what", one.what));
  return Json::object()
      .set("files", static_cast<std::int64_t>(verification.files))
      .set("is_good", verification.is_good())
      .set("findings", std::move(findings));
}

Json to_json(const SafetyPoint& point) {
  Json out = to_json(point.point)
                 .set("is_moment", point.is_moment)
                 .set("backup_seconds", point.backup_seconds)
                 .set("point_seconds", point.point_seconds)
                 .set("archive_seconds", point.archive_seconds);
  if (point.backup) out.set("backup", to_json(*point.backup));
  return out;
}

Result<std::unique_ptr<BackupTool>> make_tool(const Settings& settings, const World& world) {
  if (settings.tool == "pg_dump") return make_dump(settings, world, "slipway.yaml says so");
  const auto program = io::find_program("pgbackrest", "/usr/local/bin:/usr/bin:/bin", "/");
  const bool is_wanted = settings.tool == "pgbackrest";
  if (!program && is_wanted) return program.error();
  if (!program) return make_dump(settings, world, program.error().what);
  const auto seen = look(settings);
  if (seen.is_elsewhere && !is_wanted) return make_dump(settings, world, seen.why);
  if (seen.is_elsewhere) return Error(Code::Unsupported, seen.why, "use tool: auto or pg_dump");
  if (!seen.server && !is_wanted)
    return Error(Code::DatabaseUnreachable,
                 "which tool can be used is not known, and the server does not answer: " + seen.why,
                 "start PostgreSQL, or name the tool: database.backup.tool");
  TRY(check_folders(settings, settings.bucket.name.empty()));
  return std::unique_ptr<BackupTool>(new PgBackRest(settings, world, seen.server, seen.why));
}

}  // namespace slipway::database::backup

#include "app/backup.h"

#include <fmt/core.h>

#include "base/text.h"
#include "drivers/process/driver.h"
#include "io/files.h"

namespace slipway::app {
namespace {
Result<std::string> secret(const config::SecretRef& reference, const std::string& home) {
  if (reference.name.empty()) return std::string();
  return std::string(trim(TRY(drivers::process::read_secret(reference, home))));
}

Result<std::string> url_in(const config::DatabaseSettings& database, const BackupSource& source) {
  if (!source.url.empty()) return source.url;
  if (!database.secret.name.empty()) return secret(database.secret, source.home);
  if (!database.url.empty()) return database.url;
  return Error(Code::ConfigInvalid, fmt::format("{} has no database", source.environment),
               "name it: database: { url: \"${secret.DATABASE_URL}\" }");
}

std::string absolute(const std::string& path, const std::string& home) {
  return path.empty() || path.starts_with('/') ? path : io::join_path(home, path);
}
}  // namespace

Result<database::backup::Settings> backup_settings(const config::DatabaseSettings& database,
                                                   const BackupSource& source) {
  const auto& said = database.backup;
  if (!said.is_set)
    return Error(Code::ConfigInvalid, fmt::format("{} has no backups", source.environment),
                 "add database: { backup: { repository: /var/backups/slipway } }");
  database::backup::Settings out;
  out.tool = said.tool;
  out.app = source.app;
  out.environment = source.environment;
  out.release = source.release;
  out.url = TRY(url_in(database, source));
  out.repository = absolute(said.repository, source.home);
  out.folder =
      said.folder.empty()
          ? io::join_path(source.state_folder, "backup/" + source.app + "-" + source.environment)
          : absolute(said.folder, source.home);
  out.passphrase = TRY(secret(said.passphrase, source.home));
  out.bucket = {said.s3.bucket,
                said.s3.endpoint,
                said.s3.region,
                said.s3.path,
                TRY(secret(said.s3.key, source.home)),
                TRY(secret(said.s3.secret, source.home))};
  out.keep = said.keep;
  out.keep_full = said.keep_full;
  out.processes = said.processes;
  out.stop_server = said.stop_server;
  out.start_server = said.start_server;
  out.rpo = said.rpo;
  out.interval = std::min(said.full, said.incremental);
  return out;
}

}  // namespace slipway::app

#pragma once
// What `slipway db backup`, `db restore` and whoever else makes backups work with, out of
// slipway.yaml.
#include <string>

#include "config/config.h"
#include "database/backup/tool.h"

namespace slipway::app {

// What the settings are made of. `home`: where slipway.yaml lies.
struct BackupSource {
  std::string app;
  std::string environment;
  std::string home;
  std::string state_folder;
  std::string release;  // may be ""
  std::string url;      // "": read from the settings
};
// Reads the secrets. ConfigInvalid when the environment has no database or no backups.
Result<database::backup::Settings> backup_settings(const config::DatabaseSettings& database,
                                                   const BackupSource& source);

}  // namespace slipway::app

#pragma once
// What `slipway migrate …` works on, out of the command line and slipway.yaml.
#include <string>
#include <vector>

#include "cli/session.h"
#include "config/database.h"
#include "database/migrations/folder.h"
#include "database/migrations/outlook.h"
#include "database/migrations/runner.h"

namespace slipway::app {

struct Migrating {
  std::string url;   // with its password
  std::string home;  // where slipway.yaml lies, or the working folder
  std::string command;
  std::string app;      // "" without slipway.yaml
  std::string release;  // "" by hand
  config::DatabaseSettings database;
  database::migrations::Settings settings;
  database::migrations::Leave leave;
  database::migrations::Folder folder;
  std::vector<database::migrations::Migration> list;
};

// `details` as in cli::load_file().
// `version`: which one's folder it is, where each has its own.
Result<Migrating> migrating_of(cli::Session& session, Json& details,
                               const std::string& version = {});
// The same without a database.
Result<Migrating> folder_of(cli::Session& session, Json& details);

}  // namespace slipway::app

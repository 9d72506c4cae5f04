#pragma once
// The app's database: where it is, whose folder of migrations it has, and what it is a copy of.
// Values only; a secret stays a reference.
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "config/channel.h"

namespace slipway::config {

// When migrations are run that take away what the old release needs.
enum class ContractTime { AfterRetire, NextRelease, Manual };
std::string_view name_of(ContractTime time);  // "next_release"
ContractTime parse_contract_time(std::string_view name);

// Whether a release first tries its migrations on a scratch server: where that can be done, always
// or never.
enum class Rehearse { Auto, Require, Off };
std::string_view name_of(Rehearse rehearse);
Rehearse parse_rehearse(std::string_view name);

struct MigrationSettings {
  bool in_release = false;  // releases run them
  std::string tool = "auto";
  std::string path = "migrations";  // relative to slipway.yaml; "${version}" is replaced
  std::string command;              // for tools whose migrations are programs
  Millis lock_timeout{100};
  Millis wait{600'000};
  ContractTime contract = ContractTime::NextRelease;
  std::string safety_point = "auto";  // auto | require | off
  Millis safety_point_age{3'600'000};
  Rehearse rehearse = Rehearse::Auto;
  std::string rehearse_on = "schema";  // schema | backup
  Millis max_lag{10'000};              // of a replica, before rows are filled in no further
  Millis max_latency{500};             // of the app's slowest hundredth, before DDL gives way
  friend bool operator==(const MigrationSettings&, const MigrationSettings&) = default;
};

struct BackupStore {  // S3; no bucket: a folder
  std::string bucket;
  std::string endpoint;
  std::string region;
  std::string path = "/";
  SecretRef key;
  SecretRef secret;
  friend bool operator==(const BackupStore&, const BackupStore&) = default;
};

struct BackupSettings {
  bool is_set = false;
  std::string tool = "auto";  // auto | pgbackrest | pg_dump
  std::string repository;     // relative to slipway.yaml
  std::string folder;         // the same; empty: in the state folder
  SecretRef passphrase;       // its name is empty: not encrypted
  BackupStore s3;
  Millis full{86'400'000};
  Millis incremental{3'600'000};
  Millis keep{std::chrono::hours(30 * 24)};
  int keep_full = 0;  // 0: by `keep`
  int processes = 2;
  Millis restore_test{std::chrono::hours(30 * 24)};
  Millis rpo{300'000};
  std::string stop_server;  // commands; empty: a person does
  std::string start_server;
  friend bool operator==(const BackupSettings&, const BackupSettings&) = default;
};
Json to_json(const BackupSettings& backup);
BackupSettings backup_from_json(const Json& json);  // what is absent reads as the default

// Neither url nor secret: the environment has no database.
struct DatabaseSettings {
  std::string url;   // postgresql://… without a password
  SecretRef secret;  // or the secret that holds it; its name is empty: none
  MigrationSettings migrations;
  BackupSettings backup;
  int pool = 0;          // connections each instance holds at most; 0: nobody counts
  std::string app_role;  // that instances log in with; empty: that of the URL
  std::string copy_of;   // name of an environment; empty: it is no copy
  std::string anonymise = "anonymise.yaml";  // relative to slipway.yaml
  bool is_set() const { return !url.empty() || !secret.name.empty(); }
  friend bool operator==(const DatabaseSettings&, const DatabaseSettings&) = default;
};
// "${secret.NAME}" -> "NAME"; "" for anything else.
std::string secret_in(std::string_view url);
Json to_json(const DatabaseSettings& database);
DatabaseSettings database_from_json(const Json& json);  // what is absent reads as the default

}  // namespace slipway::config

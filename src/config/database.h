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
  Rehearse rehearse = Rehearse::Auto;
  Millis max_lag{10'000};   // of a replica, before rows are filled in no further
  Millis max_latency{500};  // of the app's slowest hundredth, before DDL gives way
  friend bool operator==(const MigrationSettings&, const MigrationSettings&) = default;
};

// Neither url nor secret: the environment has no database.
struct DatabaseSettings {
  std::string url;   // postgresql://… without a password
  SecretRef secret;  // or the secret that holds it; its name is empty: none
  MigrationSettings migrations;
  std::string copy_of;                       // name of an environment; empty: it is no copy
  std::string anonymise = "anonymise.yaml";  // relative to slipway.yaml
  bool is_set() const { return !url.empty() || !secret.name.empty(); }
  friend bool operator==(const DatabaseSettings&, const DatabaseSettings&) = default;
};
// "${secret.NAME}" -> "NAME"; "" for anything else.
std::string secret_in(std::string_view url);
Json to_json(const DatabaseSettings& database);
DatabaseSettings database_from_json(const Json& json);  // what is absent reads as the default

}  // namespace slipway::config

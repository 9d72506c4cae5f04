#pragma once
// The catalogue: what backups there are and what can be restored from them. Values only.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::database::backup {

enum class Tool { PgBackRest, PgDump };
std::string_view name_of(Tool tool);  // "pgbackrest", "pg_dump"

enum class Kind { Full, Incremental };  // a dump is always full
std::string_view name_of(Kind kind);    // "full"

struct Entry {
  std::string id;  // "20261122-014500F_20261122-024500I"; a dump: "20261122T014500Z"
  Tool tool = Tool::PgBackRest;
  Kind kind = Kind::Full;
  WallTime started{};
  WallTime finished{};
  std::uint64_t size = 0;    // bytes of the database
  std::uint64_t stored = 0;  // bytes this backup added to the repository
  std::string based_on;      // id of the backup an incremental one needs; "" for a full one
  std::string begin_lsn;     // "" for a dump
  std::string end_lsn;       // from here on the backup is a whole database; "" for a dump
  std::string system_identifier;
  int server_version = 0;  // 15, or 150020 for a dump
  std::string database;    // dumps: the one database they hold
  std::string superuser;   // who may do anything in the restored cluster
  std::string environment;
  std::string release;   // the release that was live, or was about to migrate; may be ""
  std::string checksum;  // dumps: SHA-256 of the manifest
  std::string damage;    // what the tool itself found wrong, such as page checksums; "" as a rule
};

// A named moment that can be restored exactly.
struct RestorePoint {
  std::string name;   // "slipway_r-0042_expand"
  std::string lsn;    // "" where the point is a dump
  std::string entry;  // the newest backup before it; the dump itself
  WallTime at{};
  std::string environment;
  std::string release;
  int timeline = 0;  // of the log; a restore in place begins a new one. 0 where the point is a dump
};

struct Catalogue {
  Tool tool = Tool::PgBackRest;
  std::string environment;
  std::vector<Entry> entries;           // good ones only, oldest first
  std::vector<RestorePoint> points;     // those that can be reached, oldest first
  std::vector<std::string> unfinished;  // what a backup that was cut off left; cleaned by the next
  std::string archived;                 // newest WAL file in the repository; "" with dumps
  std::string promise;  // one sentence: what can be restored, and what is lost at most
  bool has_every_moment() const { return tool == Tool::PgBackRest; }
  const Entry* newest() const;  // without damage; nullptr when there is none
  const Entry* find(std::string_view id) const;
  const RestorePoint* point(std::string_view name) const;  // the newest of this name
};

Json to_json(const Entry& entry);
Entry entry_from_json(const Json& json);
Json to_json(const RestorePoint& point);
RestorePoint point_from_json(const Json& json);
Json to_json(const Catalogue& catalogue);

}  // namespace slipway::database::backup

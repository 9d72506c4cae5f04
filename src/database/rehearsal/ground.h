#pragma once
// What a rehearsal stood on: its figures say no more than that. Values only.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::database::rehearsal {

struct Ground {
  // Schema: production's, with its row counts and none of its rows. Backup: one of production,
  // restored, with every row. Given: a database that somebody named.
  enum class Source { Schema, Backup, Given } source = Source::Given;
  std::string backup;      // its label
  std::string tool;        // "pgbackrest", "pg_dump"
  WallTime finished{};     // of the backup
  WallTime last_commit{};  // of the newest transaction replayed; 0: not known
  double restore_seconds = 0;
  std::vector<std::string> passed_over;  // newer backups that are damaged, in words
  std::vector<std::string> caught_up;    // migrations that production has and the backup had not
  std::string instead;                   // Schema: why not the backup that was asked for
};

// "on the backup 20261122-014500F (pgbackrest, 2h old, replayed up to 3s ago), restored in 4.1s";
// "" for one that was given.
std::string in_words(const Ground& ground, WallTime now);
Json to_json(const Ground& ground, WallTime now);

}  // namespace slipway::database::rehearsal

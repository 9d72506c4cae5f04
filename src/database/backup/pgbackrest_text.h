#pragma once
// What pgBackRest reads and says: its configuration, `info`, `verify`.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "database/backup/server.h"
#include "database/backup/tool.h"

namespace slipway::database::backup {

// "shop-production"
std::string stanza_of(const Settings& settings);
// Holds secrets: for the eyes of PostgreSQL's user alone. `server` may be null, for a restore into
// a folder on another machine.
std::string configuration(const Settings& settings, const Server* server);
std::string archive_command(const Settings& settings);

struct Listing {
  std::vector<Entry> entries;  // oldest first
  std::string archived;        // newest WAL file
  bool has_stanza = false;
};
Result<Listing> read_listing(const std::string& json, const std::string& environment);

// pgBackRest 2.45 ends with status 0 whatever it finds: the truth is in what it prints.
Verification read_verification(const std::string& text);

// Of the names of WAL files in the archive, the places where one is missing: no moment behind a gap
// can be reached over it, and pgBackRest's verify says nothing of it.
std::vector<std::string> archive_gaps(std::vector<std::string> names);

}  // namespace slipway::database::backup

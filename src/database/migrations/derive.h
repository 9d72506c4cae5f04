#pragma once
// The phase of a migration that does not say one, from its statements. Pure.
#include <string>
#include <string_view>

#include "database/migrations/migration.h"

namespace slipway::database::migrations {

struct Derived {
  Phase phase = Phase::Expand;
  // Not empty: it does things of several phases, which no single moment of a release is right for:
  // "it adds (line 1) and takes away (line 2)".
  std::string mixed;
};

// What takes something away or makes it stricter for the release that runs is contract; what only
// changes rows is data; all else is expand. What the file itself made is nobody's yet.
Derived derive_phase(std::string_view text);

// What the migration says, or what its statements say; on a database that was never migrated there
// is no release that could break: expand.
enum class Past { Empty, Begun };
Phase phase_in(const Migration& migration, Past past);

}  // namespace slipway::database::migrations

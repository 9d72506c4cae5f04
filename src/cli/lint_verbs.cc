// The table's rows about lint and rehearsal.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
using enum Need;

constexpr Argument kFiles[] = {{"FILE", "a migration, or a folder of them", Many}};
constexpr Option kLint[] = {
    {.name = "--database",
     .value = "URL",
     .help = "ask this database's catalogue what is there (types, defaults, rows); without it, the "
             "files beside and before FILE tell"},
};

constexpr Option kRehearse[] = {
    {.name = "--on",
     .value = "URL",
     .help = "a scratch database with production's schema and some of its rows; it is changed"},
    {.name = "--on-backup",
     .value = "ENV",
     .help = "instead: the newest backup of this environment, restored on a scratch server"},
    {.name = "--database",
     .value = "URL",
     .help = "production: only asked, for its rows and what pg_stat_statements kept"},
    {.name = "--role", .value = "NAME", .help = "who the old release is to the database"},
};

constexpr Verb kVerbs[] = {
    {.name = "migrate lint",
     .group = Group::Release,
     .summary = "what a migration would do to a running app, told from its text",
     .detail = "Finds statements that keep writers waiting, break the release that runs, fail, or "
               "lose rows, and says the safe way. What PostgreSQL 15's grammar does not know is "
               "reported, never passed over.\n\n"
               "-- slipway: ack=RULE in the head of a file acknowledges a finding on record; "
               "phase=contract says that releases it would break are gone.\n\n"
               "Exit status 3 when a finding is not acknowledged.",
     .arguments = kFiles,
     .options = kLint,
     .example = "slipway migrate lint migrations",
     .output = "migrations/0007_state.sql:1:20: drop-column (breaks)\n"
               "    orders.state: statements of the old release that name the column fail, and its "
               "values are gone\n"
               "    instead: drop it in a contract migration, after every release that names it is "
               "gone"},
    {.name = "migrate rehearse",
     .group = Group::Release,
     .summary = "apply migrations to a scratch database and measure what they do",
     .detail = "For each statement: its locks, what it writes again, reads, changes and loses, how "
               "long it takes here and about in production, and which statements of the running "
               "release stop working. On a backup times are those of all its rows; what was "
               "restored is removed afterwards.\n\n"
               "Exit status 3 when something is dangerous.",
     .arguments = kFiles,
     .options = kRehearse,
     .example = "slipway migrate rehearse migrations/0007_state.sql --on postgresql:///scratch",
     .output = "0007_state.sql:1: breaks, loses, 0.5 ms here, about 1ms in production\n"
               "    locks: orders AccessExclusive\n"
               "    gone: column orders.state\n"
               "    breaks the old release: select state from orders where id = $1: column "
               "\"state\" does not exist"},
};
}  // namespace

std::span<const Verb> lint_verbs() { return kVerbs; }

}  // namespace slipway::cli

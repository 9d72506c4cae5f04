// The table's rows about backups.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
constexpr Argument kEnvironment[] = {
    {"ENV", "environment; may be left out when there is only one", Need::Optional}};

constexpr Option kBackup[] = {
    {.name = "--full", .help = "a full one, whatever there is"},
    {.name = "--setup", .help = "make none: write the tool's configuration, tell what is missing"},
    {.name = "--yes",
     .letter = "-y",
     .help = "with --setup: also change PostgreSQL's settings (ALTER SYSTEM)"},
    {.name = "--release", .value = "ID", .help = "the release it is put down for"},
};
constexpr Option kBackups[] = {
    {.name = "--verify", .help = "read every file and compare it with what was written"},
    {.name = "--expire", .help = "remove what need not be kept any more"},
};
constexpr Option kRestore[] = {
    {.name = "--at", .value = "TIME", .help = "up to this moment, UTC: 2026-11-22T14:05:00Z"},
    {.name = "--name", .value = "POINT", .help = "up to this restore point"},
    {.name = "--backup", .value = "ID", .help = "this backup, and nothing after it"},
    {.name = "--into",
     .value = "DIR",
     .help = "a cluster of its own in a folder that is not there or empty"},
    {.name = "--in-place", .help = "where the database stands; what stood there is kept beside it"},
    {.name = "--accept",
     .value = "RULE",
     .help = "database: the server is another one than the backup's",
     .choices = "database"},
    {.name = "--yes", .letter = "-y", .help = "do not ask on a terminal"},
    {.name = "--disconnect",
     .help = "in place: end sessions that are still there once the app is stopped"},
    {.name = "--undo", .help = "give up a restore in place that was cut off, and start the app"},
};
constexpr Verb kVerbs[] = {
    {.name = "db backup",
     .group = Group::Serve,
     .summary = "back the database up",
     .detail =
         "By pgBackRest where the server's files are: an incremental backup, a full one when there "
         "is none or --full says so. By pg_dump elsewhere. What need not be kept any more is "
         "removed afterwards. At most one at a time.",
     .arguments = kEnvironment,
     .options = kBackup,
     .example = "slipway db backup production --full",
     .output = "20261122-014451F  full  2026-11-22T01:44:52.000Z  2.9 MB of 23.6 MB, in 2.1s"},
    {.name = "db backups",
     .group = Group::Serve,
     .summary = "what backups there are, and what can be restored from them",
     .detail = "Exit status 1 when --verify finds damage.",
     .arguments = kEnvironment,
     .options = kBackups,
     .example = "slipway db backups production",
     .output = "production by pgbackrest: every moment from 2026-11-22T01:44:52.000Z on; …\n"
               "  20261122-014451F  full  2026-11-22T01:44:52.000Z  2.9 MB of 23.6 MB\n"
               "  slipway_r-0042_expand  restore point  2026-11-22T01:50:00.000Z  at 0/5000148"},
    {.name = "db restore",
     .group = Group::Serve,
     .summary = "restore the database: the newest there is, or up to a moment",
     .detail =
         "Into a folder it makes a cluster that never archives, and changes nothing else. In place "
         "it asks first; where a daemon runs the app, it shows the maintenance page, stops the "
         "services that use the database, restores, starts them, and takes the page away once they "
         "are healthy. It refuses while anybody else is connected, with who it is, and moves what "
         "stands there aside. What was cut off goes on when the same is said again.",
     .arguments = kEnvironment,
     .options = kRestore,
     .example = "slipway db restore production --at 2026-11-22T14:05:00Z --into /srv/look",
     .output = "restored 20261122-014451F into /srv/look up to 0/60001B8, last commit "
               "2026-11-22T14:04:59.871Z\nin 5.2s: copied in 2.1s, replayed in 2.9s"},
};
}  // namespace

std::span<const Verb> backup_verbs() { return kVerbs; }

}  // namespace slipway::cli

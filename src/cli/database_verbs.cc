// The table's rows about the database.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
constexpr Argument kCopied[] = {{"ENV", "the environment whose database is the copy"}};
constexpr Option kCopy[] = {
    {.name = "--from",
     .value = "URL",
     .help = "the database to copy; default: that of the environment database.copy_of names"},
    {.name = "--to", .value = "URL", .help = "the database to make; default: database.url of ENV"},
    {.name = "--rules",
     .value = "FILE",
     .help = "what happens to each column; default: database.anonymise"},
    {.name = "--key",
     .value = "FILE",
     .help = "the secret behind the pseudonyms; default: made once, kept in the state folder"},
    {.name = "--streams",
     .value = "N",
     .help = "tables and indexes side by side; 0: by the processors",
     .otherwise = "0"},
    {.name = "--classify", .help = "copy nothing: print a proposal of the rules"},
};
constexpr Argument kWatched[] = {
    {"ENV", "environment; may be left out when there is only one", Need::Optional}};
constexpr Option kWatch[] = {
    {.name = "--once", .help = "look once, and end"},
    {.name = "--heartbeat",
     .help = "also write the time into slipway.heartbeat, and tell how much work the archive has "
             "not got yet"},
    {.name = "--interval", .value = "TIME", .help = "between two looks", .otherwise = "2s"},
    {.name = "--url",
     .value = "URL",
     .help = "the database, or env:NAME for the variable that holds it; default: database.url"},
};
constexpr Option kVerify[] = {
    {.name = "--no-compare",
     .help = "ask nothing of the running database: restore the newest there is, and check that"},
    {.name = "--no-files", .help = "do not read every file of the repository first"},
};
constexpr Verb kVerbs[] = {
    {.name = "db copy",
     .group = Group::Serve,
     .summary = "make an anonymised copy of a database",
     .detail =
         "Rows go through the masks of anonymise.yaml on their way: no real value reaches the "
         "copy or a disk. The copy takes its name when it is complete; until then the one "
         "before it stays. A column without a rule ends it before it begins.",
     .arguments = kCopied,
     .options = kCopy,
     .example = "slipway db copy staging",
     .output = "staging: 5000000 rows of 2 tables in 58s, 9 columns masked, 0 of 1000 real values "
               "found"},
    {.name = "db watch",
     .group = Group::Look,
     .summary = "what a database is at: connections, locks, slow queries, the archive",
     .detail = "On a terminal the page is drawn anew until Ctrl-C; in a pipe each look is a page, "
               "with --json a line. The role needs pg_monitor to see other roles' sessions.",
     .arguments = kWatched,
     .options = kWatch,
     .example = "slipway db watch production --once",
     .output = "shop on PostgreSQL 15.20 as slipway\n"
               "connections   23 of 97 (23%), 3 more for superusers"},
    {.name = "db verify",
     .group = Group::Serve,
     .summary = "a restore test: is the backup one?",
     .detail =
         "Reads every file of the repository, makes a restore point, restores up to it into a "
         "scratch server, compares every table with what the database held at that moment, and "
         "checks every page and index. Exit status 1 when the backup is not good.",
     .arguments = kWatched,
     .options = kVerify,
     .example = "slipway db verify production",
     .output = "20261122-014451F: good\n"
               "  back in 5.2s (RTO)\n"
               "  3 tables the same, 120000 rows in all"},
};
}  // namespace

std::span<const Verb> database_verbs() { return kVerbs; }

}  // namespace slipway::cli

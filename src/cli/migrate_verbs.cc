// The table's rows about migrations.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
using enum Need;
constexpr auto kMany = Option::Times::Many;

constexpr Argument kEnvironment[] = {
    {"ENV", "environment; may be left out when there is only one", Optional}};
constexpr Argument kName[] = {{"NAME", "what it does: \"add status to orders\""}};

constexpr Option kUrl = {.name = "--url",
                         .value = "URL",
                         .help =
                             "the database, env:NAME for the value of a variable; default: "
                             "database.url of slipway.yaml"};
constexpr Option kTool = {.name = "--tool",
                          .value = "TOOL",
                          .help =
                              "whose folder it is; default: as slipway.yaml says, or by what "
                              "lies in it",
                          .choices =
                              "prisma drizzle dbmate golang-migrate flyway node-pg-migrate "
                              "knex sql command"};
constexpr Option kPath = {
    .name = "--path", .value = "DIR", .help = "the folder; default: database.migrations.path"};
constexpr Option kTable = {
    .name = "--table", .value = "NAME", .help = "the tool's table, where it is not the usual one"};
constexpr Option kAccept = {.name = "--accept",
                            .value = "RULE",
                            .help = "go on in spite of this rule; may be given several times",
                            .choices = "out-of-order gap unknown other-tool mixed database",
                            .times = kMany};
constexpr Option kWait = {.name = "--wait",
                          .value = "DURATION",
                          .help =
                              "for the turn, and for each migration's locks; default: "
                              "database.migrations.wait, or 10m"};
constexpr Option kLockTimeout = {.name = "--lock-timeout",
                                 .value = "DURATION",
                                 .help =
                                     "how long others may stand behind a lock of ours; "
                                     "default: database.migrations.lock_timeout, or 100ms"};

constexpr Option kStatus[] = {kUrl, kTool, kPath, kTable, kAccept};
constexpr Option kPhase = {.name = "--phase",
                           .value = "PHASE",
                           .help = "end before migrations of a later phase",
                           .otherwise = "data",
                           .choices = "expand data contract"};
constexpr Option kCommand = {.name = "--command",
                             .value = "COMMAND",
                             .help =
                                 "runs the next one, for tools whose migrations are programs; "
                                 "default: database.migrations.command"};
constexpr Option kCheck[] = {
    kUrl,
    kTool,
    kPath,
    kTable,
    kPhase,
    kAccept,
    kCommand,
    {.name = "--on",
     .value = "WHAT",
     .help = "production's schema and row counts, or its newest backup with every row; default: "
             "database.migrations.rehearse_on",
     .choices = "schema backup"},
    {.name = "--backup",
     .value = "JSON",
     .help = "where the backups are, env:NAME for the value of a variable; releases say it; "
             "default: database.backup"},
    {.name = "--require",
     .help = "fail when it cannot be rehearsed so, instead of taking the schema, or linting"},
};
constexpr Option kUp[] = {
    kUrl,
    kTool,
    kPath,
    kTable,
    kPhase,
    {.name = "--to", .value = "ID", .help = "end with this one"},
    kAccept,
    kWait,
    kLockTimeout,
    kCommand,
    {.name = "--backup",
     .value = "JSON",
     .help = "how the restore point before the first of them is made, env:NAME for the value of a "
             "variable; releases say it; default: database.backup"},
    {.name = "--max-lag",
     .value = "DURATION",
     .help = "a backfill rests while a replica is further behind; default: "
             "database.migrations.max_lag, or 10s"},
    {.name = "--max-latency",
     .value = "DURATION",
     .help = "what runs gives way when the app's slowest hundredth takes longer, and twice as long "
             "as before; default: database.migrations.max_latency, or 500ms"},
    {.name = "--pulse",
     .value = "FILE",
     .help = "where the app's latency is read, a line of JSON at a time; a release gives stdin"},
};
constexpr Option kDown[] = {
    kUrl,
    kTool,
    kPath,
    kTable,
    {.name = "--steps", .value = "N", .help = "how many, the newest first", .otherwise = "1"},
    kAccept,
    kWait,
    kLockTimeout,
    {.name = "--yes", .letter = "-y", .help = "do not ask on a terminal"},
};
constexpr Option kNew[] = {
    kTool,
    kPath,
    {.name = "--phase",
     .value = "PHASE",
     .help = "written into its header",
     .choices = "expand data contract"},
};

constexpr Verb kVerbs[] = {
    {.name = "migrate status",
     .group = Group::Release,
     .summary = "which migrations are applied, which are pending, what stands in the way",
     .detail = "Reads the folder and the table of the tool that the team uses; changes nothing.\n\n"
               "Exit status 3 when something is refused, 0 otherwise.",
     .arguments = kEnvironment,
     .options = kStatus,
     .example = "slipway migrate status production",
     .output =
         "prisma: 31 applied, 1 pending (prisma/migrations, \"public\".\"_prisma_migrations\")\n"
         "  pending  20261121103107_add_status  expand"},
    {.name = "migrate check",
     .group = Group::Release,
     .summary = "rehearse what is pending on a scratch server made for it",
     .detail =
         "A PostgreSQL server is started on this machine with the schema of ENV's database and "
         "none of its rows, or over its newest backup with all of them; what is pending is applied "
         "there and measured, down scripts are run, programs are run by their command and what "
         "they say is captured, "
         "and the running release's statements (pg_stat_statements) are tried on the new schema. "
         "Lint judges beside it, with the real catalogue. A release does this before it changes "
         "anything; ENV's database is only read.\n\n"
         "Exit status 3 when something is dangerous and nobody has acknowledged it.",
     .arguments = kEnvironment,
     .options = kCheck,
     .example = "slipway migrate check production",
     .output = "2 migrations rehearsed, nothing dangerous"},
    {.name = "migrate up",
     .group = Group::Release,
     .summary = "apply pending migrations, without standing in the app's way",
     .detail =
         "Each file is one transaction with its row in the tool's own table. A lock is waited for "
         "in short attempts, and transactions that hold the table for long are waited for first, "
         "by name. What was cut off is taken up again by the next run.\n\n"
         "Contract migrations, and what comes behind them, wait for --phase contract.\n\n"
         "With database.backup a restore point is made first when something is pending, as "
         "database.migrations.safety_point says.",
     .arguments = kEnvironment,
     .options = kUp,
     .example = "slipway migrate up production",
     .output = "applying 0007_add_status.sql\napplied 0007_add_status in 12ms"},
    {.name = "migrate down",
     .group = Group::Release,
     .summary = "take the newest migrations back by their down scripts",
     .detail = "What the scripts drop is gone. Asks on a terminal; elsewhere it needs --yes.",
     .arguments = kEnvironment,
     .options = kDown,
     .example = "slipway migrate down staging --yes",
     .output = "taking back 0007_add_status.sql\ntook back 0007_add_status in 9ms"},
    {.name = "migrate new",
     .group = Group::Release,
     .summary = "write an empty migration, named as the tool names its own",
     .arguments = kName,
     .options = kNew,
     .example = "slipway migrate new \"add status to orders\" --phase expand",
     .output = "migrations/0008_add_status_to_orders.sql\n"
               "migrations/0008_add_status_to_orders.down.sql"},
};
}  // namespace

std::span<const Verb> migrate_verbs() { return kVerbs; }

}  // namespace slipway::cli

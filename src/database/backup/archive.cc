#include "database/backup/archive.h"

#include <fmt/core.h>
#include <poll.h>

namespace slipway::database::backup {
namespace {
constexpr int kLookMs = 50;
constexpr int kFailures = 2;  // of archive_command, in a row of looks
constexpr std::size_t kWalName = 24;

struct Archiver {
  std::string last;  // WAL file
  std::int64_t failed = 0;
  std::string last_failed;
};

Result<Archiver> look(postgres::Connection& connection) {
  const auto rows = TRY(connection.query(
      "select coalesce(last_archived_wal, ''), failed_count, coalesce(last_failed_wal, '') "
      "from pg_stat_archiver"));
  return Archiver{std::string(rows.text(0, 0)), rows.integer(0, 1), std::string(rows.text(0, 2))};
}

Error failing(const Archiver& archiver) {
  return Error(
      Code::CommandFailed,
      "archive_command fails for " + archiver.last_failed + ": changes do not reach the repository",
      "PostgreSQL's log has its words; slipway db backup ENV --setup tells what is missing");
}
}  // namespace

Result<void> archive_up_to(postgres::Connection& connection, const std::string& lsn,
                           const World& world, Millis patience) {
  const auto file = TRY(connection.value("select pg_walfile_name($1::pg_lsn)", {lsn})).value_or("");
  const auto before = TRY(look(connection));
  TRY(connection.value("select pg_switch_wal()::text"));
  const auto until = world.clock.monotonic() + patience;
  for (;;) {
    const auto now = TRY(look(connection));
    if (now.last.substr(0, kWalName) >= file) return ok();
    if (now.failed >= before.failed + kFailures) return failing(now);
    if (world.interrupted && world.interrupted())
      return Error(Code::Aborted, "interrupted while waiting for the archive", "start again");
    if (world.clock.monotonic() > until)
      return Error(Code::Timeout,
                   fmt::format("{} was not archived within {} s", file, patience.count() / 1000),
                   "look at archive_command, and whether the repository can be written");
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<void> archive_all(postgres::Connection& connection, const World& world, Millis patience) {
  TRY(connection.value("select pg_current_xact_id()::text"));  // its commit is written as well
  const auto lsn =
      TRY(connection.value("select pg_current_wal_insert_lsn()::text")).value_or("0/0");
  return archive_up_to(connection, lsn, world, patience);
}

}  // namespace slipway::database::backup

#include "database/watch/heartbeat.h"

#include <fmt/core.h>

#include <charconv>

namespace slipway::database::watch {
namespace {
constexpr std::size_t kNameLength = 24;  // timeline, log, segment: eight hex digits each
constexpr std::size_t kPart = 8;

// A beat more often than this tells nothing more.
constexpr const char* kWrite =
    "insert into slipway.heartbeat(at, lsn) select clock_timestamp(), pg_current_wal_insert_lsn()"
    " where not exists (select from slipway.heartbeat where at > clock_timestamp() -"
    " interval '5 seconds')";

std::optional<std::uint64_t> hex(std::string_view digits) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

// Looked for first: who may write the rows need not be able to make the table.
Result<void> make_table(postgres::Connection& connection) {
  const auto there = TRY(connection.value("select to_regclass('slipway.heartbeat') is not null"));
  if (there.value_or("f") == "t") return ok();
  TRY(
      connection.run("create schema if not exists slipway;"
                     "create table if not exists slipway.heartbeat(at timestamptz primary key,"
                     " lsn pg_lsn not null)"));
  return ok();
}
}  // namespace

std::optional<std::string> end_of(std::string_view file, std::int64_t segment_bytes) {
  if (file.size() < kNameLength || segment_bytes <= 0) return std::nullopt;
  const auto log = hex(file.substr(kPart, kPart));
  const auto segment = hex(file.substr(2 * kPart, kPart));
  if (!log || !segment || !hex(file.substr(0, kPart))) return std::nullopt;
  // "….00000028.backup" is about a file that is in the archive, or will be: its begin is certain.
  const std::uint64_t whole = file.size() == kNameLength ? 1 : 0;
  const auto bytes = static_cast<std::uint64_t>(segment_bytes);
  const std::uint64_t end = (*log << 32U) + (*segment + whole) * bytes;
  return fmt::format("{:X}/{:X}", end >> 32U, end & 0xFFFFFFFFU);
}

Result<double> beat(postgres::Connection& connection, const std::string& archived) {
  TRY(make_table(connection));
  TRY(connection.run(kWrite));
  TRY(connection.run(
      "delete from slipway.heartbeat where at < clock_timestamp() - interval '1 day'"));
  const auto bytes =
      TRY(connection.query("select pg_size_bytes(current_setting("
                           "'wal_segment_size'))"));
  const auto end = end_of(archived, bytes.integer(0, 0)).value_or("0/0");
  // A row's own position is before its commit; the next row's is behind it.
  const auto rows = TRY(connection.query(
      "select extract(epoch from clock_timestamp() - coalesce((select max(at) from (select at,"
      " lead(lsn) over (order by at) as next from slipway.heartbeat) h where next <= $1::pg_lsn),"
      " min(at))) from slipway.heartbeat",
      {end}));
  return rows.real(0, 0);
}

}  // namespace slipway::database::watch

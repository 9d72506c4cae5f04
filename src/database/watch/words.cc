#include "database/watch/words.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"

namespace slipway::database::watch {
namespace {
constexpr double kWorthALine = 1;  // seconds
constexpr std::int64_t kKiB = 1024;

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f}s", seconds);
  return to_text(Millis(static_cast<std::int64_t>(seconds) * 1000));
}

std::string bytes_text(std::int64_t bytes) {
  auto value = static_cast<double>(bytes);
  for (const char* unit : {"B", "KiB", "MiB", "GiB"}) {
    if (value < kKiB)
      return fmt::format("{:.{}f} {}", value, value < 10 && unit[0] != 'B' ? 1 : 0, unit);
    value /= kKiB;
  }
  return fmt::format("{:.1f} TiB", value);
}

// The first `width` characters; a character is never cut in two.
std::string cut(const std::string& line, int width) {
  std::string out;
  int columns = 0;
  for (const char c : line) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (begins && ++columns > width) break;
    out += c;
  }
  return out;
}

class Page {
 public:
  explicit Page(int width) : width_(width) {}
  void line(const std::string& text) { out_ += cut(text, width_) + "\n"; }
  std::string take() { return std::move(out_); }

 private:
  int width_;
  std::string out_;
};

std::string archive_text(const Archive& archive) {
  if (!archive.is_on) return "off: there is no way back to a moment";
  std::string out = fmt::format("{} archived", archive.archived);
  if (archive.waiting > 0)
    out += fmt::format(", {} due, the first for {}", archive.waiting,
                       seconds_text(archive.oldest_seconds));
  if (archive.is_failing) out += fmt::format(", FAILING ({} times in all)", archive.failed);
  return out;
}

std::string replication_text(const Sight& sight) {
  if (sight.is_replica)
    return fmt::format("this is a replica, {} behind", seconds_text(sight.replica_seconds));
  if (sight.replicas.empty()) return "no replica";
  std::vector<std::string> parts;
  for (const auto& one : sight.replicas)
    parts.push_back(fmt::format("{} {}, {} and {} behind", one.name, one.state,
                                bytes_text(one.behind_bytes), seconds_text(one.behind_seconds)));
  return join(parts, "; ");
}

void connections(Page& page, const Sight& sight) {
  const int usable = sight.usable();
  page.line(fmt::format("connections   {} of {} ({}%), {} more for superusers", sight.held(),
                        usable, usable > 0 ? 100 * sight.held() / usable : 0, sight.reserved));
  for (const auto& one : sight.holders)
    page.line(fmt::format("  {:>4}  {:<24} {:<16} {}", one.count,
                          one.application.empty() ? "(no name)" : one.application, one.user,
                          one.state));
}

void sessions(Page& page, const char* title, const std::vector<Session>& list) {
  bool is_begun = false;
  for (const auto& one : list) {
    if (one.seconds < kWorthALine && one.blocked_by.empty()) continue;
    if (!is_begun) page.line(title);
    is_begun = true;
    std::string who = fmt::format("  {:>7}  {:<8} {}", one.pid, seconds_text(one.seconds),
                                  one.application.empty() ? one.user : one.application);
    if (!one.blocked_by.empty()) {
      std::vector<std::string> pids;
      for (const int pid : one.blocked_by) pids.push_back(std::to_string(pid));
      who += fmt::format(": {}, held by {}", one.waits_for, join(pids, ", "));
    }
    page.line(who + (one.state == "active" || one.state.empty() ? "" : " (" + one.state + ")") +
              ": " + one.query);
  }
}

void figures(Page& page, const Sight& sight, const Sight* before) {
  const auto more = before == nullptr ? 0 : sight.deadlocks - before->deadlocks;
  page.line(fmt::format("deadlocks     {}{}", sight.deadlocks,
                        more > 0 ? fmt::format(" ({} since the look before)", more) : ""));
  page.line("replication   " + replication_text(sight));
  if (sight.slot_bytes > 0)
    page.line(fmt::format("slots         {} of WAL kept for one that is not connected",
                          bytes_text(sight.slot_bytes)));
  page.line("archive       " + archive_text(sight.archive));
  if (sight.lost_seconds >= 0)
    page.line(fmt::format("loss          {} of work, if the server were lost now (RPO)",
                          seconds_text(sight.lost_seconds)));
  page.line(fmt::format("size          {}, {:.1f}% of reads from memory",
                        bytes_text(sight.size_bytes), sight.cache_hit_percent));
  page.line(fmt::format("wraparound    {:.1f}% of the way ({} transactions)",
                        static_cast<double>(sight.xid_age) / 21'474'836.48, sight.xid_age));
}

void tables(Page& page, const Sight& sight) {
  bool is_begun = false;
  for (const auto& one : sight.tables) {
    if (one.dead == 0) continue;
    if (!is_begun) page.line("dead rows");
    is_begun = true;
    page.line(fmt::format("  {:>5.1f}%  {:<32} {} dead, {} live, {}", one.dead_percent(), one.name,
                          one.dead, one.live, bytes_text(one.bytes)));
  }
}
}  // namespace

std::string in_words(const Sight& sight, const Sight* before, int width) {
  Page page(std::max(width, 40));
  page.line(fmt::format("{} on PostgreSQL {}.{} as {}", sight.database,
                        sight.server_version / 10'000, sight.server_version % 10'000, sight.role));
  connections(page, sight);
  figures(page, sight, before);
  sessions(page, "waits for a lock", sight.waiting);
  sessions(page, "long transactions", sight.long_);
  sessions(page, "running queries", sight.slow);
  if (!sight.statements.empty()) page.line("most time in all (pg_stat_statements)");
  for (const auto& one : sight.statements)
    page.line(fmt::format("  {:>9.1f} ms x {:<8} {}", one.mean_ms, one.calls, one.query));
  tables(page, sight);
  if (!sight.sees_everything)
    page.line(fmt::format("{} sees its own sessions only: grant pg_monitor to {}", sight.role,
                          sight.role));
  return page.take();
}

}  // namespace slipway::database::watch

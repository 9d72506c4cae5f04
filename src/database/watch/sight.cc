#include "database/watch/sight.h"

#include <algorithm>
#include <cmath>

namespace slipway::database::watch {
namespace {
// Below this a share of dead rows says nothing about the table.
constexpr std::int64_t kLeastRows = 10'000;
// Transactions there are before the server refuses to begin more.
constexpr double kXidLimit = 2'147'483'648.0;

double longest(const std::vector<Session>& sessions) {
  double out = 0;
  for (const auto& one : sessions) out = std::max(out, one.seconds);
  return out;
}

double worst_dead_percent(const std::vector<Table>& tables) {
  double out = 0;
  for (const auto& one : tables)
    if (one.live + one.dead >= kLeastRows) out = std::max(out, one.dead_percent());
  return out;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

Json to_json(const Session& session) {
  Json blocked = Json::array();
  for (const int pid : session.blocked_by) blocked.push_back(pid);
  return Json::object()
      .set("pid", session.pid)
      .set("application", session.application)
      .set("user", session.user)
      .set("state", session.state)
      .set("seconds", rounded(session.seconds))
      .set("waits_for", session.waits_for)
      .set("blocked_by", std::move(blocked))
      .set("query", session.query);
}

Json to_json(const std::vector<Session>& sessions) {
  Json out = Json::array();
  for (const auto& one : sessions) out.push_back(to_json(one));
  return out;
}

Json holders_json(const Sight& sight) {
  Json out = Json::array();
  for (const auto& one : sight.holders)
    out.push_back(Json::object()
                      .set("application", one.application)
                      .set("user", one.user)
                      .set("state", one.state)
                      .set("count", one.count));
  return out;
}

Json statements_json(const Sight& sight) {
  if (!sight.has_statements) return {};
  Json out = Json::array();
  for (const auto& one : sight.statements)
    out.push_back(Json::object()
                      .set("query", one.query)
                      .set("calls", one.calls)
                      .set("mean_ms", rounded(one.mean_ms))
                      .set("total_ms", rounded(one.total_ms)));
  return out;
}

Json replicas_json(const Sight& sight) {
  Json out = Json::array();
  for (const auto& one : sight.replicas)
    out.push_back(Json::object()
                      .set("name", one.name)
                      .set("state", one.state)
                      .set("behind_bytes", one.behind_bytes)
                      .set("behind_seconds", rounded(one.behind_seconds)));
  return out;
}

Json tables_json(const Sight& sight) {
  Json out = Json::array();
  for (const auto& one : sight.tables)
    out.push_back(Json::object()
                      .set("name", one.name)
                      .set("bytes", one.bytes)
                      .set("live", one.live)
                      .set("dead", one.dead));
  return out;
}

Json to_json(const Archive& archive) {
  if (!archive.is_on) return {};
  return Json::object()
      .set("failing", archive.is_failing)
      .set("archived", archive.archived)
      .set("failed", archive.failed)
      .set("newest", archive.newest)
      .set("waiting", archive.waiting)
      .set("oldest_seconds", rounded(archive.oldest_seconds));
}
}  // namespace

int Sight::held() const {
  int out = 0;
  for (const auto& one : holders) out += one.count;
  return out;
}

std::map<std::string, double> measures_of(const Sight& sight) {
  std::map<std::string, double> out;
  const int usable = sight.usable();
  if (usable > 0) out["db_connections"] = 100.0 * sight.held() / usable;
  out["db_longest_transaction"] = longest(sight.long_);
  out["db_slowest_query"] = longest(sight.slow);
  out["db_lock_wait"] = longest(sight.waiting);
  out["db_size"] = static_cast<double>(sight.size_bytes);
  out["db_dead_rows"] = worst_dead_percent(sight.tables);
  out["db_xid_age"] = 100.0 * static_cast<double>(sight.xid_age) / kXidLimit;
  out["db_slot_waiting"] = static_cast<double>(sight.slot_bytes);
  double lag = sight.replica_seconds;
  for (const auto& one : sight.replicas) lag = std::max(lag, one.behind_seconds);
  if (sight.is_replica || !sight.replicas.empty()) out["db_replication_lag"] = lag;
  if (sight.lost_seconds >= 0) out["db_rpo"] = sight.lost_seconds;
  if (sight.archive.is_on) out["db_archive_age"] = sight.archive.oldest_seconds;
  return out;
}

Json to_json(const Sight& sight) {
  Json measures = Json::object();
  for (const auto& [name, value] : measures_of(sight)) measures.set(name, rounded(value));
  Json out = Json::object();
  out.set("database", sight.database)
      .set("role", sight.role)
      .set("server_version", sight.server_version)
      .set("sees_everything", sight.sees_everything)
      .set("is_replica", sight.is_replica)
      .set("measures", std::move(measures))
      .set("max_connections", sight.max_connections)
      .set("reserved", sight.reserved)
      .set("held", sight.held())
      .set("connections", holders_json(sight));
  out.set("slow", to_json(sight.slow))
      .set("transactions", to_json(sight.long_))
      .set("waiting", to_json(sight.waiting))
      .set("statements", statements_json(sight))
      .set("deadlocks", sight.deadlocks)
      .set("size_bytes", sight.size_bytes)
      .set("cache_hit_percent", rounded(sight.cache_hit_percent))
      .set("replicas", replicas_json(sight))
      .set("slot_bytes", sight.slot_bytes)
      .set("archive", to_json(sight.archive))
      .set("tables", tables_json(sight))
      .set("xid_age", sight.xid_age);
  return out;
}

}  // namespace slipway::database::watch

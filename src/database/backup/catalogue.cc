#include "database/backup/catalogue.h"

#include <algorithm>

namespace slipway::database::backup {
namespace {
std::int64_t ms(WallTime time) { return to_unix_ms(time); }
}  // namespace

std::string_view name_of(Tool tool) { return tool == Tool::PgDump ? "pg_dump" : "pgbackrest"; }
std::string_view name_of(Kind kind) { return kind == Kind::Full ? "full" : "incremental"; }

const Entry* Catalogue::newest() const {
  const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                  [](const Entry& entry) { return entry.damage.empty(); });
  return found == entries.rend() ? nullptr : &*found;
}

const Entry* Catalogue::find(std::string_view id) const {
  for (const auto& entry : entries)
    if (entry.id == id) return &entry;
  return nullptr;
}

const RestorePoint* Catalogue::point(std::string_view name) const {
  const auto found = std::find_if(points.rbegin(), points.rend(),
                                  [&](const RestorePoint& point) { return point.name == name; });
  return found == points.rend() ? nullptr : &*found;
}

Json to_json(const Entry& entry) {
  return Json::object()
      .set("id", entry.id)
      .set("tool", name_of(entry.tool))
      .set("kind", name_of(entry.kind))
      .set("started_ms", ms(entry.started))
      .set("finished_ms", ms(entry.finished))
      .set("size", entry.size)
      .set("stored", entry.stored)
      .set("based_on", entry.based_on)
      .set("begin_lsn", entry.begin_lsn)
      .set("end_lsn", entry.end_lsn)
      .set("system_identifier", entry.system_identifier)
      .set("server_version", entry.server_version)
      .set("database", entry.database)
      .set("superuser", entry.superuser)
      .set("environment", entry.environment)
      .set("release", entry.release)
      .set("checksum", entry.checksum)
      .set("damage", entry.damage);
}

Entry entry_from_json(const Json& json) {
  Entry out;
  out.id = json.text("id");
  out.tool = json.text("tool") == "pg_dump" ? Tool::PgDump : Tool::PgBackRest;
  out.kind = json.text("kind") == "incremental" ? Kind::Incremental : Kind::Full;
  out.started = from_unix_ms(json.integer("started_ms"));
  out.finished = from_unix_ms(json.integer("finished_ms"));
  out.size = static_cast<std::uint64_t>(json.integer("size"));
  out.stored = static_cast<std::uint64_t>(json.integer("stored"));
  out.based_on = json.text("based_on");
  out.begin_lsn = json.text("begin_lsn");
  out.end_lsn = json.text("end_lsn");
  out.system_identifier = json.text("system_identifier");
  out.server_version = static_cast<int>(json.integer("server_version"));
  out.database = json.text("database");
  out.superuser = json.text("superuser");
  out.environment = json.text("environment");
  out.release = json.text("release");
  out.checksum = json.text("checksum");
  out.damage = json.text("damage");
  return out;
}

Json to_json(const RestorePoint& point) {
  return Json::object()
      .set("name", point.name)
      .set("lsn", point.lsn)
      .set("entry", point.entry)
      .set("at_ms", ms(point.at))
      .set("environment", point.environment)
      .set("release", point.release)
      .set("timeline", point.timeline);
}

RestorePoint point_from_json(const Json& json) {
  return {json.text("name"),
          json.text("lsn"),
          json.text("entry"),
          from_unix_ms(json.integer("at_ms")),
          json.text("environment"),
          json.text("release"),
          static_cast<int>(json.integer("timeline"))};
}

Json to_json(const Catalogue& catalogue) {
  Json entries = Json::array();
  for (const auto& entry : catalogue.entries) entries.push_back(to_json(entry));
  Json points = Json::array();
  for (const auto& point : catalogue.points) points.push_back(to_json(point));
  return Json::object()
      .set("tool", name_of(catalogue.tool))
      .set("environment", catalogue.environment)
      .set("has_every_moment", catalogue.has_every_moment())
      .set("promise", catalogue.promise)
      .set("backups", std::move(entries))
      .set("points", std::move(points))
      .set("unfinished", Json::array_of(catalogue.unfinished))
      .set("archived", catalogue.archived);
}

}  // namespace slipway::database::backup

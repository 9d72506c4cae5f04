#include "database/backup/dump.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "database/backup/keep.h"
#include "database/backup/points.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr const char* kPart = ".part";  // ends the name of what is not whole yet
constexpr std::size_t kMostFiles = 1'000'000;
constexpr const char* kNext = "look at its words; the role must be able to read every table";

// "20261122T014500Z"
std::string stamp(WallTime time) {
  std::string out = to_iso8601(time).substr(0, 19) + "Z";
  std::erase_if(out, [](char c) { return c == ':' || c == '-'; });
  return out;
}
bool is_dump(const std::string& name) {
  return name.size() >= 16 && name[8] == 'T' && name[15] == 'Z';
}
}  // namespace

Dump::Dump(Settings settings, World world, std::string why)
    : settings_(std::move(settings)), world_(std::move(world)), why_(std::move(why)) {
  folder_ = io::join_path(settings_.repository, settings_.app + "-" + settings_.environment);
}

std::string Dump::folder_of(const std::string& id) const { return io::join_path(folder_, id); }

Result<std::unique_ptr<postgres::Connection>> Dump::connect(const std::string& database) const {
  const std::string url =
      database.empty() ? settings_.url : postgres::for_database(settings_.url, database);
  return postgres::Connection::open(url, "slipway db backup");
}

Result<Setup> Dump::look_at_setup() {
  Setup out;
  out.tool = Tool::PgDump;
  out.why = why_;
  return out;
}

Result<Setup> Dump::set_up(Apply) {
  TRY(io::make_dirs(folder_));
  return look_at_setup();
}

Result<Entry> Dump::describe(postgres::Connection& connection) const {
  const auto said = TRY(connection.query(
      "select current_database(), pg_database_size(current_database()), (select "
      "system_identifier::text from pg_control_system()), (select rolname from pg_roles where oid "
      "= 10)"));
  Entry out;
  out.tool = Tool::PgDump;
  out.database = std::string(said.text(0, 0));
  out.size = static_cast<std::uint64_t>(said.integer(0, 1));
  out.system_identifier = std::string(said.text(0, 2));
  out.superuser = std::string(said.text(0, 3));
  out.server_version = connection.server_version();
  out.environment = settings_.environment;
  out.release = settings_.release;
  return out;
}

// What a run that was cut off left: nobody else writes here while the lock is ours.
Result<void> Dump::clean() {
  for (const auto& name : TRY(io::list_dir(folder_)))
    if (name.ends_with(kPart)) TRY(io::remove_tree(folder_of(name), folder_, kMostFiles));
  return ok();
}

Result<void> Dump::write(const Entry& entry, const std::string& part) {
  Program dump;
  dump.argv = {postgres_program("pg_dump"),
               "--format=directory",
               fmt::format("--jobs={}", settings_.processes),
               "--verbose",
               "--no-password",
               "--file=" + io::join_path(part, "data")};
  dump.environment = TRY(postgres::environment_of(settings_.url));
  if (world_.on_progress) world_.on_progress({"dumping", entry.database, -1});
  TRY(run_or_fail(dump, world_, kNext));
  // Roles belong to no database; passwords stay where they are.
  Program roles;
  roles.argv = {postgres_program("pg_dumpall"), "--roles-only", "--no-role-passwords",
                "--no-password", "--file=" + io::join_path(part, "roles.sql")};
  roles.environment = dump.environment;
  const auto ran = TRY(run_program(roles, world_));
  if (ran.exit.succeeded()) return ok();
  return io::remove_file(io::join_path(part, "roles.sql"));  // a role that may not see them
}

Result<Entry> Dump::take() {
  Manifest manifest;
  {
    auto connection = TRY(connect());
    manifest.entry = TRY(describe(*connection));
  }
  auto& entry = manifest.entry;
  entry.started = world_.clock.now();
  entry.id = stamp(entry.started);
  for (int i = 2; io::exists(folder_of(entry.id)); ++i)
    entry.id = fmt::format("{}-{}", stamp(entry.started), i);
  const std::string part = folder_of(entry.id) + kPart;
  TRY(io::make_dirs(part));
  TRY(write(entry, part));
  if (world_.on_progress) world_.on_progress({"summing", "checksums", -1});
  manifest.files = TRY(sum_files(part));
  const auto is_contents = [](const DumpFile& file) { return file.path == "data/toc.dat"; };
  if (std::none_of(manifest.files.begin(), manifest.files.end(), is_contents))
    return Error(Code::Corrupt, "pg_dump ended well, but wrote no table of contents", kNext);
  for (const auto& file : manifest.files) entry.stored += file.bytes;
  entry.finished = world_.clock.now();
  // pg_dump has synced its files; the manifest is, and with the folder's new name all of it is.
  entry.checksum = TRY(write_manifest(part, manifest));
  TRY(io::rename_path(part, folder_of(entry.id)));
  TRY(io::write_file_durably(io::join_path(folder_, "newest"), entry.id + "\n"));
  return entry;
}

Result<Entry> Dump::backup(Kind) {
  TRY(io::make_dirs(folder_));
  const auto lock = TRY(lock_folder(folder_));
  TRY(clean());
  auto out = TRY(take());
  TRY(remove_outdated());
  return out;
}

Result<Catalogue> Dump::list() {
  Catalogue out;
  out.tool = Tool::PgDump;
  out.environment = settings_.environment;
  out.promise = fmt::format(
      "no point-in-time recovery: only the moment of each dump; what came after the newest is lost "
      "(RPO = the time between two, {})",
      to_text(settings_.interval));
  const auto names = io::list_dir(folder_);
  if (!names) return out;
  for (const auto& name : *names) {
    if (!is_dump(name)) continue;
    if (name.ends_with(kPart)) {
      out.unfinished.push_back(name);
      continue;
    }
    const auto manifest = read_manifest(folder_of(name));
    Entry entry;
    if (manifest) {
      entry = manifest->entry;
      entry.damage = first_damage(folder_of(name), *manifest);
    } else {
      entry.tool = Tool::PgDump;
      entry.damage = "its manifest cannot be read: " + manifest.error().what;
    }
    entry.id = name;
    out.entries.push_back(std::move(entry));
  }
  for (auto& point : read_points(folder_))
    if (out.find(point.entry) != nullptr) out.points.push_back(std::move(point));
  return out;
}

Result<Verification> Dump::verify(const std::string& id) {
  const auto catalogue = TRY(list());
  Verification out;
  if (!id.empty() && catalogue.find(id) == nullptr)
    return Error(Code::NotFound, "there is no backup " + id, "slipway db backups ENV lists them");
  for (const auto& entry : catalogue.entries) {
    if (!id.empty() && entry.id != id) continue;
    const auto manifest = read_manifest(folder_of(entry.id));
    if (manifest) {
      verify_dump(folder_of(entry.id), *manifest, out);
    } else {
      out.findings.push_back({entry.id, kManifest, entry.damage});
    }
  }
  return out;
}

Result<std::vector<std::string>> Dump::remove_outdated() {
  const auto catalogue = TRY(list());
  const auto gone =
      outdated(catalogue.entries, {settings_.keep, settings_.keep_full}, world_.clock.now());
  for (const auto& id : gone) {
    // By another name first: one that is half removed is not to be taken for whole.
    TRY(io::rename_path(folder_of(id), folder_of(id) + kPart));
    TRY(io::remove_tree(folder_of(id) + kPart, folder_, kMostFiles));
  }
  return gone;
}

Result<std::vector<std::string>> Dump::expire() {
  TRY(io::make_dirs(folder_));
  const auto lock = TRY(lock_folder(folder_));
  TRY(clean());
  return remove_outdated();
}

Result<SafetyPoint> Dump::safety_point(const std::string& name, Millis fresh) {
  TRY(check_point_name(name));
  TRY(io::make_dirs(folder_));
  const auto lock = TRY(lock_folder_after_others(folder_, world_, settings_.wait));
  SafetyPoint out;
  out.is_moment = false;
  const auto catalogue = TRY(list());
  const Entry* newest = catalogue.newest();
  Entry entry;
  if (newest != nullptr && world_.clock.now() - newest->finished <= fresh) {
    entry = *newest;
  } else {
    const std::int64_t start = io::monotonic_us();
    TRY(clean());
    if (world_.at_point) TRY(world_.at_point(World::Moment::Before));
    entry = TRY(take());
    if (world_.at_point) TRY(world_.at_point(World::Moment::After));
    out.backup = entry;
    out.backup_seconds = static_cast<double>(io::monotonic_us() - start) / 1e6;
  }
  out.point = {name, "", entry.id, entry.started, settings_.environment, settings_.release, 0};
  TRY(add_point(folder_, out.point));
  // An older dump stands for an earlier moment than now: what was written between is not counted.
  if (out.backup) {
    if (const auto connection = connect()) keep_counters(folder_, name, **connection);
  }
  return out;
}

Result<SinceThen> Dump::since_point(const std::string& name) {
  const auto catalogue = TRY(list());
  const auto point = catalogue.point(name);
  if (point == nullptr)
    return Error(Code::NotFound, "there is no restore point " + name, "slipway db backups ENV");
  return backup::since_point(folder_, *point, *TRY(connect()));
}

}  // namespace slipway::database::backup

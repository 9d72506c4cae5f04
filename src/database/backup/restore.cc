#include "database/backup/restore.h"

#include <fmt/core.h>
#include <sys/statvfs.h>

#include "database/backup/mark.h"
#include "database/backup/server.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr std::size_t kMostFiles = 10'000'000;  // of a cluster

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Result<void> remove_folder(const std::string& folder) {
  if (is_running(folder))
    return Error(Code::Refused, "a PostgreSQL server runs on " + folder, "stop it");
  return io::remove_tree(folder, parent_of(folder), kMostFiles);
}

bool holds_anything(const std::string& folder) {
  const auto names = io::list_dir(folder);
  return names && !names->empty();
}
}  // namespace

Result<void> check_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs facts {};
  const std::string parent = parent_of(folder);
  if (::statvfs(parent.c_str(), &facts) != 0) return ok();  // not there yet
  const auto room = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
  if (room >= bytes) return ok();
  return Error(Code::DiskFull,
               fmt::format("{} has room for {} MiB, the database has {} MiB", parent, room >> 20,
                           bytes >> 20),
               "make room there");
}

std::string mark_of(const std::string& folder) { return folder + ".slipway-restore"; }
bool is_unfinished(const std::string& folder) { return io::exists(mark_of(folder)); }

Result<void> Mark::begin(const std::string& folder, const std::string& user, const Json& about) {
  if (parent_of(folder) == folder || folder.find("/../") != std::string::npos)
    return Error(Code::Usage, folder + " is no folder to restore into", "name a new one");
  if (is_unfinished(folder)) {
    TRY(remove_folder(folder));  // what an earlier restore left half done
  } else if (holds_anything(folder)) {
    return Error(Code::Refused, folder + " is not empty, and a restore does not write over it",
                 "name a folder that is not there, or empty it");
  }
  TRY(io::make_dirs(parent_of(folder), 0755));
  TRY(io::write_file_durably(mark_of(folder), about.dump(2) + "\n"));
  TRY(make_folder_for(folder, user, 0700));
  return give_folder(folder, user);  // it may have been there, empty
}

Result<std::string> Mark::begin_in_place(const std::string& folder, const std::string& user,
                                         const std::string& stamp, Json about) {
  std::string kept = folder + ".before-" + stamp;
  if (is_unfinished(folder)) {
    const auto said = io::read_file(mark_of(folder));
    const auto before = said ? Json::parse(*said) : Result<Json>(Json());
    if (before && !before->text("kept").empty()) kept = before->text("kept");
  }
  TRY(io::write_file_durably(mark_of(folder), about.set("kept", kept).dump(2) + "\n"));
  // The mark alone does not tell whether the cluster was moved already; the place it goes to does.
  if (io::exists(kept)) {
    TRY(remove_folder(folder));
  } else if (io::exists(folder)) {
    auto moved = io::rename_path(folder, kept);
    if (!moved) return moved.error().in("while moving the server's folder aside");
  }
  TRY(make_folder_for(folder, user, 0700));
  return kept;
}

Result<std::string> Mark::take_back(const std::string& folder) {
  const auto said = TRY(Json::parse(TRY(io::read_file(mark_of(folder)))));
  const std::string kept = said.text("kept");
  // Killed between the mark and the move, it still stands where it was.
  if (!kept.empty() && io::exists(kept)) {
    TRY(remove_folder(folder));
    auto moved = io::rename_path(kept, folder);
    if (!moved) return moved.error().in("while moving the server's folder back");
  } else if (!io::exists(folder + "/global/pg_control")) {
    return Error(Code::NotFound,
                 "there is neither a server in " + folder + " nor one kept beside it",
                 "restore it: slipway db restore ENV --in-place");
  }
  TRY(io::remove_file(mark_of(folder)));
  return kept;
}

Result<void> Mark::done(const std::string& folder) { return io::remove_file(mark_of(folder)); }

Json to_json(const Restored& restored) {
  return Json::object()
      .set("backup", restored.entry)
      .set("folder", restored.folder)
      .set("database", restored.database)
      .set("kept", restored.kept)
      .set("lsn", restored.lsn)
      .set("last_commit_ms", to_unix_ms(restored.last_commit))
      .set("system_identifier", restored.system_identifier)
      .set("copy_seconds", restored.copy_seconds)
      .set("replay_seconds", restored.replay_seconds)
      .set("seconds", restored.seconds);
}

}  // namespace slipway::database::backup

#include "database/backup/points.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/units.h"
#include "database/backup/since.h"

namespace slipway::database::backup {
namespace {
constexpr int kLookMs = 200;

std::string file_in(const std::string& folder) { return io::join_path(folder, "points.jsonl"); }
std::string lock_in(const std::string& folder) { return io::join_path(folder, "lock"); }

// "the backup that began 2026-11-22T02:00:00Z (process 4711)": a holder writes its number into the
// file when it begins.
std::string running_backup(const std::string& folder) {
  struct stat facts {};
  if (::stat(lock_in(folder).c_str(), &facts) != 0) return "the backup that runs";
  const int pid = io::FileLock::holder(lock_in(folder));
  return fmt::format("the backup that began {}Z{}",
                     to_iso8601(from_unix_ms(facts.st_mtim.tv_sec * 1000)).substr(0, 19),
                     pid > 0 ? fmt::format(" (process {})", pid) : std::string());
}
}  // namespace

std::vector<RestorePoint> read_points(const std::string& folder) {
  std::vector<RestorePoint> out;
  const auto text = io::read_file(file_in(folder));
  if (!text) return out;
  for (const auto line : split(*text, '\n')) {
    const auto json = Json::parse(line);
    if (json && json->is_object()) out.push_back(point_from_json(*json));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  return out;
}

Result<void> add_point(const std::string& folder, const RestorePoint& point) {
  auto points = read_points(folder);
  points.push_back(point);
  std::string text;
  for (const auto& one : points) text += to_json(one).dump() + "\n";
  return io::write_file_durably(file_in(folder), text);
}

Result<void> forget_points(const std::string& folder, WallTime oldest) {
  auto points = read_points(folder);
  for (const auto& point : points)
    if (point.at < oldest) forget_counters(folder, point.name);
  const auto gone = std::erase_if(points, [&](const auto& point) { return point.at < oldest; });
  if (gone == 0) return ok();
  std::string text;
  for (const auto& one : points) text += to_json(one).dump() + "\n";
  return io::write_file_durably(file_in(folder), text);
}

Result<void> check_point_name(const std::string& name) {
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  };
  if (!name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), fits))
    return ok();
  return Error(Code::Usage, "\"" + name + "\" is no name of a restore point",
               "use up to 63 letters, digits, '_', '-' and '.'");
}

Result<io::FileLock> lock_folder(const std::string& folder) {
  auto lock = io::FileLock::take(lock_in(folder));
  if (lock || lock.error().code != Code::AlreadyExists) return lock;
  return Error(Code::LeaseHeld, "another backup is under way: " + lock.error().what,
               "wait for its end, or stop it with Ctrl-C where it runs");
}

Result<io::FileLock> lock_folder_after_others(const std::string& folder, const World& world,
                                              Millis patience) {
  const Millis until = world.clock.monotonic() + patience;
  std::string told;
  for (;;) {
    auto lock = lock_folder(folder);
    if (lock || lock.error().code != Code::LeaseHeld || patience <= Millis(0)) return lock;
    const std::string who = running_backup(folder);
    if (who != told && world.on_progress)
      world.on_progress(
          {"waiting", fmt::format("waits for {}, {} at most", who, to_text(patience)), -1});
    told = who;
    if (world.clock.monotonic() >= until)
      return Error(Code::LeaseHeld,
                   fmt::format("waited {} for {}, which still runs", to_text(patience), who),
                   "let it end, or stop it with Ctrl-C where it runs; database.migrations.wait is "
                   "how long one waits");
    if (world.interrupted && world.interrupted())
      return Error(Code::Aborted, "stopped while waiting for " + who,
                   "run it again: nothing was changed");
    ::poll(nullptr, 0, kLookMs);
  }
}

}  // namespace slipway::database::backup

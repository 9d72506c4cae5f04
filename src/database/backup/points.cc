#include "database/backup/points.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "database/backup/since.h"

namespace slipway::database::backup {
namespace {
std::string file_in(const std::string& folder) { return io::join_path(folder, "points.jsonl"); }
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
  auto lock = io::FileLock::take(io::join_path(folder, "lock"));
  if (lock || lock.error().code != Code::AlreadyExists) return lock;
  return Error(Code::LeaseHeld, "another backup is under way: " + lock.error().what,
               "wait for its end, or stop it with Ctrl-C where it runs");
}

}  // namespace slipway::database::backup

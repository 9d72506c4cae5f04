#include "io/zone_file.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "io/files.h"

namespace slipway::io {
namespace {
constexpr std::size_t kMostBytes = 256 * 1024;

// UTC without a file: version 2, one kind of local time, no transition.
std::string utc_bytes() {
  const std::string version = std::string("TZif2") + std::string(15, '\0');
  const std::string counts =
      std::string(16, '\0') + std::string("\0\0\0\1", 4) + std::string("\0\0\0\4", 4);
  const std::string body = std::string(6, '\0') + std::string("UTC\0", 4);
  return version + counts + body + version + counts + body + "\nUTC0\n";
}

// Parts of letters, digits, '_', '+' and '-': nothing that leads out of the folder.
bool is_inside(const std::string& name) {
  for (const auto part : split(name, '/')) {
    const bool good = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '+' || c == '-';
    });
    if (!good) return false;
  }
  return name.size() <= 64;
}

// "Europe/Berln": the names in the folder it leads to.
std::string suggestion_for(const std::string& name, const std::string& folder) {
  if (!is_dir(folder)) return "install Debian's tzdata, or use UTC";
  const auto slash = name.rfind('/');
  const std::string area = slash == std::string::npos ? "" : name.substr(0, slash + 1);
  const auto names = list_dir(folder + "/" + area);
  if (!names) return "the areas are Europe, America, Asia, Africa, Australia, Pacific and more";
  const auto near = nearest(name.substr(area.size()), *names);
  return near ? "did you mean '" + area + *near + "'?" : "for example Europe/Berlin, or UTC";
}
}  // namespace

Result<std::string> read_zone_file(const std::string& name, const std::string& folder) {
  if (name == "UTC") return utc_bytes();
  const std::string path = folder + "/" + name;
  if (!is_inside(name) || !exists(path) || is_dir(path)) {
    return Error(Code::NotFound, "there is no time zone '" + name + "' in " + folder,
                 suggestion_for(name, folder));
  }
  return read_file(path, kMostBytes);
}

}  // namespace slipway::io

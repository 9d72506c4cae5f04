// The digest of what a version runs. A folder that belongs to one version (its path names the
// version) is hashed whole; one that all versions share cannot be told apart by its bytes, so the
// command line stands for it.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/digest.h"
#include "base/text.h"
#include "drivers/process/driver.h"
#include "io/files.h"

namespace slipway::drivers::process {
namespace {
constexpr int kMostFiles = 20'000;
constexpr std::uintmax_t kMostBytes = std::uintmax_t{256} << 20;

bool is_skipped(const std::string& name) { return name == "node_modules" || name == ".git"; }

struct Walk {
  Sha256 digest;
  int files = 0;
  std::uintmax_t bytes = 0;
};

Result<void> add_file(const std::string& path, const std::string& name, Walk& walk) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return from_errno(errno, "cannot look at " + path);
  walk.digest.add(name + '\0' + std::to_string(facts.st_mode & 0111) + '\0');
  if (S_ISLNK(facts.st_mode)) {
    std::error_code failed;
    walk.digest.add(std::filesystem::read_symlink(path, failed).string());
  } else if (S_ISREG(facts.st_mode)) {
    walk.digest.add(TRY(io::read_file(path, kMostBytes)));
    walk.bytes += static_cast<std::uintmax_t>(facts.st_size);
  }
  if (++walk.files > kMostFiles || walk.bytes > kMostBytes) {
    return Error(Code::TooLarge,
                 path + " and what is beside it are more than 20,000 files or 256 MiB",
                 "give each version a folder with only what it runs");
  }
  return ok();
}

Result<void> add_folder(const std::string& path, const std::string& prefix, Walk& walk) {
  for (const auto& name : TRY(io::list_dir(path))) {
    if (is_skipped(name)) continue;
    const std::string full = path + "/" + name;
    struct stat facts {};
    const bool folder = ::lstat(full.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
    TRY(folder ? add_folder(full, prefix + name + "/", walk) : add_file(full, prefix + name, walk));
  }
  return ok();
}

// The folder or file that names the version as a whole part of its path: in `dir`, or a word of the
// command.
std::string versioned_path(const ports::WorkloadSpec& spec) {
  const auto names_version = [&](std::string_view path) {
    for (const auto part : split(path, '/')) {
      if (part == spec.version) return true;
    }
    return false;
  };
  if (names_version(spec.dir)) return spec.dir;
  for (const auto word : split(spec.run, ' ')) {
    if (!names_version(word) || word.front() == '-') continue;
    // A bare "v1.2.0" is an argument, unless there is something of that name.
    const bool bare = word.find('/') == std::string_view::npos;
    if (bare && !io::exists(spec.dir + "/" + std::string(word))) continue;
    const auto at = word.find("/" + spec.version);
    const std::string upto(word.substr(
        0, at == std::string_view::npos ? spec.version.size() : at + 1 + spec.version.size()));
    return upto.front() == '/' ? upto : spec.dir + "/" + upto;
  }
  return {};
}
}  // namespace

Result<std::string> ProcessArtifacts::resolve(const ports::WorkloadSpec& spec) {
  const std::string path = versioned_path(spec);
  Walk walk;
  walk.digest.add(spec.run + '\0');
  if (path.empty()) {
    if (!spec.dir.empty() && !io::is_dir(spec.dir)) {
      return Error(Code::ArtifactMissing, "the folder " + spec.dir + " does not exist",
                   "create it, or correct `dir`");
    }
    walk.digest.add(spec.version);
    return "shared:sha256:" + walk.digest.hex();
  }
  if (!io::exists(path)) {
    return Error(Code::ArtifactMissing,
                 "version " + spec.version + " is not there: " + path + " does not exist",
                 "put that version in place, or release one that exists");
  }
  TRY(io::is_dir(path) ? add_folder(path, "", walk) : add_file(path, "", walk));
  return "dir:sha256:" + walk.digest.hex();
}

}  // namespace slipway::drivers::process

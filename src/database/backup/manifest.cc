#include "database/backup/manifest.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/digest.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr std::int64_t kFormat = 1;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

std::int64_t size_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) ? facts.st_size : -1;
}

Result<void> sum_below(const std::string& folder, const std::string& inside,
                       std::vector<DumpFile>& out) {
  for (const auto& name : TRY(io::list_dir(io::join_path(folder, inside)))) {
    const std::string path = inside.empty() ? name : inside + "/" + name;
    const std::string whole = io::join_path(folder, path);
    if (io::is_dir(whole)) {
      TRY(sum_below(folder, path, out));
      continue;
    }
    if (path == kManifest) continue;
    const std::int64_t bytes = size_of(whole);
    if (bytes <= 0)
      return Error(Code::Corrupt, "the dump's file " + path + " is empty",
                   "look whether the disk is full, and make the backup again");
    out.push_back({path, static_cast<std::uint64_t>(bytes), TRY(sha256_of_file(whole))});
  }
  return ok();
}
}  // namespace

Result<std::string> sha256_of_file(const std::string& path) {
  const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return from_errno(errno, "reading " + path);
  Sha256 sum;
  std::array<char, 65536> bytes;
  for (;;) {
    const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return from_errno(errno, "reading " + path);
    if (count == 0) return sum.hex();
    sum.add({bytes.data(), static_cast<std::size_t>(count)});
  }
}

Json to_json(const Manifest& manifest) {
  Json files = Json::array();
  for (const auto& file : manifest.files)
    files.push_back(
        Json::object().set("path", file.path).set("bytes", file.bytes).set("sha256", file.sha256));
  return Json::object()
      .set("format", kFormat)
      .set("backup", to_json(manifest.entry))
      .set("files", std::move(files));
}

Result<Manifest> manifest_from_json(const Json& json) {
  if (json.integer("format") != kFormat)
    return Error(Code::Malformed, "the manifest is not of format 1", "use a newer slipway");
  Manifest out;
  out.entry = entry_from_json(json.at("backup"));
  for (const auto& file : json.at("files").items())
    out.files.push_back({file.text("path"), static_cast<std::uint64_t>(file.integer("bytes")),
                         file.text("sha256")});
  if (out.files.empty() || out.entry.id.empty())
    return Error(Code::Malformed, "the manifest names no files", "the backup is of no use");
  return out;
}

Result<std::vector<DumpFile>> sum_files(const std::string& folder) {
  std::vector<DumpFile> out;
  TRY(sum_below(folder, "", out));
  if (out.empty())
    return Error(Code::Corrupt, "the dump in " + folder + " has no files", "make it again");
  return out;
}

Result<Manifest> read_manifest(const std::string& folder) {
  const auto text = TRY(io::read_file(io::join_path(folder, kManifest), kMostBytes));
  auto out = TRY(manifest_from_json(TRY(Json::parse(text))));
  out.entry.checksum = sha256_hex(text);
  return out;
}

Result<std::string> write_manifest(const std::string& folder, const Manifest& manifest) {
  const std::string text = to_json(manifest).dump(1) + "\n";
  TRY(io::write_file_durably(io::join_path(folder, kManifest), text));
  return sha256_hex(text);
}

std::string first_damage(const std::string& folder, const Manifest& manifest) {
  for (const auto& file : manifest.files) {
    const std::int64_t bytes = size_of(io::join_path(folder, file.path));
    if (bytes < 0) return file.path + " is missing";
    if (static_cast<std::uint64_t>(bytes) != file.bytes)
      return fmt::format("{} is {} bytes long instead of {}", file.path, bytes, file.bytes);
  }
  return {};
}

void verify_dump(const std::string& folder, const Manifest& manifest, Verification& out) {
  const auto find = [&](const DumpFile& file, std::string what) {
    out.findings.push_back({manifest.entry.id, file.path, std::move(what)});
  };
  for (const auto& file : manifest.files) {
    ++out.files;
    const std::string path = io::join_path(folder, file.path);
    const std::int64_t bytes = size_of(path);
    if (bytes < 0) {
      find(file, "is missing");
    } else if (static_cast<std::uint64_t>(bytes) != file.bytes) {
      find(file, fmt::format("is {} bytes long instead of {}", bytes, file.bytes));
    } else if (const auto sum = sha256_of_file(path); !sum) {
      find(file, sum.error().what);
    } else if (*sum != file.sha256) {
      find(file, "has another SHA-256 than its manifest says");
    }
  }
}

}  // namespace slipway::database::backup

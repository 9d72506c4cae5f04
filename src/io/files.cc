#include "io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace slipway::io {
namespace {

Result<void> write_fully(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return from_errno(errno, "cannot write " + path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok();
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder(const std::string& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return from_errno(errno, "cannot open the folder " + folder);
  if (::fsync(fd.get()) != 0) return from_errno(errno, "cannot sync the folder " + folder);
  return ok();
}

enum class Durable { No, Yes };

Result<void> fill(const std::string& path, std::string_view bytes, unsigned mode, Durable durable) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return from_errno(errno, "cannot create " + path);
  TRY(write_fully(fd.get(), bytes, path));
  if (::fchmod(fd.get(), mode) != 0) return from_errno(errno, "cannot set the mode of " + path);
  if (durable == Durable::Yes && ::fsync(fd.get()) != 0) {
    return from_errno(errno, "cannot sync " + path);
  }
  // Some file systems (NFS, quotas) report a full disk only here.
  if (::close(fd.release()) != 0) return from_errno(errno, "cannot close " + path);
  return ok();
}

Result<void> replace(const std::string& path, std::string_view bytes, mode_t mode,
                     Durable durable) {
  static std::atomic<unsigned> serial{0};
  const std::string temporary =
      path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(serial++);
  ::unlink(temporary.c_str());  // left by an earlier process that had this pid
  auto filled = fill(temporary, bytes, mode, durable);
  if (filled && ::rename(temporary.c_str(), path.c_str()) != 0) {
    filled = from_errno(errno, "cannot put " + path + " in place");
  }
  if (!filled) {
    ::unlink(temporary.c_str());
    return filled.error();
  }
  return durable == Durable::Yes ? sync_folder(folder_of(path)) : ok();
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Result<void> remove_below(const std::string& path, std::size_t& left) {
  if (left-- == 0) return Error(Code::TooLarge, "too many entries to remove below " + path);
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    return errno == ENOENT ? ok() : Result<void>(from_errno(errno, "cannot look at " + path));
  }
  if (!S_ISDIR(facts.st_mode)) return remove_file(path);
  for (const auto& name : TRY(list_dir(path))) TRY(remove_below(join_path(path, name), left));
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT)
    return from_errno(errno, "cannot remove " + path);
  return ok();
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return from_errno(errno, "cannot read " + path);
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return from_errno(errno, "cannot read " + path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > most) {
      return Error(Code::TooLarge, path + " is larger than " + std::to_string(most) + " bytes");
    }
  }
}

Result<void> write_file_durably(const std::string& path, std::string_view bytes, unsigned mode) {
  return replace(path, bytes, mode, Durable::Yes);
}

Result<void> write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode) {
  return replace(path, bytes, mode, Durable::No);
}

Result<void> append_file(const std::string& path, std::string_view bytes, unsigned mode) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode));
  if (!fd) return from_errno(errno, "cannot open " + path);
  return write_fully(fd.get(), bytes, path);
}

bool exists(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0;
}

bool is_dir(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

Result<void> make_dirs(const std::string& path, unsigned mode) {
  if (path.empty() || is_dir(path)) return ok();
  const std::string above = folder_of(path);
  if (above != path && above != ".") TRY(make_dirs(above, mode));
  if (::mkdir(path.c_str(), mode) == 0 || (errno == EEXIST && is_dir(path))) return ok();
  // Something is there, and it is no folder: "File exists" would not tell.
  return from_errno(errno == EEXIST ? ENOTDIR : errno, "cannot make the folder " + path);
}

Result<std::vector<std::string>> list_dir(const std::string& path) {
  const Folder folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return from_errno(errno, "cannot list " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return from_errno(errno, "cannot list " + path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_tree(const std::string& path, const std::string& root, std::size_t most) {
  if (!exists(path)) return ok();
  // The last part is not followed: a symlink inside root that leads out of it is removed itself.
  const std::string inside = TRY(real_path(folder_of(path)));
  const std::string last = path.substr(path.rfind('/') + 1);
  const std::string target = join_path(inside, last);
  std::string fence = TRY(real_path(root));
  if (fence != "/") fence += '/';
  const bool plain = !last.empty() && last != "." && last != "..";
  if (!plain || fence == "/" || target.compare(0, fence.size(), fence) != 0) {
    return Error(Code::Refused, "will not remove " + path + ": it is not inside " + root);
  }
  std::size_t left = most;
  return remove_below(target, left);
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return from_errno(errno, "cannot remove " + path);
  return ok();
}

Result<void> rename_path(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return from_errno(errno, "cannot rename " + from + " to " + to);
  }
  return ok();
}

Result<std::string> make_temp_dir(const std::string& prefix) {
  std::string path = "/tmp/" + prefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return from_errno(errno, "cannot make the folder " + path);
  return path;
}

std::string absolute_path(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  std::string path(folder);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

Result<std::string> real_path(const std::string& path) {
  char* found = ::realpath(path.empty() ? "." : path.c_str(), nullptr);
  if (found != nullptr) {
    std::string real(found);
    ::free(found);
    return real;
  }
  if (errno != ENOENT) return from_errno(errno, "cannot resolve " + path);
  const std::string above = folder_of(path);
  if (above == path) return path;
  return join_path(TRY(real_path(above)), path.substr(path.rfind('/') + 1));
}

}  // namespace slipway::io

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "base/text.h"
#include "io/files.h"

namespace slipway::io {
namespace {
constexpr std::size_t kTailBytes = 256 * 1024;
constexpr int kLogFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

// The last bytes of a file, at most `most`; "" when there is none.
std::string tail_of(const std::string& path, std::size_t most) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0) return {};
  const auto size = static_cast<std::size_t>(facts.st_size);
  const std::size_t want = std::min(size, most);
  std::string bytes(want, '\0');
  const ssize_t count = ::pread(fd.get(), bytes.data(), want, static_cast<off_t>(size - want));
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}
}  // namespace

Result<RotatingLog> RotatingLog::open(const std::string& path, std::uint64_t most_bytes, int keep) {
  ASSERT(most_bytes > 0 && keep >= 0);
  Fd fd(::open(path.c_str(), kLogFlags, 0640));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0)
    return from_errno(errno, "cannot open the log " + path);
  return RotatingLog(path, most_bytes, keep, std::move(fd),
                     static_cast<std::uint64_t>(facts.st_size));
}

Result<void> RotatingLog::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, most_);
    if (size_ > 0 && size_ + part.size() > most_) TRY(rotate());
    std::string_view rest = part;
    while (!rest.empty()) {
      const ssize_t count = ::write(fd_.get(), rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return from_errno(errno, "cannot write the log " + path_);
      rest.remove_prefix(static_cast<std::size_t>(count));
      size_ += static_cast<std::uint64_t>(count);
    }
    bytes.remove_prefix(part.size());
  }
  return ok();
}

// Another process that writes the same log, or a tool that renames it, may have rotated already:
// then the file under the name is the one to go on with.
bool RotatingLog::is_replaced() const {
  struct stat ours {};
  struct stat named {};
  return ::fstat(fd_.get(), &ours) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev);
}

Result<void> RotatingLog::rotate() {
  if (is_replaced()) {
    *this = TRY(open(path_, most_, keep_));
    return ok();
  }
  for (int i = keep_; i >= 1; --i) {
    const std::string from = i == 1 ? path_ : path_ + "." + std::to_string(i - 1);
    if (exists(from)) TRY(rename_path(from, path_ + "." + std::to_string(i)));
  }
  if (keep_ == 0) TRY(remove_file(path_));
  Fd fd(::open(path_.c_str(), kLogFlags, 0640));
  if (!fd) return from_errno(errno, "cannot open the log " + path_);
  fd_ = std::move(fd);
  size_ = 0;
  return ok();
}

std::vector<std::string> last_lines(const std::string& path, int lines) {
  ASSERT(lines >= 0);
  std::string bytes = tail_of(path, kTailBytes);
  // The newest file may have begun a moment ago; what came before is in the one beside it.
  if (bytes.size() < kTailBytes) bytes = tail_of(path + ".1", kTailBytes - bytes.size()) + bytes;
  if (!bytes.empty() && bytes.back() == '\n') bytes.pop_back();
  if (bytes.empty()) return {};
  std::vector<std::string> found;
  for (const auto line : split(bytes, '\n')) found.emplace_back(line);
  const auto most = static_cast<std::size_t>(lines);
  if (found.size() > most) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most));
  }
  return found;
}

}  // namespace slipway::io

#include "drivers/nginx/growing_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {
constexpr std::size_t kChunk = std::size_t{256} << 10;
constexpr std::size_t kLongestLine = std::size_t{64} << 10;

bool same_file(int fd, const std::string& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}
}  // namespace

Result<GrowingFile::Part> GrowingFile::open(const std::string& path) {
  Part part;
  part.fd = io::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (part.fd || errno == ENOENT) return part;
  return from_errno(errno, "cannot read nginx's counts in " + path,
                    "let the daemon read the folder nginx.log names");
}

Result<void> GrowingFile::read_part(Part& part,
                                    const std::function<void(std::string_view)>& on_line) {
  std::vector<char> chunk(kChunk);
  for (std::size_t total = 0; part.fd && total < kMostAtOnce;) {
    const ssize_t count = ::read(part.fd.get(), chunk.data(), chunk.size());
    if (count < 0) return from_errno(errno, "cannot read nginx's counts");
    if (count == 0) return ok();
    total += static_cast<std::size_t>(count);
    part.tail.append(chunk.data(), static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (auto end = part.tail.find('\n'); end != std::string::npos;
         end = part.tail.find('\n', begin)) {
      on_line(std::string_view(part.tail).substr(begin, end - begin));
      begin = end + 1;
    }
    part.tail.erase(0, begin);
    if (part.tail.size() > kLongestLine) part.tail.clear();  // none of nginx's
  }
  return ok();
}

Result<void> GrowingFile::read(const std::function<void(std::string_view)>& on_line) {
  if (!is_begun_) {
    before_ = TRY(open(path_ + ".1"));
    now_ = TRY(open(path_));
    is_begun_ = true;
  }
  if (!now_.fd || !same_file(now_.fd.get(), path_)) {
    Part next = TRY(open(path_));
    if (next.fd) {
      TRY(read_part(before_, on_line));
      if (now_.fd) before_ = std::move(now_);
      now_ = std::move(next);
    }
  }
  TRY(read_part(before_, on_line));
  return read_part(now_, on_line);
}

Result<bool> GrowingFile::rotate(std::uint64_t most_bytes) const {
  struct stat facts {};
  if (::stat(path_.c_str(), &facts) != 0) return false;
  if (static_cast<std::uint64_t>(facts.st_size) <= most_bytes) return false;
  TRY(io::rename_path(path_, path_ + ".1"));
  return true;
}

}  // namespace slipway::drivers::nginx

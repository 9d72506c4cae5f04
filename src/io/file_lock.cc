#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "io/files.h"

namespace slipway::io {
namespace {
constexpr int kTries = 6;  // a millisecond apart

std::string pid_inside(int fd) {
  char text[32] = {};
  const ssize_t count = ::pread(fd, text, sizeof(text) - 1, 0);
  std::string digits(text, count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!digits.empty() && digits.back() == '\n') digits.pop_back();
  return digits;
}
}  // namespace

Result<FileLock> FileLock::take(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return from_errno(errno, "cannot open the lock " + path);
  // holder() of another thread has it for an instant; a real holder has it longer than these tries.
  int left = kTries;
  int failed = 0;
  while ((failed = ::flock(fd.get(), LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK &&
         --left > 0) {
    ::poll(nullptr, 0, 1);
  }
  if (failed != 0) {
    if (errno != EWOULDBLOCK) return from_errno(errno, "cannot lock " + path);
    return Error(Code::AlreadyExists, path + " is held by process " + pid_inside(fd.get()));
  }
  FileLock lock(std::move(fd));
  TRY(lock.sign(::getpid()));
  return lock;
}

Result<void> FileLock::sign(int pid) {
  const std::string text = std::to_string(pid) + "\n";
  if (::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
      ::ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) {
    return from_errno(errno, "cannot write the holder into a lock file");
  }
  return ok();
}

int FileLock::holder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return 0;
  // A shared try, let go at once: it tells held from free without keeping a taker out for long.
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return 0;
  // The holder writes its pid a moment after it took the lock: -1 says held, by somebody unknown.
  const int pid = std::atoi(pid_inside(fd.get()).c_str());
  return pid > 0 ? pid : -1;
}

}  // namespace slipway::io

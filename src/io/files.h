#pragma once
// Files. Everything blocks; call it where blocking is allowed. Errors carry the path and the
// system's word.
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/fd.h"

namespace slipway::io {
Result<std::string> read_file(const std::string& path, std::size_t most = std::size_t{16} << 20);
// Temp file in the same folder, fsync, rename, fsync of the folder: after it returns, the new bytes
// survive a crash; before, the old ones do. DiskFull, NotWritable as the system says.
Result<void> write_file_durably(const std::string& path, std::string_view bytes,
                                unsigned mode = 0600);
// The same without fsync: atomic for readers, not across a power cut.
Result<void> write_file_atomically(const std::string& path, std::string_view bytes,
                                   unsigned mode = 0600);
Result<void> make_dirs(const std::string& path, unsigned mode = 0700);
// Removes a folder and all below it; symlinks themselves, never what they point to. Refuses
// anything that is not strictly inside `root`, and "/" as a root; TooLarge after `most` entries.
// Nothing there: fine.
Result<void> remove_tree(const std::string& path, const std::string& root,
                         std::size_t most = 100'000);
Result<std::vector<std::string>> list_dir(
    const std::string& path);  // names, sorted, without . and ..
Result<void> append_file(const std::string& path, std::string_view bytes, unsigned mode = 0600);
Result<void> remove_file(const std::string& path);  // not there: fine
Result<void> rename_path(const std::string& from, const std::string& to);
bool exists(const std::string& path);
bool is_dir(const std::string& path);
std::string join_path(std::string_view folder, std::string_view name);
// Without symlinks, "." and ".."; the parts that do not exist are kept as they are.
Result<std::string> real_path(const std::string& path);
Result<std::string> make_temp_dir(const std::string& prefix);  // under /tmp
std::string absolute_path(const std::string& path);  // lexically, against the working folder

// An advisory lock (flock) that ends with its process. Writes the holder's pid into the file.
class FileLock {
 public:
  // Does not wait: AlreadyExists names the holder's pid when somebody has it.
  static Result<FileLock> take(const std::string& path);
  // The pid written by the holder, 0 when nobody holds it, -1 when it has not written it yet.
  static int holder(const std::string& path);
  int fd() const { return fd_.get(); }
  // Rewrites the pid inside: for a lock whose descriptor another process goes on holding.
  Result<void> sign(int pid);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// A log that grows to `most_bytes` and is then renamed to NAME.1 (… NAME.keep, the oldest is
// dropped). Two processes may write the same one.
class RotatingLog {
 public:
  static Result<RotatingLog> open(const std::string& path, std::uint64_t most_bytes, int keep);
  Result<void> write(std::string_view bytes);

 private:
  RotatingLog(std::string path, std::uint64_t most, int keep, Fd fd, std::uint64_t size)
      : path_(std::move(path)), most_(most), keep_(keep), fd_(std::move(fd)), size_(size) {}
  Result<void> rotate();
  bool is_replaced() const;
  std::string path_;
  std::uint64_t most_;
  int keep_;
  Fd fd_;
  std::uint64_t size_;
};
// The last `lines` lines of a file (reads at most 256 KiB from its end); empty when it is not
// there.
std::vector<std::string> last_lines(const std::string& path, int lines);
}  // namespace slipway::io

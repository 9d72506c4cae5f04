#pragma once
// GrowingFile: the whole lines of a log another process appends to, each once, also over its
// rotation: workers go on writing to the renamed file until they have opened the new one.
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/fd.h"

namespace slipway::drivers::nginx {

class GrowingFile {
 public:
  explicit GrowingFile(std::string path) : path_(std::move(path)) {}

  // What came since the last call, at most `kMostAtOnce` bytes of each file. No file yet: fine.
  Result<void> read(const std::function<void(std::string_view)>& on_line);
  static constexpr std::size_t kMostAtOnce = std::size_t{32} << 20;

  // The log is renamed to PATH.1 when it is larger. True: it was, and its writers must open it
  // anew.
  Result<bool> rotate(std::uint64_t most_bytes) const;

 private:
  struct Part {
    io::Fd fd;
    std::string tail;  // of a line that is not whole yet
  };
  static Result<Part> open(const std::string& path);
  static Result<void> read_part(Part& part, const std::function<void(std::string_view)>& on_line);

  std::string path_;
  Part now_;
  Part before_;
  bool is_begun_ = false;
};

}  // namespace slipway::drivers::nginx

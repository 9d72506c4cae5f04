#pragma once
// A backup restored for a while: a server that answers on its own socket, in a folder that nobody
// but its user may enter, that never archives and speaks to no other server. Server and files are
// gone with their owner; what a killed one left, the next one of the same folder removes first.
#include <memory>
#include <string>

#include "database/backup/tool.h"
#include "io/files.h"

namespace slipway::database::backup {

class ScratchRestore {
 public:
  // `request.into` is the cluster's folder, strictly below `root`; the rest of the request is where
  // to stop. LeaseHeld while another process has one there, DiskFull when `bytes` (the database's
  // size; 0: not known) do not fit beside it.
  static Result<std::unique_ptr<ScratchRestore>> make(BackupTool& tool, RestoreRequest request,
                                                      const std::string& root, std::uint64_t bytes);
  ~ScratchRestore();
  ScratchRestore(const ScratchRestore&) = delete;
  ScratchRestore& operator=(const ScratchRestore&) = delete;

  const Restored& restored() const { return restored_; }
  const postgres::ScratchServer& server() const { return *restored_.server; }
  // Ends the server and removes all of it; an error when something is left.
  Result<void> remove();

 private:
  ScratchRestore(io::FileLock lock, std::string folder, std::string root)
      : lock_(std::move(lock)), folder_(std::move(folder)), root_(std::move(root)) {}
  Result<void> clear();

  io::FileLock lock_;
  std::string folder_;
  std::string root_;
  Restored restored_;
  bool is_gone_ = false;
};

// Restores the newest backup that is good into `into`: a dump that turns out to be damaged is
// passed over, and named in `passed_over`. NotFound with the next step when there is none.
struct NewestRestore {
  std::unique_ptr<ScratchRestore> scratch;
  Entry entry;
  std::vector<std::string> passed_over;
};
Result<NewestRestore> restore_newest(BackupTool& tool, const std::string& into,
                                     const std::string& root);

}  // namespace slipway::database::backup

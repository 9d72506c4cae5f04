#include "database/backup/scratch.h"

#include <fmt/core.h>
#include <poll.h>

#include "database/backup/server.h"
#include "io/clock.h"

namespace slipway::database::backup {
namespace {
constexpr int kMostFiles = 10'000'000;  // of a cluster
constexpr Millis kLastBreath(10'000);
constexpr int kLookMs = 50;

// The server of one that was killed ends with it, in a moment.
Result<void> wait_for_end(const std::string& cluster) {
  const auto until = io::monotonic_us() + kLastBreath.count() * 1000;
  while (is_running(cluster)) {
    if (io::monotonic_us() > until)
      return Error(Code::Refused, "a PostgreSQL server runs on " + cluster, "stop it");
    ::poll(nullptr, 0, kLookMs);
  }
  return ok();
}
}  // namespace

Result<std::unique_ptr<ScratchRestore>> ScratchRestore::make(BackupTool& tool,
                                                             RestoreRequest request,
                                                             const std::string& root,
                                                             std::uint64_t bytes) {
  TRY(io::make_dirs(root, 0755));
  auto lock = io::FileLock::take(request.into + ".lock");
  if (!lock && lock.error().code == Code::AlreadyExists)
    return Error(Code::LeaseHeld, request.into + " is in use: " + lock.error().what,
                 "wait for its end");
  if (!lock) return lock.error();
  std::unique_ptr<ScratchRestore> out(new ScratchRestore(std::move(*lock), request.into, root));
  TRY(out->clear());
  TRY(check_room(request.into, bytes));
  request.afterwards = RestoreRequest::Afterwards::KeepRunning;
  request.is_durable = false;
  out->restored_ = TRY(tool.restore(request));
  if (!out->restored_.server) return Error(Code::Internal, "the restored server is gone");
  return out;
}

ScratchRestore::~ScratchRestore() {
  (void)remove();  // what is left, the next one of this folder removes
}

Result<void> ScratchRestore::remove() {
  if (is_gone_) return ok();
  restored_.server.reset();
  TRY(clear());
  is_gone_ = true;
  return ok();
}

Result<void> ScratchRestore::clear() {
  TRY(wait_for_end(folder_));
  TRY(io::remove_tree(folder_, root_, kMostFiles));
  TRY(io::remove_tree(folder_ + ".tablespaces", root_, kMostFiles));
  return io::remove_file(mark_of(folder_));
}

Result<NewestRestore> restore_newest(BackupTool& tool, const std::string& into,
                                     const std::string& root) {
  const auto catalogue = TRY(tool.list());
  NewestRestore out;
  for (auto entry = catalogue.entries.rbegin(); entry != catalogue.entries.rend(); ++entry) {
    if (!entry->damage.empty()) continue;
    RestoreRequest request;
    request.into = into;
    request.until =
        out.passed_over.empty() ? RestoreRequest::Until::Newest : RestoreRequest::Until::Entry;
    request.name = entry->id;
    auto made = ScratchRestore::make(tool, request, root, entry->size);
    if (!made && made.error().code != Code::Corrupt) return made.error();
    if (!made) {
      out.passed_over.push_back(made.error().what);
      continue;
    }
    out.scratch = std::move(*made);
    out.entry = *entry;
    return out;
  }
  if (!out.passed_over.empty())
    return Error(Code::Corrupt, "no backup is good: " + out.passed_over.front(),
                 "make one: slipway db backup " + catalogue.environment);
  return Error(Code::NotFound, "there is no backup to restore",
               "make one: slipway db backup " + catalogue.environment);
}

}  // namespace slipway::database::backup

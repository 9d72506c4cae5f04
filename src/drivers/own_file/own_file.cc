#include "drivers/own_file/own_file.h"

#include "base/digest.h"
#include "io/environment.h"

namespace slipway::drivers::own_file {
namespace {
// A proxy's worker, another user, may read both file and page.
constexpr unsigned kReadable = 0644;

std::string version_text(const Seen& seen) {
  const bool is_written = seen.is_there && seen.record.version > 0;
  return is_written ? std::to_string(seen.record.version) : "";
}
}  // namespace

OwnFile::OwnFile(std::string folder, const ports::AppRef& app, const std::string& extension) {
  const std::string name = "slipway." + app.app + "." + app.environment;
  path_ = io::join_path(folder, name + "." + extension);
  hidden_ = io::join_path(folder, "." + name);
}

Result<io::FileLock> OwnFile::lock() const {
  auto lock = io::FileLock::take(beside("lock"));
  if (lock || lock.error().code != Code::AlreadyExists) return lock;
  return Error(Code::Conflict, "another slipway is writing " + path_ + ": " + lock.error().what,
               "look again in a moment");
}

Result<Seen> OwnFile::look() const {
  Seen seen;
  const std::string record = beside("json");
  if (io::exists(record)) {
    seen.record = TRY(record_from_json(TRY(Json::parse(TRY(io::read_file(record))))));
  }
  seen.is_there = io::exists(path_);
  if (!seen.is_there) return seen;
  const std::string digest = sha256_hex(TRY(io::read_file(path_)));
  seen.is_whole = digest == seen.record.digest;
  seen.is_edited = !seen.is_whole && digest != seen.record.pending;
  return seen;
}

Error OwnFile::edited() const {
  return Error(Code::Conflict,
               path_ + " is not what slipway wrote: somebody changed it, or another slipway did",
               "undo the change, or remove the file and deploy again; what is yours belongs into a "
               "file of its own");
}

Result<Grant> OwnFile::may_write(const Seen& seen, const std::string& expected, std::uint64_t epoch,
                                 const OpId& op) const {
  const Record& record = seen.record;
  if (epoch < record.epoch) {
    return Error(Code::Fenced, path_ + " was last written under epoch " +
                                   std::to_string(record.epoch) + ", not " + std::to_string(epoch));
  }
  if (seen.is_edited) return edited();
  if (seen.is_whole && record.op == op.text()) return Grant::DoneAlready;
  if (expected == version_text(seen)) return Grant::Write;
  return Error(Code::Conflict,
               path_ + " is at version " +
                   (version_text(seen).empty() ? "none" : version_text(seen) + " by " + record.op) +
                   ", not " + (expected.empty() ? "none" : expected),
               "observe the split again");
}

Result<std::optional<Record>> OwnFile::next(const Seen& seen, const ports::Split& want,
                                            const std::string& expected, std::uint64_t epoch,
                                            const OpId& op) const {
  if (TRY(may_write(seen, expected, epoch, op)) == Grant::DoneAlready)
    return std::optional<Record>();
  Record next;
  next.version = seen.record.version + 1;
  next.epoch = epoch;
  next.op = op.text();
  next.split = want;
  return std::optional(std::move(next));
}

Result<void> OwnFile::intend(Record record, const std::string& bytes) const {
  record.pending = sha256_hex(bytes);
  return keep(record);
}

Result<void> OwnFile::write(const std::string& bytes) const {
  return io::write_file_durably(path_, bytes, kReadable);
}

Result<void> OwnFile::keep(const Record& record) const {
  return io::write_file_durably(beside("json"), to_json(record).dump(1) + "\n", kReadable);
}

std::vector<std::string> program_environment() {
  auto environment = io::own_environment();
  for (auto& variable : environment) {
    if (variable.starts_with("PATH=")) variable += ":/usr/local/sbin:/usr/sbin:/sbin";
  }
  return environment;
}

ports::SplitView view_of(const Seen& seen) {
  ports::SplitView view;
  view.epoch = seen.record.epoch;
  view.version = version_text(seen);
  if (view.version.empty()) return view;
  view.split = seen.record.split;
  view.op = seen.record.op;
  return view;
}

}  // namespace slipway::drivers::own_file

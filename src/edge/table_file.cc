#include "edge/table_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "io/files.h"

namespace slipway::edge {
namespace {
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

Result<Table> load_one(const std::string& path) {
  const std::string bytes = TRY(io::read_file(path, kMostBytes));
  const Json json = TRY(Json::parse(bytes));
  Table table = TRY(table_from_json(json));
  TRY(validate(table));
  return table;
}
}  // namespace

TableFile::TableFile(std::string folder)
    : path_(folder + "/edge-table.json"), previous_path_(folder + "/edge-table.json.prev") {}

Result<TableFile::Loaded> TableFile::load() const {
  const bool there = io::exists(path_);
  if (!there && !io::exists(previous_path_)) return Loaded{};
  auto newest = load_one(path_);
  if (newest) return Loaded{std::move(newest).value(), ""};
  auto previous = load_one(previous_path_);
  if (!previous) {
    return Error(Code::Corrupt,
                 fmt::format("the routing table {} can not be used ({}), and neither can {} ({})",
                             path_, newest.error().what, previous_path_, previous.error().what),
                 "restore one of the two from a backup, or remove both to start with an empty "
                 "table and deploy again");
  }
  Loaded loaded{std::move(previous).value(), ""};
  loaded.warning = fmt::format(
      "the routing table {} can not be used ({}); serving the one before it, generation {}", path_,
      newest.error().what, loaded.table.generation);
  // Put the good one in place, so that the damaged one never becomes the "one before".
  TRY(io::write_file_durably(path_, to_json(loaded.table).dump(1)));
  return loaded;
}

Result<void> TableFile::save(const Table& table) const {
  // A second name for the file that is about to be replaced: its bytes are on disk already.
  const std::string staged = previous_path_ + ".new";
  ::unlink(staged.c_str());
  if (::link(path_.c_str(), staged.c_str()) == 0) {
    if (::rename(staged.c_str(), previous_path_.c_str()) != 0)
      return from_errno(errno, "cannot rename " + staged + " to " + previous_path_);
  } else if (errno != ENOENT) {
    return from_errno(errno, "cannot keep the routing table before this one as " + previous_path_);
  }
  return io::write_file_durably(path_, to_json(table).dump(1));
}

}  // namespace slipway::edge

#include "app/migrate_capture.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/migrate_command.h"
#include "base/text.h"
#include "database/backup/restore.h"
#include "database/postgres/connection.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;
namespace rehearsal = database::rehearsal;
using database::postgres::Connection;

constexpr const char* kName = "slipway rehearsal, programs";
constexpr const char* kCopy = "slipway_captured";
constexpr std::size_t kMostTrouble = 500;

std::string unquoted(std::string_view name) {
  return std::string(name.size() > 1 && name[0] == '"' ? name.substr(1, name.size() - 2) : name);
}

// A copy with the same rows, where programs may do what they do.
class Copy {
 public:
  static Result<std::unique_ptr<Copy>> make(const rehearsal::Stage& stage) {
    auto admin = TRY(Connection::open(stage.server().url("template1"), kName));
    const auto size = TRY(admin->value("select pg_database_size($1)", {stage.database()}));
    TRY(database::backup::check_room(io::join_path(stage.server().cluster(), "base"),
                                     std::stoull(size.value_or("0"))));
    for (const auto& statement : rehearsal::capturing_role()) TRY(admin->run(statement));
    TRY(admin->run(
        fmt::format("create database {} template {}", kCopy, admin->quote_name(stage.database()))));
    for (const auto& statement : stage.settings_of(kCopy)) TRY(admin->run(statement));
    return std::unique_ptr<Copy>(new Copy(stage, std::move(admin)));
  }
  ~Copy() {
    // With the server at the latest.
    (void)admin_->run(fmt::format("drop database {} with (force)", kCopy));
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  std::string url() const { return stage_.server().url(kCopy); }
  Result<std::string> log_from(std::size_t offset) const {
    const auto whole = TRY(io::read_file(io::join_path(stage_.server().folder(), "log")));
    return whole.size() < offset ? std::string() : whole.substr(offset);
  }
  Result<std::size_t> log_size() const { return TRY(log_from(0)).size(); }

 private:
  Copy(const rehearsal::Stage& stage, std::unique_ptr<Connection> admin)
      : stage_(stage), admin_(std::move(admin)) {}
  const rehearsal::Stage& stage_;
  std::unique_ptr<Connection> admin_;
};

std::string head_of(const Migrating& what, const migrations::Migration& one) {
  const auto* file = what.folder.find(one.path);
  return file == nullptr ? std::string() : rehearsal::acknowledged_in(file->text);
}

// What a tool says before it says where in its code it said it.
std::string in_one_line(const std::string& text) {
  std::vector<std::string> out;
  for (const auto line : split(text, '\n')) {
    const bool is_place = line.starts_with("    at ");
    if (!is_place && !trim(line).empty()) out.emplace_back(trim(line));
  }
  auto joined = join(out, " / ");
  if (joined.size() > kMostTrouble) joined = joined.substr(0, kMostTrouble) + "…";
  return joined;
}

// Production must not have moved: a command may not take its database from where it is told.
Result<void> refuse_if_changed(const Migrating& what, const migrations::Look& seen) {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(what.url, what.settings, {clock, random, stop, {}});
  const auto now = TRY(runner.look(what.list, what.leave));
  if (now.outlook.done == seen.outlook.done) return ok();
  return Error(Code::Refused,
               fmt::format("while \"{}\" ran on a scratch server, the database itself was migrated",
                           what.command),
               "make the command take its database from $DATABASE_URL; look at what was applied: "
               "slipway migrate status");
}
}  // namespace

std::vector<std::string> book_tables(const std::string& book) {
  const auto dot = book.find("\".\"");
  const std::string table =
      unquoted(dot == std::string::npos ? book : std::string_view(book).substr(dot + 2));
  if (table.empty()) return {};
  return {table, table + "_lock"};
}

Result<Capture> capture_programs(const Migrating& what, const migrations::Look& seen,
                                 rehearsal::Stage& stage, bool has_rows,
                                 const std::function<void(const std::string&)>& tell) {
  if (!has_rows && seen.has_book) {
    const std::string lock = seen.book.substr(0, seen.book.size() - 1) + "_lock\"";
    TRY(stage.take_rows(what.url, {seen.book, lock}));
  }
  const auto copy = TRY(Copy::make(stage));
  Capture out;
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(copy->url(), settings_on_scratch(what.settings),
                            {clock, random, stop, {}});
  runner.command_by([&](const migrations::Migration& one) -> Result<void> {
    if (tell) tell("capturing what " + one.path + " says");
    const auto begin = TRY(copy->log_size());
    TRY(run_on_scratch(what, one, stage.server(), kCopy, rehearsal::kCaptured));
    const auto said = rehearsal::said_in_log(TRY(copy->log_from(begin)));
    auto captured = rehearsal::migration_of(said, book_tables(seen.book), head_of(what, one));
    if (!captured) return captured.error().in(one.path);
    out.by_id[one.id] = std::move(*captured);
    return ok();
  });
  auto leave = leave_on_scratch();
  leave.through = what.leave.through;
  const auto done = runner.up(what.list, leave);
  if (!done) out.trouble = in_one_line(done.error().what);
  TRY(refuse_if_changed(what, seen));
  return out;
}

}  // namespace slipway::app

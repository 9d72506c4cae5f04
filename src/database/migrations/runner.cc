// The story of a run: take the turn, look, refuse or go through what is pending.
#include "database/migrations/runner.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/crash_point.h"
#include "base/units.h"
#include "database/migrations/session.h"

namespace slipway::database::migrations {
namespace {
// Every tool's book, to see who else has been here.
constexpr Tool kWithBooks[] = {Tool::Plain,  Tool::Prisma,       Tool::Drizzle,
                               Tool::Dbmate, Tool::Flyway,       Tool::NodePgMigrate,
                               Tool::Knex,   Tool::GolangMigrate};

// dbmate's table and golang-migrate's have one name; the columns tell.
Result<bool> is_of(postgres::Connection& database, Tool tool, const Place& place) {
  if (tool != Tool::Dbmate && tool != Tool::GolangMigrate) return true;
  const auto dirty = TRY(database.value(
      "select 1 from pg_attribute where attrelid = to_regclass($1) and attname = 'dirty'",
      {place.quoted()}));
  return dirty.has_value() == (tool == Tool::GolangMigrate);
}

const Migration* find(const std::vector<Migration>& folder, const std::string& id) {
  for (const Migration& one : folder) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

const Migration* before(const std::vector<Migration>& folder, const std::vector<std::size_t>& done,
                        std::size_t i) {
  const Migration* out = nullptr;
  for (const std::size_t one : done) {
    if (one < i && folder[one].kind == Migration::Kind::Versioned) out = &folder[one];
  }
  return out;
}
}  // namespace

void Runner::tell(Event::Kind kind, const std::string& id, std::string what, Json facts) {
  if (world_.tell) world_.tell({kind, id, std::move(what), std::move(facts)});
}

Result<Look> Runner::look(const std::vector<Migration>& folder, const Leave& leave) {
  database_ = TRY(postgres::Connection::open(url_, "slipway status"));
  store_ = std::make_unique<Store>(*database_);
  return look_at(folder, leave);
}

Result<Look> Runner::look_at(const std::vector<Migration>& folder, const Leave& leave) {
  const auto schema = TRY(database_->value("select current_schema()"));
  book_ = make_book(settings_.tool, place_of(settings_.tool, settings_.table, schema.value_or("")));
  Look out;
  if (book_ != nullptr) {
    out.book = book_->place().quoted();
    out.has_book = TRY(is_there(*database_, book_->place()));
    if (out.has_book && !TRY(is_of(*database_, settings_.tool, book_->place())))
      return Error(
          Code::MigrationRefused,
          fmt::format("{} is another tool's book, not {}'s", out.book, name_of(settings_.tool)),
          "name the tool whose folder this is with --tool");
    if (out.has_book) out.entries = TRY(book_->read(*database_, folder));
  }
  out.running = TRY(store_->running());
  out.outlook =
      outlook_of(settings_.tool, folder, out.entries, leave, out.running ? out.running->id : "");
  if (const auto wrong = store_->check_identity(settings_.environment);
      !wrong && !settings_.accepts_database)
    out.outlook.refusals.insert(out.outlook.refusals.begin(),
                                {"database", "", wrong.error().what, wrong.error().next});
  if (out.entries.empty() && !leave.accepts("other-tool")) {
    for (Refusal& one : TRY(other_tools())) out.outlook.refusals.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<Refusal>> Runner::other_tools() {
  std::vector<Refusal> out;
  const auto schema = TRY(database_->value("select current_schema()"));
  for (const Tool tool : kWithBooks) {
    const Place place = place_of(tool, "", schema.value_or(""));
    if (tool == settings_.tool || (book_ && place.quoted() == book_->place().quoted())) continue;
    if (!TRY(is_there(*database_, place)) || !TRY(is_of(*database_, tool, place))) continue;
    const auto row = TRY(database_->value("select 1 from " + place.quoted() + " limit 1"));
    if (!row) continue;
    out.push_back({"other-tool", "",
                   fmt::format("{} has migrated this database ({}), and {} never has",
                               name_of(tool), place.quoted(), name_of(settings_.tool)),
                   fmt::format("run the folder of {}; or accept it with --accept other-tool when "
                               "both are meant to",
                               name_of(tool))});
  }
  return out;
}

// The order matters: nothing is looked at before the turn is ours, so that what is seen stays so.
Result<void> Runner::begin() {
  const std::string operation =
      settings_.environment.empty() ? std::string("by url") : settings_.environment;
  {
    const auto looking = TRY(postgres::Connection::open(url_, "slipway status"));
    TRY(refuse_shared_sessions(*looking, url_));
    const auto name = TRY(looking->value("select current_database()"));
    const auto schema = TRY(looking->value("select current_schema()"));
    const auto book =
        make_book(settings_.tool, place_of(settings_.tool, settings_.table, schema.value_or("")));
    auto keys = book ? book->locks(name.value_or("")) : std::vector<std::int64_t>();
    turn_ = TRY(
        Turn::take(url_, std::string(kStamp) + operation, std::move(keys), settings_.wait, world_));
  }
  crash_point("migrate/turn");
  database_ = TRY(open_session(url_, operation));
  store_ = std::make_unique<Store>(*database_);
  return settle_leftovers(*database_, world_);
}

Result<void> Runner::make_book_table() {
  TRY(store_->create());
  TRY(store_->record_identity(settings_.environment));
  crash_point("migrate/store");
  if (book_ == nullptr || TRY(is_there(*database_, book_->place()))) return ok();
  return in_small_transaction([&]() -> Result<void> {
    for (const std::string& statement : book_->create()) {
      const auto made = database_->run(statement);
      if (!made) return made.error().in("while making the book " + book_->place().quoted());
    }
    return ok();
  });
}

Result<Report> Runner::up(const std::vector<Migration>& folder, const Leave& leave,
                          const std::string& to) {
  auto report = apply(folder, leave, to);
  end();
  return report;
}

Result<Report> Runner::down(const std::vector<Migration>& folder, int count) {
  auto report = take_back(folder, count);
  end();
  return report;
}

// The turn last: whoever comes next finds nothing of ours at work.
void Runner::end() {
  store_.reset();
  database_.reset();
  turn_.reset();
}

Result<Report> Runner::apply(const std::vector<Migration>& folder, const Leave& leave,
                             const std::string& to) {
  if (!to.empty() && find(folder, to) == nullptr)
    return Error(Code::NotFound, fmt::format("there is no migration {} in the folder", to),
                 "slipway migrate status lists them");
  TRY(begin());
  Look seen = TRY(look_at(folder, leave));
  if (!seen.outlook.refusals.empty()) return to_error(seen.outlook.refusals);
  TRY(make_book_table());
  Report out;
  if (seen.running) {
    TRY(resume(*seen.running, folder, seen.outlook));
    out.applied.push_back(seen.running->id);
    seen = TRY(look_at(folder, leave));
  }
  for (const std::size_t i : seen.outlook.waiting) out.waiting.push_back(folder[i].id);
  for (const std::size_t i : seen.outlook.blocked) out.blocked.push_back(folder[i].id);
  for (const std::size_t i : seen.outlook.pending) {
    TRY(turn_->check());
    if (world_.stop.is_requested()) return Error(Code::Aborted, "stopped between two migrations");
    if (folder[i].is_delegated) {
      TRY(delegate(folder[i], folder));
    } else {
      TRY(do_job(TRY(job_of(folder[i], Way::Up, before(folder, seen.outlook.done, i)))));
    }
    seen.outlook.done.push_back(i);
    out.applied.push_back(folder[i].id);
    if (folder[i].id == to) break;
  }
  return out;
}

Result<Report> Runner::take_back(const std::vector<Migration>& folder, int count) {
  TRY(begin());
  Leave leave;
  leave.through = Phase::Contract;
  leave.accepted = {"gap", "out-of-order"};
  Look seen = TRY(look_at(folder, leave));
  if (!seen.outlook.refusals.empty()) return to_error(seen.outlook.refusals);
  TRY(make_book_table());
  Report out;
  if (seen.running) {
    TRY(resume(*seen.running, folder, seen.outlook));
    if (seen.running->is_down) --count;
    seen = TRY(look_at(folder, leave));
  }
  std::sort(seen.outlook.done.begin(), seen.outlook.done.end());
  while (count-- > 0 && !seen.outlook.done.empty()) {
    const std::size_t i = seen.outlook.done.back();
    TRY(turn_->check());
    TRY(do_job(TRY(job_of(folder[i], Way::Down, before(folder, seen.outlook.done, i)))));
    seen.outlook.done.pop_back();
    out.applied.push_back(folder[i].id);
  }
  return out;
}

Result<Runner::Job> Runner::job_of(const Migration& migration, Way way,
                                   const Migration* before_it) const {
  if (!migration.trouble.empty() || migration.is_delegated)
    return Error(Code::Unsupported,
                 fmt::format("slipway cannot run {}: {}", migration.path,
                             migration.trouble.empty() ? "it is a program" : migration.trouble),
                 "give its tool's command as database.migrations.command");
  if (way == Way::Down && !migration.down)
    return Error(Code::Unsupported, fmt::format("{} has no way back", migration.id),
                 "write the change as a new migration; or restore, with what was written since");
  const Script& script = way == Way::Up ? migration.up : *migration.down;
  Job out{migration, script, way, before_it, {}, {}, world_.clock.monotonic() + settings_.wait};
  if (way == Way::Up && migration.batches) return out;
  out.steps = TRY(steps_of(migration, script));
  for (const Step& step : out.steps.steps) {
    if (step.alone) continue;
    const auto names = locked_names(step.text);
    out.relations.insert(out.relations.end(), names.begin(), names.end());
  }
  return out;
}

Result<void> Runner::do_job(const Job& job) {
  const std::string& id = job.migration.id;
  const Millis began = world_.clock.monotonic();
  tell(Event::Kind::Applying, id,
       fmt::format("{} {}", job.way == Way::Up ? "applying" : "taking back", job.migration.path));
  TRY(database_->query("select set_config('application_name', $1, false)",
                       {std::string(kStamp) + settings_.environment + ": " + id}));
  if (job.way == Way::Up && job.migration.batches) {
    TRY(backfill(job));
  } else if (job.steps.way == Steps::Way::OneTransaction) {
    TRY(in_one_transaction(job));
  } else {
    TRY(one_by_one(job));
  }
  // What the file has SET is not the next one's.
  TRY(database_->run("reset all; set statement_timeout = 0"));
  const Millis took = world_.clock.monotonic() - began;
  tell(job.way == Way::Up ? Event::Kind::Applied : Event::Kind::TakenBack, id,
       fmt::format("{} {} in {}", job.way == Way::Up ? "applied" : "took back", id, to_text(took)),
       Json::object().set("took_ms", static_cast<std::int64_t>(took.count())));
  return ok();
}

Result<void> Runner::resume(const Running& running, const std::vector<Migration>& folder,
                            const Outlook& outlook) {
  const Migration* migration = find(folder, running.id);
  if (migration == nullptr || running.tool != name_of(settings_.tool))
    return Error(Code::MigrationRefused,
                 fmt::format("{} of {} was begun and is not finished, and it is not in this folder",
                             running.id, running.tool),
                 "use the folder it came from");
  std::size_t i = 0;
  while (&folder[i] != migration) ++i;
  tell(Event::Kind::Resumed, running.id,
       fmt::format("going on with {}, which was cut off at its statement {}", running.id,
                   running.step + 1));
  return do_job(TRY(
      job_of(*migration, running.is_down ? Way::Down : Way::Up, before(folder, outlook.done, i))));
}

Result<void> Runner::delegate(const Migration& migration, const std::vector<Migration>& folder) {
  if (!command_)
    return Error(Code::Unsupported,
                 fmt::format("{} is a program that only {} can run", migration.path,
                             name_of(settings_.tool)),
                 "give its command as database.migrations.command, for example: npx knex "
                 "migrate:up");
  tell(Event::Kind::Applying, migration.id,
       fmt::format("running {} by its own command", migration.path));
  TRY(command_(migration));
  if (book_ == nullptr) return ok();
  const auto entries = TRY(book_->read(*database_, folder));
  for (const Entry& entry : entries) {
    if (entry.id != migration.id || entry.state != Entry::State::Done) continue;
    tell(Event::Kind::Applied, migration.id, fmt::format("applied {}", migration.id));
    return ok();
  }
  return Error(Code::CommandFailed,
               fmt::format("the command ended well, and {} is still not in {}", migration.id,
                           book_->place().quoted()),
               "the command has to apply the next pending migration: npx knex migrate:up");
}

}  // namespace slipway::database::migrations

// slipway migrate check: what is pending, judged by lint with the catalogue and by a rehearsal on a
// scratch server of its own. What a release does before it touches production.
#include <fmt/core.h>

#include <algorithm>

#include "app/migrate.h"
#include "app/migrate_capture.h"
#include "app/migrate_command.h"
#include "app/rehearsal_ground.h"
#include "app/verbs.h"
#include "base/text.h"
#include "database/lint/text.h"
#include "database/migrations/backfill.h"
#include "database/migrations/derive.h"
#include "database/postgres/connection.h"
#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/verdict.h"
#include "database/sql/parse.h"
#include "database/sql/split.h"
#include "io/clock.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;
namespace rehearsal = database::rehearsal;
using database::postgres::Connection;

constexpr std::size_t kMostTold = 10;
constexpr std::size_t kMostExcerpt = 200;
constexpr const char* kName = "slipway rehearsal";

struct Pending {
  std::vector<rehearsal::PendingMigration> files;
  std::vector<rehearsal::Judged> judged;
  std::vector<std::string> programs;  // that only their own tool can run: nobody has looked at them
};

bool is_program(const migrations::Migration& one) {
  return one.is_delegated || !one.trouble.empty();
}

// A backfill is tried with an empty batch: its names and types are checked, no row is touched.
Result<std::string> text_of_up(const migrations::Migration& one) {
  if (!one.batches) return std::string(database::lint::part_that_goes_up(one.up.text));
  return migrations::batch_statement(one, "null", "null");
}

// What it is called where it is judged; a program by what it said.
Result<std::optional<rehearsal::PendingMigration>> file_of(const Migrating& what,
                                                           const migrations::Migration& one,
                                                           const Capture& capture) {
  std::optional<rehearsal::PendingMigration> out;
  if (is_program(one)) {
    const auto captured = capture.by_id.find(one.id);
    if (captured == capture.by_id.end()) return out;
    out = rehearsal::PendingMigration{
        fmt::format("captured from {}: {}", name_of(what.settings.tool), one.path),
        captured->second.text,
        {},
        true};
    return out;
  }
  out = rehearsal::PendingMigration{one.path, TRY(text_of_up(one)), {}};
  if (one.down) out->down = one.down->text;
  return out;
}

Result<Pending> pending_of(const Migrating& what, const migrations::Look& seen,
                           Connection& production, const Capture& capture) {
  auto schema = TRY(rehearsal::read_schema(production));
  const auto past = seen.entries.empty() ? migrations::Past::Empty : migrations::Past::Begun;
  Pending out;
  for (const std::size_t i : seen.outlook.pending) {
    const auto& one = what.list[i];
    auto file = TRY(file_of(what, one, capture));
    if (!file) {
      out.programs.push_back(one.id);
      continue;
    }
    const std::string phase(migrations::name_of(migrations::phase_in(one, past)));
    out.judged.push_back({file->name, phase, database::lint::check(file->text, schema, phase)});
    schema.settle();
    out.files.push_back(std::move(*file));
  }
  return out;
}

// What can be asked of the world while pending migrations are judged.
struct Scene {
  cli::Session& session;
  const Migrating& what;
  const migrations::Look& seen;
  Connection& production;
  Abandon& abandon;
  void tell(const std::string& said) const {
    if (!session.wants_json()) return session.note(said);
    session.print(Json::object().set("event", "rehearsing").set("what", said).dump() + "\n");
    std::fflush(session.around().out);
  }
  Tell teller() const {
    return [this](const std::string& said) { tell(said); };
  }
};

Result<Grounded> ground_of(const Scene& scene) {
  GroundAsked asked;
  asked.on = scene.session.given().text("--on");
  if (asked.on.empty()) asked.on = scene.what.database.migrations.rehearse_on;
  if (scene.session.given().has("--require")) asked.otherwise = GroundAsked::Otherwise::Error;
  return ground_for(scene.what, scene.seen, scene.session.state_folder(), asked, scene.teller(),
                    scene.abandon);
}

// Programs that cannot be captured are told as not looked at, with the reason.
Result<Capture> capture_of(const Scene& scene, rehearsal::Stage& stage, bool has_rows) {
  const auto& pending = scene.seen.outlook.pending;
  const bool any = std::any_of(pending.begin(), pending.end(),
                               [&](std::size_t i) { return is_program(scene.what.list[i]); });
  if (!any || scene.what.command.empty()) return Capture();
  auto out = capture_programs(scene.what, scene.seen, stage, has_rows, scene.teller());
  if (out || out.error().code == Code::Refused) return out;
  return Capture{{}, out.error().sentence()};
}

Result<rehearsal::Rehearsal> rehearse(const Scene& scene, const Pending& pending,
                                      const Grounded& grounded) {
  auto connection = TRY(grounded.stage->open(kName));
  auto watcher = TRY(grounded.stage->open("slipway rehearsal, locks"));
  rehearsal::Terms terms;
  terms.old.how = rehearsal::OldRelease::How::Prepare;
  terms.old.statements = TRY(rehearsal::statements_of(scene.production));
  if (grounded.ground.source == rehearsal::Ground::Source::Backup) {
    // Its rows are real ones: what is wrong with them is said without saying them.
    connection->hide_values();
  } else {
    terms.rows = rehearsal::Terms::Rows::Counted;
    for (const auto& [name, table] : TRY(rehearsal::read_schema(scene.production)).tables)
      terms.production_rows[name] = table.rows.value_or(0);
  }
  terms.shape = [&grounded] { return grounded.stage->shape(); };
  terms.tell = scene.teller();
  io::SystemClock clock;
  auto out = TRY(rehearsal::rehearse(*connection, *watcher, clock, pending.files, terms));
  out.ground = grounded.ground;
  return out;
}

// The statement at that line of what a program said: there is no file in which to look it up.
std::string excerpt_of(const Pending& pending, const rehearsal::Danger& danger) {
  for (const auto& file : pending.files) {
    if (file.name != danger.migration || !file.holds_values) continue;
    const auto statements = database::sql::split(file.text);
    if (!statements) return {};
    std::string_view said;
    for (const auto& one : *statements)
      if (one.line <= danger.line) said = one.text;
    auto out = database::sql::normalise(said);
    if (!out) return {};
    if (out->size() > kMostExcerpt) *out = out->substr(0, kMostExcerpt) + "…";
    return " [" + *out + "]";
  }
  return {};
}

Error refusal(const Pending& pending, const std::vector<rehearsal::Danger>& dangers) {
  std::vector<std::string> lines;
  for (const auto& danger : dangers) {
    if (lines.size() == kMostTold) {
      lines.push_back(fmt::format("and {} more", dangers.size() - kMostTold));
      break;
    }
    lines.push_back(danger.text() + excerpt_of(pending, danger));
  }
  return Error(Code::Refused, join(lines, "\n"),
               fmt::format("{}; or put it on record: -- slipway: ack=RULE in the file, or "
                           "--override rehearsal --reason \"…\" for one release",
                           dangers.front().next));
}

// What came of it, in a sentence.
struct Outcome {
  std::string what;
  std::vector<rehearsal::Danger> dangers;
  Pending pending;
  Json report = Json();
};

std::string words_of(const Pending& pending, const Capture& capture,
                     const Result<rehearsal::Rehearsal>& tried, WallTime now) {
  const auto count = count_of(static_cast<long long>(pending.files.size()), "migration");
  std::string out =
      tried ? count + " rehearsed, nothing dangerous"
            : fmt::format("{} judged by lint alone, not rehearsed: {}", count, tried.error().what);
  if (tried && (tried->is_measured() || !tried->ground.instead.empty()))
    out += "; " + in_words(tried->ground, now);
  if (!capture.by_id.empty())
    out += fmt::format("; of them captured from programs: {}", capture.by_id.size());
  if (pending.programs.empty()) return out;
  out += "; not looked at, as they are programs: " + join(pending.programs, ", ");
  if (!capture.trouble.empty()) out += " (" + capture.trouble + ")";
  return out;
}

// Everything that needs a scratch server. An error: there is none, and lint judges alone.
struct Tried {
  Capture capture;
  Pending pending;
  Result<rehearsal::Rehearsal> rehearsal;
};
Result<Tried> try_out(const Scene& scene) {
  const auto grounded = TRY(ground_of(scene));
  scene.abandon.give(grounded.stage.get());
  const bool has_rows = grounded.ground.source == rehearsal::Ground::Source::Backup;
  const auto run = [&]() -> Result<Tried> {
    auto capture = TRY(capture_of(scene, *grounded.stage, has_rows));
    auto pending = TRY(pending_of(scene.what, scene.seen, scene.production, capture));
    auto rehearsed = rehearse(scene, pending, grounded);
    return Tried{std::move(capture), std::move(pending), std::move(rehearsed)};
  };
  auto out = run();
  scene.abandon.give(nullptr);
  return out;
}

Result<Outcome> judge(const Scene& scene) {
  auto tried = try_out(scene);
  if (scene.abandon.is_asked())
    return Error(Code::Aborted, "the rehearsal was stopped", "start it again");
  // A command that reached production although it was sent elsewhere is no reason to go on.
  if (!tried && tried.error().code == Code::Refused) return tried.error();
  if (!tried)
    tried = Tried{{}, TRY(pending_of(scene.what, scene.seen, scene.production, {})), tried.error()};
  auto& rehearsed = tried->rehearsal;
  if (!rehearsed && scene.session.given().has("--require"))
    return rehearsed.error().in("database.migrations.rehearse is require, and it cannot be done");
  if (!tried->capture.trouble.empty() && scene.session.given().has("--require"))
    return Error(Code::Refused,
                 "database.migrations.rehearse is require, and a program cannot be rehearsed: " +
                     tried->capture.trouble,
                 "the command has to take its database from $DATABASE_URL, over a unix socket and "
                 "without a network; or let rehearse be auto");
  io::SystemClock clock;
  Outcome out;
  out.dangers = rehearsal::dangers_of(tried->pending.judged, rehearsed ? &*rehearsed : nullptr);
  if (rehearsed) out.report = to_json(*rehearsed, clock.now());
  out.what = words_of(tried->pending, tried->capture, rehearsed, clock.now());
  out.pending = std::move(tried->pending);
  return out;
}

Result<Outcome> check(cli::Session& session, const Migrating& what, Abandon& abandon) {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(what.url, what.settings, {clock, random, stop, {}});
  const auto seen = TRY(runner.look(what.list, what.leave));
  if (!seen.outlook.refusals.empty()) return migrations::to_error(seen.outlook.refusals);
  if (seen.outlook.pending.empty()) {
    Outcome out;
    out.what = "nothing is pending";
    return out;
  }
  auto production = TRY(Connection::open(what.url, kName));
  return judge({session, what, seen, *production, abandon});
}
}  // namespace

int run_migrate_check(cli::Session& session) {
  Json details;
  auto what = migrating_of(session, details);
  if (!what) return session.fail(what.error(), details);
  const auto fit = refuse_development(what->command);
  if (!fit) return session.fail(fit.error());
  Abandon abandon;
  auto outcome = check(session, *what, abandon);
  if (!outcome) return session.fail(outcome.error());
  if (!outcome->dangers.empty()) return session.fail(refusal(outcome->pending, outcome->dangers));
  if (session.wants_json()) {
    session.print(Json::object()
                      .set("event", "done")
                      .set("what", outcome->what)
                      .set("report", outcome->report)
                      .dump() +
                  "\n");
  } else {
    session.say(outcome->what);
  }
  return 0;
}

}  // namespace slipway::app

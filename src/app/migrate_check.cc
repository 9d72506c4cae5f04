// slipway migrate check: what is pending, judged by lint with the catalogue and by a rehearsal on a
// scratch server of its own. What a release does before it touches production.
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "app/migrate.h"
#include "app/verbs.h"
#include "base/text.h"
#include "database/lint/text.h"
#include "database/migrations/backfill.h"
#include "database/migrations/derive.h"
#include "database/postgres/connection.h"
#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/stage.h"
#include "database/rehearsal/verdict.h"
#include "io/clock.h"
#include "io/signals.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;
namespace rehearsal = database::rehearsal;
using database::postgres::Connection;

constexpr std::size_t kMostTold = 10;
constexpr const char* kName = "slipway rehearsal";

struct Pending {
  std::vector<rehearsal::PendingMigration> files;
  std::vector<rehearsal::Judged> judged;
  std::vector<std::string> programs;  // that only their own tool can run: nobody has looked at them
};

// A backfill is tried with an empty batch: its names and types are checked, no row is touched.
Result<std::string> text_of_up(const migrations::Migration& one) {
  if (!one.batches) return std::string(database::lint::part_that_goes_up(one.up.text));
  return migrations::batch_statement(one, "null", "null");
}

Result<Pending> pending_of(const Migrating& what, const migrations::Look& seen,
                           Connection& production) {
  auto schema = TRY(rehearsal::read_schema(production));
  const auto past = seen.entries.empty() ? migrations::Past::Empty : migrations::Past::Begun;
  Pending out;
  for (const std::size_t i : seen.outlook.pending) {
    const auto& one = what.list[i];
    if (one.is_delegated || !one.trouble.empty()) {
      out.programs.push_back(one.id);
      continue;
    }
    const std::string text = TRY(text_of_up(one));
    rehearsal::PendingMigration file{one.path, text, {}};
    if (one.down) file.down = one.down->text;
    const std::string phase(migrations::name_of(migrations::phase_in(one, past)));
    out.judged.push_back({one.path, phase, database::lint::check(text, schema, phase)});
    schema.settle();
    out.files.push_back(std::move(file));
  }
  return out;
}

// SIGTERM: the scratch server goes at once, and with it what waits for its answer.
class Abandoned {
 public:
  explicit Abandoned(const rehearsal::Stage& stage) : stage_(stage) {
    thread_ = std::thread([this] { watch(); });
  }
  ~Abandoned() {
    is_over_ = true;
    thread_.join();
  }
  Abandoned(const Abandoned&) = delete;
  Abandoned& operator=(const Abandoned&) = delete;

 private:
  void watch() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, signal);
    while (!is_over_) {
      const timespec moment{0, 100'000'000};
      if (::sigtimedwait(&wanted, nullptr, &moment) > 0) return stage_.abandon();
    }
  }
  const rehearsal::Stage& stage_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

Result<rehearsal::Rehearsal> rehearse(cli::Session& session, const Migrating& what,
                                      const Pending& pending, Connection& production) {
  const auto stage = TRY(rehearsal::Stage::set(what.url));
  const Abandoned watch(*stage);
  auto connection = TRY(stage->open(kName));
  auto watcher = TRY(stage->open("slipway rehearsal, locks"));
  rehearsal::Terms terms;
  terms.rows = rehearsal::Terms::Rows::Counted;
  terms.old.how = rehearsal::OldRelease::How::Prepare;
  terms.old.statements = TRY(rehearsal::statements_of(production));
  for (const auto& [name, table] : TRY(rehearsal::read_schema(production)).tables)
    terms.production_rows[name] = table.rows.value_or(0);
  terms.shape = [&stage] { return stage->shape(); };
  terms.tell = [&session](const std::string& said) {
    if (!session.wants_json()) return session.note(said);
    session.print(Json::object().set("event", "rehearsing").set("what", said).dump() + "\n");
    std::fflush(session.around().out);
  };
  io::SystemClock clock;
  return rehearsal::rehearse(*connection, *watcher, clock, pending.files, terms);
}

Error refusal(const std::vector<rehearsal::Danger>& dangers) {
  std::vector<std::string> lines;
  for (const auto& danger : dangers) {
    if (lines.size() == kMostTold) {
      lines.push_back(fmt::format("and {} more", dangers.size() - kMostTold));
      break;
    }
    lines.push_back(danger.text());
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
  Json report = Json();
};

Result<Outcome> check(cli::Session& session, const Migrating& what) {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(what.url, what.settings, {clock, random, stop, {}});
  const auto seen = TRY(runner.look(what.list, what.leave));
  if (!seen.outlook.refusals.empty()) return migrations::to_error(seen.outlook.refusals);
  auto production = TRY(Connection::open(what.url, kName));
  const Pending pending = TRY(pending_of(what, seen, *production));
  Outcome out;
  if (pending.files.empty() && pending.programs.empty()) {
    out.what = "nothing is pending";
    return out;
  }
  auto tried = rehearse(session, what, pending, *production);
  if (!tried && session.given().has("--require"))
    return tried.error().in("database.migrations.rehearse is require, and it cannot be done");
  out.dangers = rehearsal::dangers_of(pending.judged, tried ? &*tried : nullptr);
  if (tried) out.report = to_json(*tried);
  const auto count = static_cast<long long>(pending.files.size());
  out.what = tried ? fmt::format("{} rehearsed, nothing dangerous", count_of(count, "migration"))
                   : fmt::format("{} judged by lint alone, not rehearsed: {}",
                                 count_of(count, "migration"), tried.error().what);
  if (!pending.programs.empty())
    out.what +=
        fmt::format("; not looked at, as they are programs: {}", join(pending.programs, ", "));
  return out;
}
}  // namespace

int run_migrate_check(cli::Session& session) {
  io::block_signals({SIGINT, SIGTERM, SIGHUP});
  Json details;
  auto what = migrating_of(session, details);
  if (!what) return session.fail(what.error(), details);
  auto outcome = check(session, *what);
  if (!outcome) return session.fail(outcome.error());
  if (!outcome->dangers.empty()) return session.fail(refusal(outcome->dangers));
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

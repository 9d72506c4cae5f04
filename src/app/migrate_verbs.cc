// slipway migrate status, up, down, new.
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "app/migrate.h"
#include "app/migrate_command.h"
#include "app/migrate_safety.h"
#include "app/pulse_reader.h"
#include "app/verbs.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/target.h"
#include "database/migrations/derive.h"
#include "database/migrations/loss.h"
#include "database/migrations/new_file.h"
#include "database/migrations/runner.h"
#include "database/postgres/connection.h"
#include "database/postgres/url.h"
#include "drivers/process/driver.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/signals.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;

constexpr int kRefused = 3;

// Ctrl-C gives up what the server does for us; the run then ends by itself and says what stands.
// The word is repeated while the run lasts: it may have come just before a statement began.
class Interrupts {
 public:
  explicit Interrupts(migrations::Stop& stop) : stop_(stop) {
    io::block_signals({SIGINT, SIGTERM, SIGHUP});
    thread_ = std::thread([this] { watch(); });
  }
  ~Interrupts() {
    is_over_ = true;
    thread_.join();
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  void watch() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, signal);
    bool is_asked = false;
    while (!is_over_) {
      const timespec moment{0, 100'000'000};
      if (::sigtimedwait(&wanted, nullptr, &moment) > 0) is_asked = true;
      if (is_asked) stop_.request();
    }
  }

  migrations::Stop& stop_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

std::string status_text(const Migrating& what, const migrations::Look& seen) {
  const auto& outlook = seen.outlook;
  std::string out =
      fmt::format("{}: {} applied, {} pending ({}{})\n", name_of(what.settings.tool),
                  outlook.done.size(), outlook.pending.size() + outlook.waiting.size(),
                  what.folder.path, seen.has_book ? ", " + seen.book : ", never migrated");
  const auto past = seen.entries.empty() ? migrations::Past::Empty : migrations::Past::Begun;
  const auto line = [&](const char* state, const migrations::Migration& one, const char* note) {
    const bool is_said = one.phase != migrations::Phase::Unknown;
    const auto phase = phase_in(one, past);
    out += fmt::format("  {}  {}  {}{}{}\n", state, one.id, name_of(phase),
                       is_said ? "" : " by its statements", note);
  };
  for (const std::size_t i : outlook.pending) line("pending", what.list[i], "");
  for (const std::size_t i : outlook.waiting)
    line("waiting", what.list[i], "  for: slipway migrate up --phase contract");
  if (seen.running)
    out += fmt::format("  cut off  {} at its statement {}: slipway migrate {} goes on there\n",
                       seen.running->id, seen.running->step + 1,
                       seen.running->is_down ? "down" : "up");
  for (const auto& refusal : outlook.refusals)
    out += fmt::format("  refused  {}: {}\n           next: {}\n", refusal.rule, refusal.what,
                       refusal.next);
  return out;
}

Json status_json(const Migrating& what, const migrations::Look& seen) {
  Json out = Json::object();
  out.set("tool", name_of(what.settings.tool)).set("path", what.folder.path);
  out.set("book", seen.has_book ? Json(seen.book) : Json());
  const auto past = seen.entries.empty() ? migrations::Past::Empty : migrations::Past::Begun;
  const auto list = [&](const std::vector<std::size_t>& which) {
    Json rows = Json::array();
    for (const std::size_t i : which)
      rows.push_back(Json::object()
                         .set("id", what.list[i].id)
                         .set("path", what.list[i].path)
                         .set("phase", name_of(phase_in(what.list[i], past))));
    return rows;
  };
  out.set("applied", list(seen.outlook.done)).set("pending", list(seen.outlook.pending));
  out.set("waiting", list(seen.outlook.waiting));
  Json refused = Json::array();
  for (const auto& one : seen.outlook.refusals)
    refused.push_back(Json::object()
                          .set("rule", one.rule)
                          .set("migration", one.id)
                          .set("what", one.what)
                          .set("next", one.next));
  out.set("refused", std::move(refused));
  if (seen.running)
    out.set("running", Json::object()
                           .set("id", seen.running->id)
                           .set("statement", seen.running->step + 1)
                           .set("is_down", seen.running->is_down));
  return out;
}

void tell(const cli::Session& session, const migrations::Event& event) {
  if (session.wants_json()) {
    session.print(migrations::to_json(event).dump() + "\n");
    std::fflush(session.around().out);
  } else {
    session.note(event.what);
  }
}

using Made = std::optional<database::backup::SafetyPoint>;

int done(const cli::Session& session, const migrations::Report& report, const char* verb,
         const Made& made = {}) {
  if (session.wants_json()) {
    Json out = Json::object();
    out.set("event", "done").set(verb, Json::array_of(report.applied));
    if (made) out.set("restore_point", to_json(*made));
    out.set("waiting", Json::array_of(report.waiting));
    session.print(out.set("blocked", Json::array_of(report.blocked)).dump() + "\n");
    return 0;
  }
  if (report.applied.empty()) session.note("nothing is pending");
  if (!report.waiting.empty())
    session.note(fmt::format(
        "{} for: slipway migrate up --phase contract",
        report.waiting.size() == 1 ? "1 waits" : fmt::format("{} wait", report.waiting.size())));
  return 0;
}

struct Run {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::World world_for(const cli::Session& session) {
    return {clock, random, stop,
            [&session](const migrations::Event& event) { tell(session, event); }};
  }
};

// Only when something will be run: a release asks three times, and most of them have nothing to do.
Result<Made> make_point(const cli::Session& session, const Migrating& what,
                        migrations::Runner& runner, Run& run) {
  const auto seen = TRY(runner.look(what.list, what.leave));
  const bool is_due = !seen.outlook.pending.empty() || seen.running;
  if (!is_due || !seen.outlook.refusals.empty()) return Made();
  database::backup::World world{run.clock, {}, [&run] { return run.stop.is_requested(); }};
  world.on_progress = [&session](const database::backup::Progress& progress) {
    if (progress.phase == "waiting")
      tell(session, {migrations::Event::Kind::Waiting, "", progress.text});
  };
  auto made = TRY(make_safety_point(session, what, world));
  if (!made) return made;
  if (session.wants_json()) {
    session.print(to_json(*made).set("event", "restore_point").set("what", words_of(*made)).dump() +
                  "\n");
  } else {
    session.note(words_of(*made));
  }
  return made;
}

}  // namespace

namespace {
// What the last `steps` down scripts would lose.
Result<std::vector<migrations::Loss>> losses_of(const Migrating& what, int steps) {
  Run run;
  migrations::Runner runner(what.url, what.settings, {run.clock, run.random, run.stop, {}});
  auto done = TRY(runner.look(what.list, what.leave)).outlook.done;
  std::sort(done.begin(), done.end());
  auto connection = TRY(database::postgres::Connection::open(what.url, "slipway status"));
  std::vector<migrations::Loss> out;
  for (; steps > 0 && !done.empty(); --steps, done.pop_back()) {
    const auto& down = what.list[done.back()].down;
    if (!down) break;  // the run says it
    for (auto& loss : TRY(migrations::losses_of(*connection, down->text)))
      out.push_back(std::move(loss));
  }
  return out;
}

Result<void> agree_to_losses(cli::Session& session, const Migrating& what, int steps) {
  const auto losses = TRY(losses_of(what, steps));
  std::vector<std::string> lines;
  for (const auto& loss : losses) lines.push_back(loss.text());
  if (!lines.empty()) session.note("what is lost:\n  " + join(lines, "\n  "));
  const bool may_ask = session.around().in_is_terminal && !session.wants_json();
  const bool is_sure =
      session.given().has("--yes") ||
      (may_ask && session.says_yes(fmt::format("take back the last {} in {}? ", steps,
                                               database::postgres::without_password(what.url))));
  if (is_sure) return ok();
  return Error(Code::Refused,
               lines.empty() ? "a down script was not agreed to, though it loses nothing counted"
                             : "going back would lose: " + join(lines, "; "),
               "say --yes when that is meant; nothing has been changed");
}
}  // namespace

int run_migrate_status(cli::Session& session) {
  Json details;
  const auto what = migrating_of(session, details);
  if (!what) return session.fail(what.error(), details);
  Run run;
  migrations::Runner runner(what->url, what->settings, run.world_for(session));
  const auto seen = runner.look(what->list, what->leave);
  if (!seen) return session.fail(seen.error());
  if (session.wants_json()) {
    session.show(status_json(*what, *seen));
  } else {
    session.print(status_text(*what, *seen));
  }
  return seen->outlook.refusals.empty() ? 0 : kRefused;
}

int run_migrate_up(cli::Session& session) {
  Json details;
  const auto what = migrating_of(session, details);
  if (!what) return session.fail(what.error(), details);
  const auto fit = refuse_development(what->command);
  if (!fit) return session.fail(fit.error());
  Run run;
  const Interrupts interrupts(run.stop);
  PulseReader reader;
  const auto listens = reader.begin(session.given().text("--pulse"), run.clock);
  if (!listens) return session.fail(listens.error());
  migrations::Runner runner(what->url, what->settings, run.world_for(session));
  runner.listen_to(reader.pulses());
  if (!what->command.empty())
    runner.command_by(
        [&](const migrations::Migration& migration) { return run_command(*what, migration); });
  const auto made = make_point(session, *what, runner, run);
  if (!made) return session.fail(made.error());
  const auto report = runner.up(what->list, what->leave, session.given().text("--to"));
  if (!report) return session.fail(report.error());
  return done(session, *report, "applied", *made);
}

int run_migrate_down(cli::Session& session) {
  Json details;
  const auto what = migrating_of(session, details);
  if (!what) return session.fail(what.error(), details);
  const auto steps = session.given().number("--steps", 1, 1000);
  if (!steps) return session.fail(steps.error());
  const auto agreed = agree_to_losses(session, *what, static_cast<int>(*steps));
  if (!agreed) return session.fail(agreed.error());
  Run run;
  const Interrupts interrupts(run.stop);
  migrations::Runner runner(what->url, what->settings, run.world_for(session));
  const auto report = runner.down(what->list, static_cast<int>(*steps));
  if (!report) return session.fail(report.error());
  return done(session, *report, "taken_back");
}

int run_migrate_new(cli::Session& session) {
  Json details;
  const auto what = folder_of(session, details);
  if (!what) return session.fail(what.error(), details);
  const auto phase = migrations::phase_named(session.given().text("--phase"));
  io::SystemClock clock;
  const auto files =
      migrations::new_migration(what->settings.tool, what->folder, session.given().text("NAME"),
                                phase.value_or(migrations::Phase::Unknown), clock.now());
  if (!files) return session.fail(files.error());
  for (const auto& file : *files) {
    const std::string path = io::join_path(what->folder.path, file.path);
    const auto slash = path.rfind('/');
    auto written = io::make_dirs(path.substr(0, slash), 0755);
    if (written) written = io::write_file_atomically(path, file.text, 0644);
    if (!written) return session.fail(written.error());
    session.say(path);
  }
  return 0;
}

}  // namespace slipway::app

// slipway db copy.
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>

#include "app/verbs.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/target.h"
#include "database/copy/copy.h"
#include "drivers/process/driver.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/signals.h"

namespace slipway::app {
namespace {

constexpr int kKeyBytes = 32;
constexpr std::size_t kLeastKey = 16;
constexpr double kBetweenLines = 10;  // seconds, where nobody looks at a terminal

// Where everything is: by the options, else by slipway.yaml.
struct Places {
  std::string from;
  std::string to;
  std::string rules;
};

Result<std::string> url_of(const config::Config& config, const std::string& environment) {
  const auto& database = config.environments.at(environment).database;
  if (!database.secret.name.empty())
    return drivers::process::read_secret(database.secret, config.folder);
  if (!database.url.empty()) return database.url;
  return Error(Code::ConfigInvalid, fmt::format("the environment {} has no database", environment),
               fmt::format("set environments.{}.database.url", environment));
}

Result<void> fill_from_config(const cli::Session& session, Places& places, Json& details) {
  const auto loaded = TRY(cli::load_file(session, details));
  const auto environment = TRY(cli::pick_environment(loaded.config, session.given().text("ENV")));
  const auto& database = loaded.config.environments.at(environment).database;
  if (places.from.empty() && database.copy_of.empty())
    return Error(
        Code::ConfigInvalid, environment + " is no copy of another environment",
        fmt::format("set environments.{}.database.copy_of, or give --from URL", environment));
  if (places.from.empty()) places.from = TRY(url_of(loaded.config, database.copy_of));
  if (places.to.empty()) places.to = TRY(url_of(loaded.config, environment));
  if (places.rules.empty()) places.rules = io::join_path(loaded.file.folder, database.anonymise);
  return ok();
}

Result<Places> places_of(const cli::Session& session, Json& details) {
  const auto& given = session.given();
  Places places{given.text("--from"), given.text("--to"), given.text("--rules")};
  const bool needs_target = !given.has("--classify");
  const bool complete =
      !places.from.empty() && (!needs_target || (!places.to.empty() && !places.rules.empty()));
  if (!complete) TRY(fill_from_config(session, places, details));
  return places;
}

Result<database::copy::Rules> rules_in(const std::string& path) {
  const auto text = io::read_file(path);
  if (!text)
    return Error(Code::ConfigMissing, "cannot read the rules of the copy: " + text.error().what,
                 "slipway db copy ENV --classify > anonymise.yaml proposes them");
  auto read = database::copy::read_rules(*text, path);
  if (read.rules) return std::move(*read.rules);
  std::vector<std::string> lines;
  for (const auto& one : read.diagnostics) lines.push_back(one.text());
  return Error(
      Code::ConfigInvalid,
      fmt::format("{} has {}:\n{}", path, count_of(static_cast<long long>(lines.size()), "mistake"),
                  join(lines, "\n")),
      "docs/formats/anonymise.md tells what may stand there");
}

// The same key gives the same pseudonyms: links and bug reports hold from one copy to the next.
Result<database::copy::Key128> key_for(const cli::Session& session) {
  std::string path = session.given().text("--key");
  if (path.empty()) {
    const std::string folder = session.state_folder() + "/copy-keys";
    path = io::join_path(folder, session.given().text("ENV") + ".key");
    if (!io::exists(path)) {
      TRY(io::make_dirs(folder));
      TRY(io::write_file_durably(path, io::random_hex(kKeyBytes)));
      session.note("made the key of the pseudonyms: " + path);
    }
  }
  const auto secret = TRY(io::read_file(path, 1 << 16));
  if (trim(secret).size() >= kLeastKey) return database::copy::key_of_secret(trim(secret));
  return Error(Code::ConfigInvalid,
               fmt::format("the key in {} is shorter than {} characters", path, kLeastKey),
               "fill the file by: openssl rand -hex 32");
}

// A signal that came since the last look. They are blocked meanwhile, so that a copy is undone and
// not cut off.
bool was_interrupted() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  const timespec at_once{};
  return ::sigtimedwait(&set, nullptr, &at_once) > 0;
}

std::string line_of(const database::copy::Progress& progress) {
  if (progress.phase != "rows") return fmt::format("{}: {:.0f}s", progress.phase, progress.seconds);
  const double speed = progress.seconds > 0 ? progress.bytes / progress.seconds / 1e6 : 0;
  std::string out = fmt::format("rows: {:.0f} of about {:.0f}, {:.1f} MB/s", progress.rows,
                                std::max(progress.rows, progress.rows_in_all), speed);
  if (progress.seconds_left() > 0)
    out += fmt::format(", {} left",
                       to_text(Millis(static_cast<int>(progress.seconds_left()) * 1000 + 1000)));
  return out;
}

class Display {
 public:
  explicit Display(const cli::Session& session) : session_(session) {}
  void show(const database::copy::Progress& progress) {
    if (session_.is_live()) {
      session_.print(fmt::format("\r{:<70}", line_of(progress)));
      drawn_ = true;
      return;
    }
    const bool due = progress.phase != phase_ || progress.seconds >= next_;
    if (!due) return;
    phase_ = progress.phase;
    next_ = progress.seconds + kBetweenLines;
    session_.note(line_of(progress));
  }
  void clear() {
    if (drawn_) session_.print(fmt::format("\r{:<70}\r", ""));
  }

 private:
  const cli::Session& session_;
  std::string phase_;
  double next_ = 0;
  bool drawn_ = false;
};

int tell(const cli::Session& session, const database::copy::CopyReport& report) {
  if (session.wants_json()) {
    session.show(database::copy::to_json(report));
    return 0;
  }
  for (const auto& note : report.notes) session.note(note);
  session.say(fmt::format(
      "{}: {} rows of {} in {}, {} masked, 0 of {} real values found", report.database, report.rows,
      count_of(static_cast<long long>(report.tables.size()), "table"),
      to_text(Millis(static_cast<std::int64_t>(report.seconds) * 1000)),
      count_of(static_cast<long long>(report.columns_masked), "column"), report.searched_values));
  return 0;
}

Result<database::copy::CopyOptions> options_of(const cli::Session& session, const Places& places) {
  database::copy::CopyOptions out;
  out.from = places.from;
  out.to = places.to;
  out.rules = TRY(rules_in(places.rules));
  out.key = TRY(key_for(session));
  out.streams = static_cast<int>(TRY(session.given().number("--streams", 0, 16)));
  return out;
}

}  // namespace

int run_db_copy(cli::Session& session) {
  Json details;
  const auto places = places_of(session, details);
  if (!places) return session.fail(places.error(), details);
  if (session.given().has("--classify")) {
    const auto proposal = database::copy::classify(places->from);
    if (!proposal) return session.fail(proposal.error());
    session.print(*proposal);
    return 0;
  }
  auto options = options_of(session, *places);
  if (!options) return session.fail(options.error());
  io::block_signals({SIGINT, SIGTERM});
  Display display(session);
  options->interrupted = was_interrupted;
  options->on_progress = [&display](const auto& progress) { display.show(progress); };
  const auto report = database::copy::copy_database(*options);
  display.clear();
  if (!report) return session.fail(report.error());
  return tell(session, *report);
}

}  // namespace slipway::app

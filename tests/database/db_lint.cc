// db_lint truth: what each case does, one line of JSON each.
// db_lint files FOLDER: each case's migration as a file, for other linters.
// db_lint small | full [SQUAWK.json]: the truth, and lint and rehearsal against it.
#include <fmt/core.h>

#include <cstdio>
#include <functional>
#include <map>

#include "base/text.h"
#include "database/lint/check.h"
#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/rehearse.h"
#include "database/sql/parse.h"
#include "io/clock.h"
#include "io/files.h"
#include "tests/database/score.h"
#include "tests/database/truth.h"

namespace slipway::database::corpus {
namespace {
const std::string kFolder = std::string(SLIPWAY_SOURCE_DIR) + "/tests/database/corpus";

// `afterwards` has the schema and the old release of `held_out`.
std::vector<Part> all_parts() {
  std::vector<Part> out = {read_part(kFolder, "known"), read_part(kFolder, "held_out"),
                           read_part(kFolder, "afterwards")};
  out[2].schema = out[1].schema;
  out[2].old_release = out[1].old_release;
  return out;
}

int fail(const Error& error) {
  fmt::print(stderr, "db_lint: {}\n", error.sentence());
  return 2;
}

std::string file_of(const Case& one, std::size_t number) {
  return fmt::format("{}_{:03}.sql", one.part, number);
}

int write_files(const std::string& folder) {
  if (const auto made = io::make_dirs(folder); !made) return fail(made.error());
  for (const auto& part : all_parts()) {
    for (std::size_t i = 0; i < part.cases.size(); ++i) {
      const auto path = io::join_path(folder, file_of(part.cases[i], i));
      const auto written = io::write_file_atomically(path, part.cases[i].now);
      if (!written) return fail(written.error());
    }
  }
  return 0;
}

Result<void> tell_truth() {
  const auto parts = all_parts();
  auto world = TRY(World::start(parts));
  for (const auto& part : parts) {
    for (const auto& one : part.cases) {
      const auto effect = TRY(world->measure(part, one));
      const auto harms = rehearsal::harms_of(effect, kLongRows);
      fmt::print("{}\n", Json::object()
                             .set("part", part.name)
                             .set("case", one.name)
                             .set("harms", Json::array_of(harms.words()))
                             .set("effect", rehearsal::to_json(effect))
                             .dump());
    }
  }
  return ok();
}

// A finding on the measured statement, or behind it.
bool is_alarm(const std::vector<lint::Finding>& findings, const Case& one) {
  const int from = last_line(one.now);
  for (const auto& finding : findings) {
    if (finding.line >= from) return true;
  }
  return false;
}

std::vector<lint::Finding> findings_of(const Case& one, lint::Schema schema) {
  if (!one.earlier.empty()) {
    lint::check(one.earlier, schema);
    schema.settle();
  }
  return lint::check(one.now, schema);
}

// What squawk's JSON says of each file: the lines of its findings, style left out.
using Lines = std::map<std::string, std::vector<int>, std::less<>>;
bool is_style(const std::string& rule) {
  return rule.starts_with("prefer-") || rule == "require-lock-timeout" ||
         rule == "require-statement-timeout" || rule == "require-timeout-settings" ||
         rule == "require-table-schema" || rule == "ban-char-field" ||
         rule == "identifier-too-long";
}
Result<Lines> read_squawk(const std::string& path) {
  const Json json = TRY(Json::parse(TRY(io::read_file(path))));
  Lines out;
  for (const Json& one : json.items()) {
    const std::string file = one.text("file");
    const std::string rule = one.text("rule_name");
    if (is_style(rule)) continue;
    out[file.substr(file.rfind('/') + 1)].push_back(static_cast<int>(one.integer("line")) + 1);
  }
  return out;
}

struct Judge {
  std::string name;
  std::function<Result<bool>(const Part&, const Case&, std::size_t)> is_alarm;
  std::map<std::string, Score> scores;  // by part
  Score all;
};

void print_score(const std::string& judge, const std::string& part, const Score& score) {
  fmt::print("{:<22} {:<9} {:>3} of {:>3} ({:>5.1f} %)   {:>2} of {:>3} ({:>4.1f} %)   {} of {}\n",
             judge, part, score.found, score.dangerous, score.found_percent(), score.false_alarms,
             score.harmless, score.false_percent(), score.breaking_found, score.breaking);
}

void print(const std::vector<Judge>& judges) {
  fmt::print("{:<22} {:<9} {:<22} {:<20} {}\n", "", "", "dangerous found", "false alarms",
             "breaking the old release found");
  for (const auto& judge : judges) {
    for (const auto& [part, score] : judge.scores) print_score(judge.name, part, score);
    print_score(judge.name, "all", judge.all);
  }
  for (const auto& judge : judges) {
    for (const auto& name : judge.all.missed) fmt::print("missed by {}: {}\n", judge.name, name);
    for (const auto& name : judge.all.wrong)
      fmt::print("false alarm of {}: {}\n", judge.name, name);
  }
}

Result<std::map<std::string, lint::Schema>> schemas(World& world, const std::vector<Part>& parts) {
  std::map<std::string, lint::Schema> out;
  for (const auto& part : parts) {
    auto connection = TRY(world.connect(part.name));
    out[part.name] = TRY(rehearsal::read_schema(*connection));
  }
  return out;
}

// The schema as the team's first migration: what a folder of migrations tells lint.
std::map<std::string, lint::Schema> schemas_by_text(const std::vector<Part>& parts) {
  std::map<std::string, lint::Schema> out;
  for (const auto& part : parts) {
    lint::Schema& schema = out[part.name];
    schema.is_complete = true;
    lint::check(part.schema, schema);
    schema.settle();
  }
  return out;
}

Result<rehearsal::Rehearsal> rehearse_case(World& small, const Part& part, const Case& one,
                                           const std::string& database) {
  rehearsal::Terms terms;
  terms.old.role = "app";
  terms.old.how = rehearsal::OldRelease::How::Prepare;
  for (const auto& statement : part.old_release)
    terms.old.statements.push_back({statement.name, TRY(sql::normalise(statement.text))});
  auto connection = TRY(small.connect(database));
  auto watcher = TRY(small.connect(database));
  terms.production_rows = TRY(rehearsal::rows_of_tables(*connection));
  for (auto& [name, rows] : terms.production_rows) rows *= 10;
  io::SystemClock clock;
  return rehearsal::rehearse(*connection, *watcher, clock, {{one.name, one.now}}, terms);
}

// The rehearsal as it is in a deployment: on a database with a tenth of the rows, with the old
// release's statements as pg_stat_statements keeps them, prepared and not run.
Result<bool> is_alarm_by_rehearsal(World& small, const Part& part, const Case& one) {
  const std::string database = TRY(small.copy(part, one));
  auto said = rehearse_case(small, part, one, database);
  TRY(small.drop(database));
  if (!said) return said.error();
  const int from = last_line(one.now);
  for (const auto& step : said->statements) {
    if (step.line >= from && step.harms.any()) return true;
  }
  return false;
}

Result<std::vector<Judge>> judges(World& world, World& small, const std::vector<Part>& parts,
                                  const std::string& squawk) {
  std::vector<Judge> out;
  out.push_back({"lint, text only",
                 [](const Part&, const Case& one, std::size_t) -> Result<bool> {
                   return is_alarm(findings_of(one, {}), one);
                 },
                 {},
                 {}});
  out.push_back({"lint, folder",
                 [known = schemas_by_text(parts)](const Part& part, const Case& one,
                                                  std::size_t) -> Result<bool> {
                   return is_alarm(findings_of(one, known.at(part.name)), one);
                 },
                 {},
                 {}});
  out.push_back({"lint, catalogue",
                 [known = TRY(schemas(world, parts))](const Part& part, const Case& one,
                                                      std::size_t) -> Result<bool> {
                   return is_alarm(findings_of(one, known.at(part.name)), one);
                 },
                 {},
                 {}});
  out.push_back({"lint + rehearsal",
                 [&small, known = out.back().is_alarm](const Part& part, const Case& one,
                                                       std::size_t number) -> Result<bool> {
                   if (TRY(known(part, one, number))) return true;
                   return is_alarm_by_rehearsal(small, part, one);
                 },
                 {},
                 {}});
  if (squawk.empty()) return out;
  out.push_back({"squawk",
                 [lines = TRY(read_squawk(squawk))](const Part&, const Case& one,
                                                    std::size_t number) -> Result<bool> {
                   const auto found = lines.find(file_of(one, number));
                   if (found == lines.end()) return false;
                   for (const int line : found->second) {
                     if (line >= last_line(one.now)) return true;
                   }
                   return false;
                 },
                 {},
                 {}});
  return out;
}

std::string keys_of(const std::string& name, const Score& score) {
  return fmt::format(" {0}_found_percent={1:.1f} {0}_false_percent={2:.1f}", name,
                     score.found_percent(), score.false_percent());
}

// The bounds, of all parts and of the held-out one. One false alarm is allowed in any case: the
// small form has too few cases for percents.
int bounds_missed(const std::vector<Judge>& judges) {
  int out = 0;
  for (const auto& judge : judges) {
    const bool is_lint = judge.name == "lint, catalogue";
    if (!is_lint && judge.name != "lint + rehearsal") continue;
    for (const Score* score : {&judge.all, &judge.scores.at("held_out")}) {
      out += score->found_percent() < (is_lint ? 95.0 : 98.0) ? 1 : 0;
      const bool is_noisy = score->false_percent() > 3.0 && score->false_alarms > 1;
      out += is_lint && is_noisy ? 1 : 0;
      out += !is_lint && score->breaking_found < score->breaking ? 1 : 0;
    }
  }
  return out;
}

int conclude(const std::vector<Judge>& judges) {
  const Score& truth = judges.front().all;
  std::string line = fmt::format("db-lint: cases={} dangerous={} harmless={} breaking={}",
                                 truth.dangerous + truth.harmless, truth.dangerous, truth.harmless,
                                 truth.breaking);
  const std::map<std::string, std::string> names = {{"lint, text only", "text"},
                                                    {"lint, folder", "folder"},
                                                    {"lint, catalogue", "lint"},
                                                    {"lint + rehearsal", "rehearsal"},
                                                    {"squawk", "squawk"}};
  for (const auto& judge : judges) {
    line += keys_of(names.at(judge.name), judge.all);
    line += keys_of(names.at(judge.name) + "_held_out", judge.scores.at("held_out"));
    if (judge.name == "lint + rehearsal")
      line += fmt::format(" breaking_found={}", judge.all.breaking_found);
  }
  const int missed = bounds_missed(judges);
  fmt::print("{} missed={}\n", line, missed);
  return missed == 0 ? 0 : 1;
}

Result<int> measure(std::size_t step, const std::string& squawk) {
  const auto parts = all_parts();
  auto world = TRY(World::start(parts));
  auto small = TRY(World::start(parts, "2000"));
  auto all = TRY(judges(*world, *small, parts, squawk));
  for (const auto& part : parts) {
    for (std::size_t i = 0; i < part.cases.size(); i += step) {
      const Case& one = part.cases[i];
      const auto effect = TRY(world->measure(part, one));
      const Measured measured{&one, rehearsal::harms_of(effect, kLongRows)};
      for (auto& judge : all) {
        const bool says = TRY(judge.is_alarm(part, one, i));
        judge.scores[part.name].add(measured, says);
        judge.all.add(measured, says);
      }
    }
  }
  print(all);
  return conclude(all);
}

int run(const std::vector<std::string>& words) {
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "files" && words.size() == 2) return write_files(words[1]);
  if (mode == "truth") {
    const auto told = tell_truth();
    return told ? 0 : fail(told.error());
  }
  if (mode != "small" && mode != "full") {
    fmt::print(stderr, "usage: db_lint truth | files FOLDER | small | full [SQUAWK.json]\n");
    return 2;
  }
  const auto status = measure(mode == "small" ? 12 : 1, words.size() > 1 ? words[1] : "");
  return status ? *status : fail(status.error());
}
}  // namespace
}  // namespace slipway::database::corpus

int main(int argc, char** argv) { return slipway::database::corpus::run({argv + 1, argv + argc}); }

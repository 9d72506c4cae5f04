// slipway migrate lint: the rules on files, with what the files before them or a database's
// catalogue tell.
#include <fmt/core.h>

#include <algorithm>

#include "app/verbs.h"
#include "base/text.h"
#include "database/lint/check.h"
#include "database/lint/text.h"
#include "database/migrations/header.h"
#include "database/postgres/connection.h"
#include "database/rehearsal/catalogue.h"
#include "io/files.h"

namespace slipway::app {
namespace {
using database::lint::Report;
using database::lint::Schema;

// Which of a folder's names are migrations, in the order they are applied.
bool is_migration(const std::string& name) {
  return name.ends_with(".sql") && !name.ends_with(".down.sql") && !name.starts_with("U");
}

Result<std::vector<std::string>> files_of(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& name : TRY(io::list_dir(folder))) {
    const std::string path = io::join_path(folder, name);
    if (is_migration(name)) out.push_back(path);
    // Prisma's: a folder for each, with one file in it.
    const std::string inside = io::join_path(path, "migration.sql");
    if (io::is_dir(path) && io::exists(inside)) out.push_back(inside);
  }
  return out;
}

struct Files {
  std::vector<std::string> before;  // told to the rules, not judged
  std::vector<std::string> judged;
};

// The folder whose names are in order: for Prisma's the one above.
std::string folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  return path.ends_with("/migration.sql") ? folder.substr(0, folder.rfind('/')) : folder;
}

Result<Files> files_meant(const std::vector<std::string>& words) {
  Files out;
  for (const auto& word : words) {
    const std::string path = io::absolute_path(word);
    if (io::is_dir(path)) {
      for (auto& file : TRY(files_of(path))) out.judged.push_back(std::move(file));
    } else {
      out.judged.push_back(path);
    }
  }
  if (out.judged.empty())
    return Error(Code::NotFound, fmt::format("there is no .sql file in {}", join(words, ", ")),
                 "name the folder of the migrations, or a file");
  const auto first = *std::min_element(out.judged.begin(), out.judged.end());
  for (auto& file : TRY(files_of(folder_of(first)))) {
    if (file < first) out.before.push_back(std::move(file));
  }
  return out;
}

Result<std::string> text_of_file(const std::string& path) {
  return std::string(database::lint::part_that_goes_up(TRY(io::read_file(path))));
}

Result<Schema> known_before(const std::string& url, const Files& files) {
  if (!url.empty()) {
    auto connection = TRY(database::postgres::Connection::open(url, "slipway migrate lint"));
    return database::rehearsal::read_schema(*connection);
  }
  Schema out;
  for (const auto& path : files.before) {
    check(TRY(text_of_file(path)), out);
    out.settle();
  }
  return out;
}

Result<std::vector<Report>> lint(const cli::Given& given) {
  const Files files = TRY(files_meant(given.all("FILE")));
  Schema schema = TRY(known_before(given.text("--database"), files));
  std::vector<Report> out;
  for (const auto& path : files.judged) {
    const auto phase = database::migrations::phase_by_name(path.substr(path.rfind('/') + 1));
    const auto said = database::migrations::name_of(phase);
    out.push_back({path, check(TRY(text_of_file(path)), schema, said)});
    schema.settle();
  }
  return out;
}

void show(cli::Session& session, const std::vector<Report>& reports) {
  if (session.wants_json()) {
    Json files = Json::array();
    for (const auto& report : reports) files.push_back(json_of(report));
    return session.show(Json::object().set("files", std::move(files)));
  }
  std::size_t count = 0;
  for (const auto& report : reports) {
    session.print(text_of(report));
    count += report.findings.size();
  }
  session.note(fmt::format(
      "{}, {}", count_of(static_cast<long long>(reports.size()), "migration"),
      count == 0 ? "nothing found" : count_of(static_cast<long long>(count), "finding")));
}
}  // namespace

int run_migrate_lint(cli::Session& session) {
  const auto reports = lint(session.given());
  if (!reports) return session.fail(reports.error());
  show(session, *reports);
  const bool is_open = std::any_of(reports->begin(), reports->end(), [](const Report& report) {
    return database::lint::has_open(report.findings);
  });
  return is_open ? facts_of(Code::Refused).exit_code : 0;
}

}  // namespace slipway::app

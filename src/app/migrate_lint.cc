// slipway migrate lint: the rules on files, with what the files before them or a database's
// catalogue tell.
#include <fmt/core.h>

#include <algorithm>

#include "app/migrate_files.h"
#include "app/verbs.h"
#include "base/text.h"
#include "database/lint/check.h"
#include "database/migrations/header.h"
#include "database/postgres/connection.h"
#include "database/rehearsal/catalogue.h"

namespace slipway::app {
namespace {
using database::lint::Report;
using database::lint::Schema;

Result<Schema> known_before(const std::string& url, const MigrationFiles& files) {
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
  const MigrationFiles files = TRY(files_meant(given.all("FILE")));
  Schema schema = TRY(known_before(given.text("--database"), files));
  std::vector<Report> out;
  for (const auto& path : files.meant) {
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

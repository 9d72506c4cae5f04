#include "app/migrate.h"

#include <fmt/core.h>

#include "base/text.h"
#include "cli/target.h"
#include "drivers/process/driver.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;

constexpr std::string_view kFromEnvironment = "env:";  // a command line is for everybody to see

// slipway.yaml's section, and where relative paths begin. Without a file: the defaults, when the
// command line says the rest.
struct Said {
  config::DatabaseSettings database;
  std::string app;
  std::string home;
  std::string environment;
};

Result<Said> said_by_file(cli::Session& session, Json& details, bool needs_database) {
  Said out;
  out.home = session.around().folder;
  const auto& verb = session.given().verb();
  const bool has_env = !verb.arguments.empty() && verb.arguments[0].name == "ENV";
  const std::string named = has_env ? session.given().text("ENV") : std::string();
  const bool may_do_without = !needs_database || session.given().has("--url");
  // An address and a folder are all it takes: a release says both, whatever the file says today.
  const bool says_all = session.given().has("--url") && session.given().has("--path");
  if (says_all || (!cli::file_is_there(session) && may_do_without)) {
    out.environment = named;
    return out;
  }
  const auto loaded = TRY(cli::load_file(session, details));
  out.home = loaded.file.folder;
  out.app = loaded.config.app;
  if (!has_env) {
    // Every environment has the same folder; one of them tells.
    if (!loaded.config.environments.empty())
      out.database = loaded.config.environments.begin()->second.database;
    return out;
  }
  out.environment = TRY(cli::pick_environment(loaded.config, named));
  out.database = loaded.config.environments.at(out.environment).database;
  return out;
}

// What an option says: itself, or the value of the variable that it names.
Result<std::string> value_of(const cli::Given& given, const char* option) {
  const std::string said = given.text(option);
  if (!said.starts_with(kFromEnvironment)) return said;
  const std::string name = said.substr(kFromEnvironment.size());
  if (auto value = io::environment_value(name)) return *value;
  return Error(Code::Usage, fmt::format("the variable {} of {} is not set", name, option),
               "set it, or say the value");
}

Result<std::string> url_of(const cli::Session& session, const Said& said) {
  const std::string given = TRY(value_of(session.given(), "--url"));
  if (!given.empty()) return given;
  if (!said.database.secret.name.empty()) {
    const auto secret = TRY(drivers::process::read_secret(said.database.secret, said.home));
    return std::string(trim(secret));
  }
  if (!said.database.url.empty()) return said.database.url;
  return Error(Code::Usage, fmt::format("{} has no database", said.environment),
               "name it: database: { url: \"${secret.DATABASE_URL}\" } in slipway.yaml, or --url");
}

Result<migrations::Tool> tool_of(const std::string& said, const migrations::Folder& folder) {
  if (!said.empty() && said != "auto") {
    const auto tool = migrations::tool_named(said);
    if (tool) return *tool;
  }
  const auto tool = migrations::tool_of(folder);
  if (tool) return *tool;
  return Error(Code::NotFound,
               fmt::format("nothing in {} tells whose migrations these are", folder.path),
               "name the tool: --tool, or database.migrations.tool in slipway.yaml");
}

Result<void> read_folder(cli::Session& session, const Said& said, Migrating& out) {
  const auto& given = session.given();
  const std::string path = given.text("--path");
  const bool is_given = !path.empty();
  const std::string folder = is_given ? path : said.database.migrations.path;
  const std::string base = is_given ? session.around().folder : said.home;
  out.folder =
      TRY(migrations::load_folder(folder.starts_with('/') ? folder : io::join_path(base, folder)));
  const std::string tool = given.text("--tool");
  out.settings.tool = TRY(tool_of(tool.empty() ? said.database.migrations.tool : tool, out.folder));
  out.list = TRY(migrations::read_migrations(out.settings.tool, out.folder));
  return ok();
}

// A release says what its plan says, whatever the file says today.
Result<void> read_backup(const cli::Given& given, const Said& said, Migrating& out) {
  out.app = said.app;
  out.database = said.database;
  const std::string text = TRY(value_of(given, "--backup"));
  if (text.empty()) return ok();
  const auto json = TRY(Json::parse(text));
  out.app = json.text("app");
  out.release = json.text("release");
  out.database = config::database_from_json(json.at("database"));
  return ok();
}

Result<void> read_limits(const cli::Given& given, const Said& said, Migrating& out) {
  out.settings.wait = said.database.migrations.wait;
  out.settings.lock_timeout = said.database.migrations.lock_timeout;
  out.settings.max_lag = said.database.migrations.max_lag;
  out.settings.max_latency = said.database.migrations.max_latency;
  if (!given.verb().name.starts_with("migrate ") || given.verb().name == "migrate status" ||
      given.verb().name == "migrate check")
    return ok();
  if (given.has("--wait")) out.settings.wait = TRY(given.duration("--wait"));
  if (given.has("--lock-timeout"))
    out.settings.lock_timeout = TRY(given.duration("--lock-timeout"));
  if (given.verb().name != "migrate up") return ok();
  if (given.has("--max-lag")) out.settings.max_lag = TRY(given.duration("--max-lag"));
  if (given.has("--max-latency")) out.settings.max_latency = TRY(given.duration("--max-latency"));
  return ok();
}
}  // namespace

Result<Migrating> folder_of(cli::Session& session, Json& details) {
  Migrating out;
  const Said said = TRY(said_by_file(session, details, false));
  out.home = said.home;
  TRY(read_folder(session, said, out));
  return out;
}

Result<Migrating> migrating_of(cli::Session& session, Json& details, const std::string& version) {
  const auto& given = session.given();
  Migrating out;
  Said said = TRY(said_by_file(session, details, true));
  auto& path = said.database.migrations.path;
  if (!version.empty()) path = replace_all(path, "${version}", version);
  out.home = said.home;
  out.url = TRY(url_of(session, said));
  TRY(read_folder(session, said, out));
  TRY(read_limits(given, said, out));
  out.settings.table = given.text("--table");
  out.settings.environment = said.environment;
  out.leave.accepted = given.all("--accept");
  for (const std::string& rule : out.leave.accepted) {
    if (rule == "database") out.settings.accepts_database = true;
  }
  const bool is_up = given.verb().name == "migrate up";
  if (is_up || given.verb().name == "migrate check") {
    out.leave.through =
        migrations::phase_named(given.text("--phase")).value_or(migrations::Phase::Backfill);
    const std::string command = given.text("--command");
    out.command = command.empty() ? said.database.migrations.command : command;
    TRY(read_backup(given, said, out));
  }
  return out;
}

}  // namespace slipway::app

#include "app/database_url.h"

#include <fmt/core.h>

#include "base/text.h"
#include "cli/target.h"
#include "drivers/process/driver.h"
#include "io/environment.h"

namespace slipway::app {
namespace {
constexpr std::string_view kFromEnvironment = "env:";  // a command line is for everybody to see
}

Result<std::string> database_url(cli::Session& session, Json& details) {
  const std::string given = session.given().text("--url");
  if (given.starts_with(kFromEnvironment)) {
    const std::string name = given.substr(kFromEnvironment.size());
    if (auto value = io::environment_value(name)) return *value;
    return Error(Code::Usage, fmt::format("the variable {} of --url is not set", name),
                 "set it to the database's address");
  }
  if (!given.empty()) return given;
  const auto loaded = TRY(cli::load_file(session, details));
  const auto environment = TRY(cli::pick_environment(loaded.config, session.given().text("ENV")));
  const auto& database = loaded.config.environments.at(environment).database;
  if (!database.is_set())
    return Error(Code::ConfigInvalid,
                 fmt::format("the environment {} has no database", environment),
                 fmt::format("set environments.{}.database.url, or give --url", environment));
  if (database.secret.name.empty()) return database.url;
  const auto secret = TRY(drivers::process::read_secret(database.secret, loaded.config.folder));
  return std::string(trim(secret));
}

}  // namespace slipway::app

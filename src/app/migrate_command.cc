#include "app/migrate_command.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "io/child.h"
#include "io/environment.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;

constexpr Millis kCommandTime = std::chrono::hours(4);
constexpr Millis kTrial(5'000);
constexpr std::string_view kPlaces[] = {
    "DATABASE_URL=", "PGHOST=",    "PGHOSTADDR=", "PGPORT=",    "PGDATABASE=", "PGUSER=",
    "PGPASSWORD=",   "PGSERVICE=", "PGPASSFILE=", "PGSSLMODE=", "PGOPTIONS="};

bool says_where(const std::string& variable) {
  return std::any_of(std::begin(kPlaces), std::end(kPlaces),
                     [&](std::string_view name) { return variable.starts_with(name); });
}

io::ChildSpec spec_of(const Migrating& what, const migrations::Migration& migration) {
  io::ChildSpec out;
  out.shell = what.command;
  out.dir = what.home;
  out.environment = io::own_environment();
  out.environment.push_back("SLIPWAY_MIGRATION=" + migration.id);
  out.parent_death_signal = SIGTERM;
  return out;
}

Result<void> run(const Migrating& what, const io::ChildSpec& spec, const char* next) {
  const auto ran = TRY(io::run_command(spec, kCommandTime));
  if (ran.exit.succeeded() && !ran.timed_out) return ok();
  return Error(Code::CommandFailed,
               fmt::format("\"{}\" ended with {}: {}", what.command, ran.exit.text(),
                           trim(ran.err.empty() ? ran.out : ran.err)),
               next);
}

// unshare(1) with a network of its own, where nobody is; empty where the system refuses that.
std::vector<std::string> without_network(const std::vector<std::string>& environment) {
  std::vector<std::string> out = {"unshare", "--net"};
  if (::geteuid() != 0) out.insert(out.begin() + 1, {"--user", "--map-current-user"});
  io::ChildSpec trial;
  trial.argv = out;
  trial.argv.emplace_back("true");
  trial.environment = environment;
  const auto ran = io::run_command(trial, kTrial);
  if (!ran || !ran->exit.succeeded()) out.clear();
  return out;
}
}  // namespace

Result<void> refuse_development(const std::string& command) {
  for (const char* word : {"migrate dev", "migrate reset", "db push", "drizzle-kit push",
                           "--env development", "--env=development"}) {
    if (command.find(word) != std::string::npos)
      return Error(Code::Refused,
                   fmt::format("\"{}\" is a command for development: it may reset or guess the "
                               "schema",
                               command),
                   "use the tool's command for deployments, for example: npx knex migrate:up");
  }
  return ok();
}

Result<void> run_command(const Migrating& what, const migrations::Migration& migration) {
  auto spec = spec_of(what, migration);
  std::erase_if(spec.environment,
                [](const std::string& one) { return one.starts_with("DATABASE_URL="); });
  spec.environment.push_back("DATABASE_URL=" + what.url);
  return run(what, spec, "run slipway migrate status to see what stands");
}

Result<void> run_on_scratch(const Migrating& what, const migrations::Migration& migration,
                            const database::postgres::ScratchServer& server,
                            const std::string& database, const std::string& role) {
  auto spec = spec_of(what, migration);
  std::erase_if(spec.environment, says_where);
  const std::string user = role.empty() ? server.superuser() : role;
  // The host's place must hold something for some readers of addresses; what counts is the socket.
  for (auto& variable :
       {fmt::format("DATABASE_URL=postgresql://{}@localhost/{}?host={}", user, database,
                    server.folder()),
        "PGHOST=" + server.folder(), std::string("PGPORT=5432"), "PGDATABASE=" + database,
        "PGUSER=" + user, std::string("SLIPWAY_REHEARSAL=1")})
    spec.environment.push_back(variable);
  spec.argv = without_network(spec.environment);
  if (!spec.argv.empty()) {
    for (const auto& word : {std::string("/bin/sh"), std::string("-c"), spec.shell})
      spec.argv.push_back(word);
    spec.shell.clear();
  }
  spec.parent_death_signal = SIGKILL;
  return run(what, spec,
             "the command has to take its database from $DATABASE_URL, over a unix socket and "
             "without a network");
}

migrations::Settings settings_on_scratch(migrations::Settings settings) {
  settings.accepts_database = true;
  settings.max_lag = Millis(0);
  return settings;
}

migrations::Leave leave_on_scratch() {
  migrations::Leave out;
  out.through = migrations::Phase::Contract;
  out.accepted = {"out-of-order", "gap", "unknown", "other-tool", "mixed", "database"};
  return out;
}

}  // namespace slipway::app

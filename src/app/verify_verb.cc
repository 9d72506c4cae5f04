// slipway db verify.
#include "app/backup.h"
#include "app/interrupts.h"
#include "app/verbs.h"
#include "cli/target.h"
#include "database/proof/prove.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::app {
namespace {
namespace proof = database::proof;

constexpr int kNotGood = 1;

Result<proof::Terms> terms_of(const cli::Session& session, Json& details) {
  const auto loaded = TRY(cli::load_file(session, details));
  const auto environment = TRY(cli::pick_environment(loaded.config, session.given().text("ENV")));
  proof::Terms out;
  out.settings = TRY(backup_settings(
      loaded.config.environments.at(environment).database,
      {loaded.config.app, environment, loaded.file.folder, session.state_folder(), {}, {}}));
  out.into = io::join_path(out.settings.folder, "restore-test");
  out.compares = !session.given().has("--no-compare");
  out.checks_files = !session.given().has("--no-files");
  return out;
}
}  // namespace

int run_db_verify(cli::Session& session) {
  Json details;
  const auto terms = terms_of(session, details);
  if (!terms) return session.fail(terms.error(), details);
  io::SystemClock clock;
  database::backup::World world{clock, {}, notice_interrupts(), {}};
  std::string phase;
  world.on_progress = [&](const database::backup::Progress& progress) {
    if (progress.phase != phase) session.note(progress.phase);
    phase = progress.phase;
  };
  const auto proved = proof::prove(*terms, world);
  if (!proved) return session.fail(proved.error());
  if (session.wants_json()) {
    session.show(proof::to_json(*proved));
  } else {
    session.print(proof::in_words(*proved));
  }
  return proved->is_good() ? 0 : kNotGood;
}

}  // namespace slipway::app

// The steps that change the database: what only adds comes before the new instances start, so that
// both releases work with it; what takes away comes when nothing needs it any more.
#include <fmt/core.h>

#include "base/units.h"
#include "plan/draft.h"
#include "plan/gates.h"

namespace slipway::plan {

using config::ContractTime;

void Draft::migrate(std::string id, std::string stage, std::string last) {
  Step step{.id = std::move(id), .kind = StepKind::Migrate};
  step.stage = std::move(stage);
  step.last = std::move(last);
  step.text = fmt::format("apply pending migrations up to the phase {}", step.stage);
  if (!step.last.empty())
    step.text = fmt::format("apply contract migrations of earlier releases, up to {}", step.last);
  step.undoable = true;
  step.undo_text = "stop them; what is applied stays, the old release works with it";
  add(std::move(step));
}

// A gate of its own kind: nothing of production is changed, and what it finds stops the release.
void Draft::rehearse() {
  if (!rehearses(plan_.settings)) return;
  Step step{.id = std::string(kGateStep) + "rehearsal", .kind = StepKind::Migrate};
  step.stage = "rehearse";
  step.gate = "rehearsal";
  step.text = plan_.settings.database.migrations.rehearse_on == "backup"
                  ? "rehearse what is pending on the newest backup, restored on a scratch server"
                  : "rehearse what is pending on a scratch server, beside the release that runs";
  if (const auto skipped = skipped_text(plan_, step); !skipped.empty())
    step.text += "; what it finds stops nothing: " + skipped;
  step.undoable = true;
  step.undo_text = "stop it; production was not touched";
  add(std::move(step));
}

void Draft::migrate_first() {
  const auto& migrations = plan_.settings.database.migrations;
  if (!migrations.in_release) return;
  rehearse();
  if (!due_contract_.empty() && migrations.contract != ContractTime::Manual)
    migrate("migrate-contract-before", "contract", due_contract_);
  migrate("migrate-expand", "expand", {});
}

void Draft::migrate_rest() {
  if (!plan_.settings.database.migrations.in_release) return;
  migrate("migrate-data", "data", {});
}

void Draft::contract() {
  const auto& migrations = plan_.settings.database.migrations;
  if (!migrations.in_release || migrations.contract != ContractTime::AfterRetire) return;
  const Millis keep = plan_.settings.rollout.keep_old;
  if (has_old() && keep.count() > 0 && plan_.strategy != config::Strategy::Rolling &&
      plan_.strategy != config::Strategy::Recreate) {
    note(
        fmt::format("contract migrations wait for the next release: {} is kept for {} and needs "
                    "what they take away",
                    old_name(), to_text(keep)));
    return;
  }
  migrate("migrate-contract", "contract", {});
  auto& step = plan_.steps.back();
  step.on_failure = OnFailure::GoOn;
  step.undoable = false;
  step.undo_text.clear();
}

}  // namespace slipway::plan

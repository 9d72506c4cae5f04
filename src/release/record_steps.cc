// Preflight, Smoke, Promote, Notify: looking before, and book-keeping after.
#include "base/text.h"
#include "release/facts.h"
#include "release/performer.h"

namespace slipway::release {

using plan::StepKind;
using ports::Outcome;

ports::Outcome RecordSteps::act(const plan::Step& step, const OpId&) {
  if (step.kind == StepKind::Promote) return promote();
  // What is told is put into the outbox with the record of the end (release/notices.h); sending it
  // is no business of the release, which no channel can hold up.
  return Outcome::applied();
}

Sight RecordSteps::look(const plan::Step& step) {
  if (step.kind == StepKind::Preflight) return preflight();
  if (step.kind == StepKind::Smoke) return smoke(step);
  if (step.kind == StepKind::Promote) return promoted();
  return Sight::settled();  // Notify
}

Sight RecordSteps::promoted() {
  const auto row = scene_.world.store.live(scene_.app);
  if (!row) return Sight::pending(row.error().what, Millis(100));
  if (row->release == scene_.new_slot) return Sight::settled();
  return Sight::absent("the store still says " + row->release);
}

Sight RecordSteps::preflight() {
  auto findings = scene_.world.instances.preflight(scene_.plan);
  const auto routers = scene_.world.router.preflight(scene_.plan);
  findings.insert(findings.end(), routers.begin(), routers.end());
  std::string warnings;
  for (const auto& finding : findings) {
    if (finding.weight == ports::Finding::Weight::Blocks) return Sight::bad(finding.why.sentence());
    warnings += (warnings.empty() ? "" : "; ") + finding.why.what;
  }
  if (scene_.plan.kind == plan::RequestKind::Rollback) return Sight::settled(warnings);
  for (const auto& service : scene_.plan.settings.services) {
    const auto spec = scene_.workload(service.name, false);
    const auto digest =
        spec ? scene_.world.artifacts.resolve(*spec) : Result<std::string>(std::string());
    if (!digest) return Sight::bad(digest.error().sentence());
    if (*digest != spec->digest) {
      return Sight::bad("the files of " + service.name + " " + scene_.plan.version +
                        " changed after the plan was made");
    }
  }
  return Sight::settled(warnings);
}

// One check per look, so that a person's command is never kept waiting longer than one check takes.
Sight RecordSteps::smoke(const plan::Step& step) {
  const auto checks = plan::smoke_of(scene_.plan, step);
  if (smoked_step_ != step.id) {
    smoked_step_ = step.id;
    smoked_ = 0;
  }
  if (smoked_ >= checks.size())
    return Sight::settled(count_of(static_cast<long long>(checks.size()), "smoke check") +
                          " passed");
  const auto& check = checks[smoked_];
  const config::Service* service = scene_.service(check.service, false);
  if (service == nullptr) return Sight::bad("a smoke check names no service that listens");
  const auto view = scene_.world.instances.observe(scene_.slot(service->name, false));
  if (!view) return Sight::pending(view.error().what, Millis(100));
  if (view->instances.empty()) return Sight::bad("no instance of " + service->name + " runs");
  const auto spec = scene_.workload(service->name, false);
  const std::map<std::string, std::string> variables{
      {"SLIPWAY_APP", scene_.plan.app},
      {"SLIPWAY_ENVIRONMENT", scene_.plan.environment},
      {"SLIPWAY_VERSION", scene_.plan.version},
      {"SLIPWAY_RELEASE", scene_.release},
      {"SLIPWAY_SERVICE", service->name}};
  const auto seen = scene_.world.smoke.run(check, view->instances.front().address, variables,
                                           spec ? spec->dir : "");
  const std::string name = check.get.empty() ? check.run : "GET " + check.get;
  if (!seen.passed) return Sight::bad("smoke check " + name + ": " + seen.why);
  ++smoked_;
  return Sight::pending(name + " passed", Millis(0));
}

Outcome RecordSteps::promote() {
  const auto& plan = scene_.plan;
  const bool back = plan.kind == plan::RequestKind::Rollback;
  ports::LiveRow row;
  row.release = scene_.new_slot;
  const bool side_by_side =
      plan.strategy == config::Strategy::BlueGreen || plan.strategy == config::Strategy::Canary;
  if (plan.old && !back) {
    row.previous = plan.old->id;
    const auto keep = plan.settings.rollout.keep_old.count();
    if (side_by_side && keep > 0)
      row.previous_warm_until_ms = to_unix_ms(scene_.world.clock.now()) + keep;
  }
  if (back && plan.old) {
    const auto marked =
        mark_bad(scene_.world.store, plan.old->id, "taken back by " + scene_.release);
    if (!marked) return Outcome::not_applied(marked.error());
  }
  const auto written = scene_.world.store.set_live(scene_.lease, row);
  return written ? Outcome::applied() : Outcome::not_applied(written.error());
}

Outcome RecordSteps::undo() {
  ports::LiveRow row;
  if (scene_.plan.old) row.release = scene_.plan.old->id;
  if (scene_.plan.old && scene_.plan.kind == plan::RequestKind::Rollback) {
    const auto cleared = clear_bad(scene_.world.store, scene_.plan.old->id);
    if (!cleared) return Outcome::not_applied(cleared.error());
  }
  const auto written = scene_.world.store.set_live(scene_.lease, row);
  return written ? Outcome::applied() : Outcome::not_applied(written.error());
}

Sight RecordSteps::look_undone() {
  const auto row = scene_.world.store.live(scene_.app);
  if (!row) return Sight::pending(row.error().what, Millis(100));
  const std::string want = scene_.plan.old ? scene_.plan.old->id : "";
  return row->release == want ? Sight::settled()
                              : Sight::absent("the store still says " + row->release);
}

}  // namespace slipway::release

// The steps of each strategy, for a release of a new version.
#include <fmt/core.h>

#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
using When = config::GateCheck::When;

void start_all(Draft& draft) {
  for (const auto& service : draft.plan().settings.services) {
    draft.start(service);
    draft.probe(service);
  }
  draft.smoke();
}

// Workers of two releases must not run side by side for long: the old ones stop right after the
// promotion, and start again if it is taken back.
void retire_old_workers(Draft& draft) {
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    if (!old->listens) draft.retire_before_end(*old);
  }
}

void retire_old_listeners(Draft& draft) {
  const Millis keep = draft.plan().settings.rollout.keep_old;
  if (keep.count() > 0) {
    draft.note(
        fmt::format("{} stays warm for {} after the release, so that going back is one switch",
                    draft.plan().old->version, to_text(keep)));
    return;
  }
  draft.drain_old();
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    if (old->listens) draft.retire_at_end(*old);
  }
}

void finish_side_by_side(Draft& draft) {
  draft.promote();
  draft.stop_baseline();
  retire_old_workers(draft);
  draft.post_smoke();
  draft.checks(When::After);
  draft.migrate_rest();
  draft.watch();
  retire_old_listeners(draft);
  draft.contract();
  draft.notify();
}

// How many old instances carry the rest of the traffic while `count` of `wanted` new ones run.
int old_left(int old_instances, int count, int wanted) {
  const int rest = old_instances * (wanted - count);
  return (rest + wanted - 1) / wanted;
}

// Percents with two decimals, so that the plan reads well; the last batch is exactly 100.
double batch_percent(int count, int wanted) {
  return std::round(10'000.0 * count / wanted) / 100.0;
}

// One batch: new instances up to `count` take the place of old ones, `before` were new already.
void roll_batch(Draft& draft, const config::Service& service, int batch, int count, int before) {
  const config::Service* old = draft.replaced(service.name);
  const int wanted = service.instances;
  const int old_before = old == nullptr ? 0 : old_left(old->instances, before, wanted);
  const int old_after = old == nullptr ? 0 : old_left(old->instances, count, wanted);
  draft.start_batch(service, batch, count, before);
  draft.probe_batch(service, batch, count);
  if (batch == 1) draft.smoke_batch(service);
  if (service.listens) {
    Step shift{.id = fmt::format("shift-{}-{}", service.name, batch), .service = service.name};
    shift.old_count = old_after;
    shift.new_count = count;
    shift.percent = old == nullptr ? 100 : batch_percent(count, wanted);
    draft.shift_batch(shift);
    draft.judge(fmt::format("{}-{}", service.name, batch));
  }
  if (old_after == old_before) return;
  draft.drain_batch(*old, batch, old_before - old_after);
  draft.shrink_batch(*old, batch, old_after, old_before);
}

void roll_service(Draft& draft, const config::Service& service) {
  const int batch_size = std::max(1, draft.plan().settings.rollout.batch);
  int batch = 0;
  for (int before = 0; before < service.instances; before += batch_size) {
    const int count = std::min(service.instances, before + batch_size);
    roll_batch(draft, service, ++batch, count, before);
  }
}
}  // namespace

void write_first(Draft& draft) {
  draft.note(
      "nothing is live yet: the first release starts, is checked, and gets all traffic at once");
  draft.preflight();
  draft.gates();
  draft.migrate_first();
  start_all(draft);
  draft.checks(When::During);
  draft.shift(100);
  draft.promote();
  draft.post_smoke();
  draft.checks(When::After);
  draft.migrate_rest();
  draft.watch();
  draft.contract();
  draft.notify();
}

void write_blue_green(Draft& draft) {
  draft.preflight();
  draft.gates();
  draft.migrate_first();
  start_all(draft);
  draft.checks(When::During);
  draft.shift(100);
  draft.judge("100");
  finish_side_by_side(draft);
}

void write_canary(Draft& draft) {
  std::vector<double> steps = draft.plan().settings.rollout.steps;
  if (steps.empty() || steps.back() != 100) steps.push_back(100);
  draft.preflight();
  draft.gates();
  draft.migrate_first();
  start_all(draft);
  draft.start_baseline();
  for (const double percent : steps) {
    if (percent == 100) draft.checks(When::During);
    draft.shift(percent);
    draft.judge(percent_id(percent));
  }
  finish_side_by_side(draft);
}

void write_rolling(Draft& draft) {
  draft.preflight();
  draft.gates();
  draft.migrate_first();
  for (const auto& service : draft.plan().settings.services) roll_service(draft, service);
  draft.checks(When::During);
  draft.promote();
  for (const auto& old : draft.replaced()) {
    if (draft.plan().settings.service(old.name) == nullptr) draft.retire_before_end(old);
  }
  draft.post_smoke();
  draft.checks(When::After);
  draft.migrate_rest();
  draft.watch();
  draft.contract();
  draft.notify();
}

void write_recreate(Draft& draft) {
  draft.preflight();
  draft.gates();
  draft.migrate_first();
  if (draft.can().maintenance) {
    draft.maintenance();
  } else {
    draft.note(
        fmt::format("{} cannot show a maintenance page: requests fail between stop and start",
                    draft.can().router_name.empty() ? "the router" : draft.can().router_name));
  }
  draft.drain_old();
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    draft.retire_before_end(*old);
  }
  start_all(draft);
  draft.shift(100);
  draft.judge("100");
  // After the maintenance page is gone: nobody waits behind it for an answer.
  draft.checks(When::During);
  draft.promote();
  draft.post_smoke();
  draft.checks(When::After);
  draft.migrate_rest();
  draft.watch();
  draft.contract();
  draft.notify();
}

}  // namespace slipway::plan

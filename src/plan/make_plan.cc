#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
std::string or_word(const std::string& name, std::string_view word) {
  return name.empty() ? std::string(word) : name;
}

Error unsupported(std::string what, std::string next) {
  return {Code::Unsupported, std::move(what), std::move(next)};
}

Result<void> check_strategy(const Capabilities& can, config::Strategy strategy) {
  const std::string name(config::name_of(strategy));
  if (strategy == config::Strategy::Recreate) return ok();
  if (!can.side_by_side) {
    return unsupported(
        fmt::format("{} needs the old and the new release side by side, and {} cannot "
                    "run both at once",
                    name, or_word(can.platform_name, "the platform")),
        "use rollout.strategy: recreate");
  }
  if (strategy == config::Strategy::BlueGreen || can.weights) return ok();
  return unsupported(
      fmt::format("{} needs a router that gives each release a share of the traffic, and {} "
                  "can only send all of it or none",
                  name, or_word(can.router_name, "the router")),
      "use rollout.strategy: blue-green, or a router with weights such as edge");
}

bool needs_counts(const config::Environment& settings) {
  if (settings.rollout.judge.period.count() > 0) return true;
  if (settings.watch.count() == 0) return false;
  return std::any_of(
      settings.roll_back_when.begin(), settings.roll_back_when.end(),
      [](const auto& trigger) { return trigger.kind != config::Trigger::Kind::HealthFailing; });
}

bool needs_latencies(const config::Environment& settings) {
  return needs_counts(settings) &&
         std::any_of(settings.roll_back_when.begin(), settings.roll_back_when.end(),
                     [](const auto& trigger) {
                       return trigger.kind == config::Trigger::Kind::LatencyQuantile;
                     });
}

Result<void> check_counts(const Capabilities& can, const config::Environment& settings) {
  if (can.metrics && !can.latencies && needs_latencies(settings)) {
    return unsupported(
        fmt::format("judging by latency needs the time of each answer, and {} counts no times",
                    or_word(can.router_name, "the router")),
        "remove the latencies from roll_back_when, or use the router edge");
  }
  if (can.metrics || !needs_counts(settings)) return ok();
  return unsupported(
      fmt::format("judging needs counts per release, and {} does not count",
                  or_word(can.router_name, "the router")),
      "remove rollout.judge and the rates in roll_back_when, or use the router edge");
}

void note_what_is_odd(Draft& draft) {
  const auto& plan = draft.plan();
  if (plan.old && plan.old->version == plan.version) {
    draft.note(fmt::format("{} is live already: this releases it again", plan.version));
  }
  const bool looks =
      plan.settings.rollout.judge.period.count() > 0 || plan.settings.watch.count() > 0;
  if (!plan.settings.metrics.empty() && !looks)
    draft.note("metrics are not judged: neither rollout.judge nor watch has a time");
  if (plan.old && plan.settings.rollout.judge.period.count() > 0 &&
      plan.settings.roll_back_when.empty() && plan.settings.roll_back_on_alerts.empty() &&
      plan.settings.metrics.empty()) {
    draft.note("roll_back_when is empty: the judge periods only wait");
  }
  if (plan.old && !draft.can().drain) {
    draft.note(
        fmt::format("{} cannot wait for running requests: they may be cut when old instances stop",
                    or_word(draft.can().router_name, "the router")));
  }
}

void write_deploy(Draft& draft) {
  if (!draft.has_old()) return write_first(draft);
  switch (draft.plan().strategy) {
    case config::Strategy::BlueGreen:
      return write_blue_green(draft);
    case config::Strategy::Canary:
      return write_canary(draft);
    case config::Strategy::Rolling:
      return write_rolling(draft);
    case config::Strategy::Recreate:
      return write_recreate(draft);
  }
}

Result<Plan> make_deploy(Plan plan, const Facts& facts, const config::Environment& settings,
                         const Request& request) {
  if (request.version.empty()) {
    return Error(Code::Usage, "no version was named",
                 "slipway deploy " + request.environment + " VERSION");
  }
  plan.version = request.version;
  plan.settings = settings;
  plan.digests = facts.digests;
  plan.strategy = settings.rollout.strategy;
  if (facts.live) TRY(check_strategy(facts.capabilities, plan.strategy));
  TRY(check_counts(facts.capabilities, settings));
  if (facts.live) TRY(check_baseline(facts.capabilities, settings));
  TRY(check_edge_settings(facts.capabilities, settings));
  TRY(skip_gates(plan, request));
  auto replaced = TRY(old_services(plan));
  Draft draft(std::move(plan), facts, std::move(replaced));
  note_what_is_odd(draft);
  note_edge_changes(draft);
  note_recovery(draft);
  TRY(count_connections(draft, facts));
  write_deploy(draft);
  return draft.finish();
}

Result<LiveRelease> rollback_target(const Facts& facts, const Request& request) {
  const auto not_kept = [&] {
    return Error(Code::NotFound,
                 fmt::format("{} is not kept in {}", request.version, request.environment),
                 fmt::format("slipway deploy {} {}", request.environment, request.version));
  };
  if (!facts.previous && !request.version.empty()) return not_kept();
  if (!facts.previous) {
    return Error(Code::NothingToRollBack,
                 fmt::format("{} has no earlier release to go back to{}", request.environment,
                             facts.passed_over.empty() ? "" : ": " + facts.passed_over),
                 "deploy the version you want: slipway deploy " + request.environment + " VERSION");
  }
  const auto& target = *facts.previous;
  const bool named = request.version == target.version || request.version == target.id;
  if (!request.version.empty() && !named) return not_kept();
  if (target.bad && !named) {
    return Error(Code::Refused,
                 fmt::format("the release before this one, {} ({}), was itself taken back",
                             target.version, target.id),
                 fmt::format("name the version to go back to: slipway rollback {} VERSION",
                             request.environment));
  }
  return target;
}

// What took the old shape away cannot be undone by a switch, and is never undone by itself.
Result<void> check_schema(const LiveRelease& target, const Request& request) {
  if (target.broken_by.empty()) return ok();
  return Error(
      Code::Refused,
      fmt::format("{} ({}) cannot come back: the migration {}, applied since, took away what it "
                  "needs of the database",
                  target.version, target.id, target.broken_by),
      fmt::format("go forward with a version that fits the schema as it is; or slipway rollback {} "
                  "{} --with-database, which says first what that loses",
                  request.environment, target.version));
}

Result<Plan> make_rollback(Plan plan, const Facts& facts, const Request& request) {
  const LiveRelease target = TRY(rollback_target(facts, request));
  TRY(check_schema(target, request));
  auto settings = config::environment_from_json(target.environment);
  if (!settings) return settings.error().in("reading the stored settings of " + target.id);
  plan.version = target.version;
  plan.target_release = target.id;
  plan.settings = std::move(settings).value();
  plan.digests = target.digests;
  // Where both cannot run, going back is a recreate, whatever the release was made with.
  plan.strategy =
      facts.capabilities.side_by_side ? plan.settings.rollout.strategy : config::Strategy::Recreate;
  TRY(check_edge_settings(facts.capabilities, plan.settings));
  auto replaced = TRY(old_services(plan));
  Draft draft(std::move(plan), facts, std::move(replaced));
  draft.note(fmt::format("{} comes back with the settings it was released with ({})",
                         target.version, target.id));
  draft.note(target.warm ? "its instances still run: the switch comes first"
                         : "its instances no longer run and are started again first");
  write_rollback(draft, target.warm);
  return draft.finish();
}
}  // namespace

Result<std::vector<config::Service>> old_services(const Plan& plan) {
  if (!plan.old) return std::vector<config::Service>();
  if (plan.old->environment.is_null()) return plan.settings.services;
  auto settings = config::environment_from_json(plan.old->environment);
  if (!settings) return settings.error().in("reading the stored settings of " + plan.old->id);
  return std::move(settings).value().services;
}

Result<Plan> make_plan(const config::Config& config, const Facts& facts, const Request& request) {
  Plan plan;
  plan.kind = request.kind;
  plan.app = config.app;
  plan.environment = request.environment;
  plan.old = facts.live;
  if (request.kind == RequestKind::Rollback) return make_rollback(std::move(plan), facts, request);
  const auto found = config.environments.find(request.environment);
  if (found == config.environments.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : config.environments) names.push_back(name);
    const auto meant = nearest(request.environment, names);
    return Error(
        Code::Usage,
        fmt::format("there is no environment '{}' in {}", request.environment, config.file),
        meant ? fmt::format("did you mean '{}'?", *meant) : "there are: " + join(names, ", "));
  }
  return make_deploy(std::move(plan), facts, found->second, request);
}

std::vector<config::Smoke> smoke_of(const Plan& plan, const Step& step) {
  std::string first;
  for (const auto& service : plan.settings.services) {
    if (first.empty() && service.listens) first = service.name;
  }
  bool promoted = false;
  for (const auto& other : plan.steps) {
    if (other.id == step.id) break;
    promoted = promoted || other.kind == StepKind::Promote;
  }
  std::vector<config::Smoke> out;
  for (config::Smoke check : plan.settings.smoke) {
    if (check.service.empty()) check.service = first;
    if (!step.service.empty() && check.service != step.service) continue;
    if (promoted && check.get.empty()) continue;
    out.push_back(std::move(check));
  }
  return out;
}

}  // namespace slipway::plan

// Plans as documents: what `--json` prints, what the journal keeps, what the hash is over. The
// format is described in docs/formats/plan.md.
#include <array>

#include "base/digest.h"
#include "plan/plan.h"

namespace slipway::plan {
namespace {
constexpr std::array<std::pair<StepKind, std::string_view>, 16> kKinds{{
    {StepKind::Gate, "gate"},
    {StepKind::Preflight, "preflight"},
    {StepKind::Start, "start"},
    {StepKind::Probe, "probe"},
    {StepKind::Smoke, "smoke"},
    {StepKind::Shift, "shift"},
    {StepKind::Judge, "judge"},
    {StepKind::Promote, "promote"},
    {StepKind::Maintenance, "maintenance"},
    {StepKind::Drain, "drain"},
    {StepKind::Shrink, "shrink"},
    {StepKind::Retire, "retire"},
    {StepKind::Watch, "watch"},
    {StepKind::Notify, "notify"},
    {StepKind::Hook, "hook"},
    {StepKind::Migrate, "migrate"},
}};
constexpr std::array<config::Strategy, 4> kStrategies{
    config::Strategy::BlueGreen, config::Strategy::Canary, config::Strategy::Rolling,
    config::Strategy::Recreate};

Json texts_to_json(const std::map<std::string, std::string>& texts) {
  Json out = Json::object();
  for (const auto& [key, value] : texts) out.set(key, value);
  return out;
}

std::map<std::string, std::string> texts_from_json(const Json& json) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : json.members()) {
    if (value.is_string()) out[key] = value.as_string();
  }
  return out;
}

Json to_json(const LiveRelease& release) {
  return Json::object()
      .set("id", release.id)
      .set("version", release.version)
      .set("environment", release.environment)
      .set("digests", texts_to_json(release.digests))
      .set("warm", release.warm)
      .set("bad", release.bad);
}

LiveRelease live_from_json(const Json& json) {
  LiveRelease out;
  out.id = json.text("id");
  out.version = json.text("version");
  out.environment = json.at("environment");
  out.digests = texts_from_json(json.at("digests"));
  out.warm = json.flag("warm");
  out.bad = json.flag("bad");
  return out;
}

Json to_json(const Step& step) {
  Json out = Json::object();
  if (!step.stage.empty()) out.set("stage", step.stage);
  if (!step.last.empty()) out.set("last", step.last);
  if (step.baseline > 0) out.set("baseline", step.baseline);
  if (step.of_baseline) out.set("of_baseline", true);
  return out.set("id", step.id)
      .set("kind", name_of(step.kind))
      .set("service", step.service)
      .set("count", step.count)
      .set("old_count", step.old_count)
      .set("new_count", step.new_count)
      .set("percent", step.percent)
      .set("of_old", step.of_old)
      .set("successes", step.successes)
      .set("duration_ms", std::int64_t{step.duration.count()})
      .set("deadline_ms", std::int64_t{step.deadline.count()})
      .set("gate", step.gate)
      .set("on_expiry", config::name_of(step.on_expiry))
      .set("on_failure", name_of(step.on_failure))
      .set("undoable", step.undoable)
      .set("undo_count", step.undo_count)
      .set("undo_to_maintenance", step.undo_to_maintenance)
      .set("text", step.text)
      .set("undo_text", step.undo_text);
}

Result<Step> step_from_json(const Json& json) {
  const auto kind = step_kind_named(json.text("kind"));
  if (!kind || json.text("id").empty()) {
    return Error(Code::Corrupt,
                 "a stored plan has a step of unknown kind '" + json.text("kind") + "'");
  }
  Step out;
  out.id = json.text("id");
  out.kind = *kind;
  out.service = json.text("service");
  out.count = static_cast<int>(json.integer("count"));
  out.old_count = static_cast<int>(json.integer("old_count", -1));
  out.new_count = static_cast<int>(json.integer("new_count", -1));
  out.percent = json.number("percent");
  out.of_old = json.flag("of_old");
  out.baseline = json.number("baseline");
  out.of_baseline = json.flag("of_baseline");
  out.successes = static_cast<int>(json.integer("successes"));
  out.duration = Millis(json.integer("duration_ms"));
  out.deadline = Millis(json.integer("deadline_ms"));
  for (const auto one : {OnFailure::TakeBack, OnFailure::GoOn, OnFailure::DoWithout}) {
    if (json.text("on_failure") == name_of(one)) out.on_failure = one;
  }
  out.stage = json.text("stage");
  out.last = json.text("last");
  out.gate = json.text("gate");
  out.on_expiry = config::on_expiry_named(json.text("on_expiry"));
  out.undoable = json.flag("undoable");
  out.undo_count = static_cast<int>(json.integer("undo_count"));
  out.undo_to_maintenance = json.flag("undo_to_maintenance");
  out.text = json.text("text");
  out.undo_text = json.text("undo_text");
  return out;
}

Json to_json(const Skip& skip) {
  return Json::object()
      .set("gate", skip.gate)
      .set("how", skip.how)
      .set("by", skip.by)
      .set("reason", skip.reason);
}

// Both numbers where it is not known which one holds.
Json to_json(const Recovery& recovery) {
  using Moments = Recovery::Moments;
  Json out = Json::object();
  if (recovery.moments != Moments::Unknown)
    out.set("point_in_time", recovery.moments == Moments::Every);
  if (recovery.moments != Moments::OfDumps) out.set("rpo_ms", std::int64_t{recovery.rpo.count()});
  if (recovery.moments != Moments::Every)
    out.set("interval_ms", std::int64_t{recovery.interval.count()});
  return out;
}

std::optional<Recovery> recovery_from_json(const Json& json) {
  using Moments = Recovery::Moments;
  if (!json.is_object()) return std::nullopt;
  Recovery out;
  const Json& known = json.at("point_in_time");
  if (!known.is_null()) out.moments = known.as_bool() ? Moments::Every : Moments::OfDumps;
  out.rpo = Millis(json.integer("rpo_ms"));
  out.interval = Millis(json.integer("interval_ms"));
  return out;
}

Json without_hash(const Plan& plan) {
  Json skipped = Json::array();
  for (const auto& skip : plan.skipped) skipped.push_back(to_json(skip));
  Json steps = Json::array();
  for (const auto& step : plan.steps) steps.push_back(to_json(step));
  Json out = Json::object()
                 .set("kind", plan.kind == RequestKind::Rollback ? "rollback" : "deploy")
                 .set("app", plan.app)
                 .set("environment", plan.environment)
                 .set("version", plan.version)
                 .set("strategy", config::name_of(plan.strategy))
                 .set("settings", config::to_json(plan.settings))
                 .set("digests", texts_to_json(plan.digests))
                 .set("target_release", plan.target_release)
                 .set("old", plan.old ? to_json(*plan.old) : Json())
                 .set("skipped", std::move(skipped))
                 .set("notes", Json::array_of(plan.notes))
                 .set("steps", std::move(steps));
  if (plan.recovery) out.set("recovery", to_json(*plan.recovery));
  return out;
}

Result<config::Strategy> strategy_named(std::string_view name) {
  for (const auto strategy : kStrategies) {
    if (config::name_of(strategy) == name) return strategy;
  }
  return Error(Code::Corrupt,
               "a stored plan names the unknown strategy '" + std::string(name) + "'");
}
}  // namespace

std::string_view name_of(OnFailure on_failure) {
  if (on_failure == OnFailure::DoWithout) return "do_without";
  return on_failure == OnFailure::GoOn ? "go_on" : "take_back";
}

std::string_view name_of(StepKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  ASSERT(false);
}

std::optional<StepKind> step_kind_named(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

Json to_json(const Capabilities& capabilities) {
  return Json::object()
      .set("side_by_side", capabilities.side_by_side)
      .set("addressable", capabilities.addressable)
      .set("weights", capabilities.weights)
      .set("drain", capabilities.drain)
      .set("maintenance", capabilities.maintenance)
      .set("one_off", capabilities.one_off)
      .set("metrics", capabilities.metrics)
      .set("edge_settings", Json::array_of(capabilities.edge_settings))
      .set("latencies", capabilities.latencies)
      .set("third_share", capabilities.third_share)
      .set("platform", capabilities.platform_name)
      .set("router", capabilities.router_name);
}

Json to_json(const Plan& plan) { return without_hash(plan).set("hash", plan.hash); }

std::string hash_of(const Plan& plan) { return sha256_hex(without_hash(plan).canonical()); }

Result<Plan> plan_from_json(const Json& json) {
  if (!json.is_object()) return Error(Code::Corrupt, "a stored plan is not a JSON object");
  Plan out;
  out.kind = json.text("kind") == "rollback" ? RequestKind::Rollback : RequestKind::Deploy;
  out.app = json.text("app");
  out.environment = json.text("environment");
  out.version = json.text("version");
  out.strategy = TRY(strategy_named(json.text("strategy")));
  auto settings = config::environment_from_json(json.at("settings"));
  if (!settings) return settings.error().in("reading a stored plan");
  out.settings = std::move(settings).value();
  out.digests = texts_from_json(json.at("digests"));
  out.target_release = json.text("target_release");
  if (json.at("old").is_object()) out.old = live_from_json(json.at("old"));
  for (const auto& one : json.at("skipped").items())
    out.skipped.push_back({one.text("gate"), one.text("how"), one.text("by"), one.text("reason")});
  out.recovery = recovery_from_json(json.at("recovery"));
  out.notes = json.strings("notes");
  for (const auto& step : json.at("steps").items()) out.steps.push_back(TRY(step_from_json(step)));
  out.hash = json.text("hash");
  return out;
}

}  // namespace slipway::plan

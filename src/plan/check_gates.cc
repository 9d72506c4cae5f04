// The gates that look at something or ask a person: one step for each check, where its `when` says.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "plan/draft.h"
#include "plan/gates.h"

namespace slipway::plan {
namespace {
using config::GateCheck;
using Kind = GateCheck::Kind;

std::string source_of(const GateCheck& check) {
  if (!check.file.empty()) return check.file;
  return check.url.empty() ? "what `" + check.run + "` prints" : check.url;
}

std::string limits_text(const GateCheck& check) {
  std::vector<std::string> out;
  for (const auto& [name, limit] : check.limits) out.push_back(fmt::format("{} {:g}", name, limit));
  return join(out, ", ");
}

std::string flags_text(const GateCheck& check) {
  std::vector<std::string> out;
  for (const auto& [name, state] : check.flags) out.push_back(name + " " + state);
  return join(out, ", ");
}

std::string text_of(const GateCheck& check) {
  switch (check.kind) {
    case Kind::Ask:
      return fmt::format("ask {}: {}",
                         check.people.empty() ? "a person" : join(check.people, " or "),
                         check.question);
    case Kind::Run:
      return fmt::format("run `{}`, which must end with 0", check.run);
    case Kind::File:
      return fmt::format("look whether {} is there{}", check.file,
                         check.contains.empty() ? "" : " and holds \"" + check.contains + "\"");
    case Kind::Tests:
      return fmt::format("look whether every test in {} passed", check.file);
    case Kind::Variables:
      return "look whether every service gets " + join(check.variables, ", ");
    case Kind::Tag:
      return "look whether git has a tag of the version";
    case Kind::RollbackPlan:
      return "look whether this plan can be taken back";
    case Kind::Alerts:
      return "look whether somebody is told when it goes wrong";
    case Kind::Scan:
      return fmt::format("look whether {} is within: {}", source_of(check), limits_text(check));
    case Kind::Flags:
      return fmt::format("look whether {} has: {}", source_of(check), flags_text(check));
    case Kind::LoadTest:
      return fmt::format("look whether {} is within: {}", source_of(check), limits_text(check));
  }
  return {};
}
}  // namespace

std::string gate_name(const GateCheck& check) {
  return fmt::format("{}.{}", config::gate_of(check.kind), check.name);
}

const GateCheck* check_of(const Plan& plan, const Step& step) {
  if (step.kind != StepKind::Gate) return nullptr;
  for (const auto& check : plan.settings.gates.checks) {
    if (gate_name(check) == step.gate) return &check;
  }
  return nullptr;
}

bool is_before_changes(const Plan& plan, const Step& step) {
  for (const auto& one : plan.steps) {
    if (&one == &step) return true;
    if (one.undoable) return false;
  }
  return false;
}

void Draft::checks(GateCheck::When when) {
  for (const auto& check : plan_.settings.gates.checks) {
    if (check.when != when || plan_.kind == RequestKind::Rollback) continue;
    Step step{.id = std::string(kGateStep) + replace_all(gate_name(check), ".", "-"),
              .kind = StepKind::Gate};
    step.gate = gate_name(check);
    step.on_expiry = check.patience.on_expiry;
    const std::string skipped = skipped_text(plan_, step);
    if (skipped.empty()) step.deadline = check.patience.expires;
    step.text = fmt::format("{} {}: {}", config::gate_of(check.kind), check.name,
                            skipped.empty() ? text_of(check) : "do not look; " + skipped);
    add(std::move(step));
  }
}

}  // namespace slipway::plan

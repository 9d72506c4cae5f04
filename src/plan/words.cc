// A plan as a page a person reads before saying yes.
#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"
#include "plan/gates.h"
#include "plan/plan.h"

namespace slipway::plan {
namespace {
std::string header(const Plan& plan) {
  const std::string from = plan.old ? plan.old->version : "nothing";
  const std::string what =
      plan.kind == RequestKind::Rollback ? "rollback" : std::string(config::name_of(plan.strategy));
  return fmt::format("{} in {}: {} -> {} ({})\nplan {}\n", plan.app, plan.environment, from,
                     plan.version, what, plan.hash.substr(0, 12));
}

// What a failure of steps[at] leads to, with the numbers of the steps that are undone.
std::string failure_text(const Plan& plan, std::size_t at) {
  if (plan.steps[at].on_failure == OnFailure::GoOn) return "note it and go on";
  if (plan.steps[at].on_failure == OnFailure::DoWithout) {
    const bool begins =
        plan.steps[at].kind == StepKind::Start || plan.steps[at].kind == StepKind::Probe;
    return begins ? "go on without it, judged beside the old release" : "note it and go on";
  }
  std::vector<std::string> undone;
  for (std::size_t i = 0; i <= at; ++i) {
    if (comes_before_undo(plan.steps[i])) undone.push_back(std::to_string(i + 1));
  }
  for (std::size_t i = at + 1; i-- > 0;) {
    const bool undoes = plan.steps[i].undoable && !comes_before_undo(plan.steps[i]);
    if (undoes) undone.push_back(std::to_string(i + 1));
  }
  if (undone.empty()) return "stop here, nothing has changed";
  return "undo " + join(undone, ", ");
}

std::string gate_text(const Plan& plan, std::size_t at) {
  const Step& step = plan.steps[at];
  if (step.deadline.count() == 0) return {};  // left out: nothing is waited for
  std::string outcome = "abort, nothing has changed";
  if (step.on_expiry == config::OnExpiry::Hold) outcome = "wait for a person";
  if (step.on_expiry == config::OnExpiry::GoOn) outcome = "go on, on the record";
  const bool takes_back =
      step.on_expiry == config::OnExpiry::Abort && !is_before_changes(plan, step);
  if (takes_back) outcome = failure_text(plan, at);
  return fmt::format("    if it is not open within {}: {}\n", to_text(step.deadline), outcome);
}
}  // namespace

Millis judged_time(const Plan& plan) {
  Millis total{0};
  for (const auto& step : plan.steps) {
    if (step.kind == StepKind::Judge || step.kind == StepKind::Watch) total += step.duration;
  }
  return total;
}

std::string in_words(const Plan& plan) {
  std::string out = header(plan);
  for (const auto& note : plan.notes) out += "note: " + note + "\n";
  out += "\n";
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    out += fmt::format("{:2}. {}\n", i + 1, step.text);
    out += step.kind == StepKind::Gate
               ? gate_text(plan, i)
               : fmt::format("    if it fails: {}\n", failure_text(plan, i));
    if (step.kind == StepKind::Judge)
      out += "    if there is too little traffic: wait for a person\n";
    if (step.undoable) out += fmt::format("    undone by: {}\n", step.undo_text);
  }
  const Millis judged = judged_time(plan);
  out += judged.count() == 0
             ? std::string("\nNothing is judged or watched by numbers.\n")
             : fmt::format("\nJudged and watched for {} in all.\n", to_text(judged));
  return out;
}

}  // namespace slipway::plan

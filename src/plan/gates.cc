#include "plan/gates.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "plan/approvals.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
bool is_skipped(const Plan& plan, std::string_view gate) {
  return std::any_of(plan.skipped.begin(), plan.skipped.end(),
                     [&](const Skip& skip) { return skip.gate == gate; });
}

bool has_gate(const config::Environment& settings, std::string_view gate) {
  const config::Gates& gates = settings.gates;
  if (gate == "rehearsal") return rehearses(settings);
  if (gate == "approvals") return gates.approvals.need > 0;
  if (gate == "window") return !gates.window.is_open_always();
  if (gate == "freeze") return !gates.freeze.empty();
  return std::any_of(gates.checks.begin(), gates.checks.end(), [&](const auto& check) {
    return gate == config::gate_of(check.kind) || gate == gate_name(check);
  });
}

// Every name that --override takes here.
std::vector<std::string> names_of(const config::Gates& gates) {
  std::vector<std::string> out(std::begin(kGateNames), std::end(kGateNames));
  for (const auto& check : gates.checks) out.push_back(gate_name(check));
  return out;
}

std::string calendar_text(const config::Gates& gates) {
  std::vector<std::string> freezes;
  for (const auto& freeze : gates.freeze) freezes.push_back(freeze_text(freeze));
  const std::string window = window_text(gates.window);
  if (freezes.empty()) return "wait for the window " + window;
  const std::string frozen = "not frozen (" + join(freezes, "; ") + ")";
  return window.empty() ? "wait until it is " + frozen
                        : fmt::format("wait for the window {}, {}", window, frozen);
}

std::string said_by(const Skip& skip) {
  return fmt::format("{} {} by {}: {}", skip.gate,
                     skip.how == "hotfix" ? "left out for a hotfix" : "overridden", skip.by,
                     skip.reason);
}
}  // namespace

bool rehearses(const config::Environment& settings) {
  const auto& migrations = settings.database.migrations;
  return migrations.in_release && migrations.rehearse != config::Rehearse::Off;
}

bool was_refused_by_gate(std::string_view reason) { return reason.starts_with(kGateStep); }

config::Gates gates_in_force(const Plan& plan) {
  config::Gates out = plan.settings.gates;
  if (is_skipped(plan, "window")) {
    out.window.days.clear();
    out.window.hours.clear();
  }
  if (is_skipped(plan, "freeze")) out.freeze.clear();
  return out;
}

const Step* gate_step(const Plan& plan, std::string_view gate) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    return step.kind == StepKind::Gate && step.gate == gate;
  });
  return found == plan.steps.end() ? nullptr : &*found;
}

std::string skipped_text(const Plan& plan, const Step& step) {
  std::vector<std::string> out;
  for (const auto& skip : plan.skipped) {
    const bool of_step = skip.gate == step.gate || step.gate.starts_with(skip.gate + ".") ||
                         (step.gate == "window" && skip.gate == "freeze");
    if (of_step) out.push_back(said_by(skip));
  }
  return join(out, "; ");
}

GateAnswer answer_of(const Calendar& calendar, std::int64_t now_s) {
  GateAnswer out;
  out.why = calendar.why_closed(now_s);
  out.open = out.why.empty();
  if (out.open) {
    const auto closes = calendar.next_closing(now_s);
    out.why = closes ? "open until " + calendar.text_of(*closes) : "open";
    return out;
  }
  out.opens_s = calendar.next_opening(now_s);
  out.why += out.opens_s ? "; it opens " + calendar.text_of(*out.opens_s)
                         : "; it does not open within two years";
  return out;
}

std::string why_hopeless(const Step& step, const GateAnswer& answer, const Calendar& calendar,
                         std::int64_t now_s) {
  if (answer.open || step.on_expiry == config::OnExpiry::Hold) return {};
  if (answer.opens_s && *answer.opens_s <= now_s + step.deadline.count() / 1000) return {};
  return fmt::format("{}, and a release waits until {} at most (window.expires: {})", answer.why,
                     calendar.text_of(now_s + step.deadline.count() / 1000),
                     to_text(step.deadline));
}

Result<void> skip_gates(Plan& plan, const Request& request) {
  const bool any = request.hotfix || !request.overrides.empty();
  if (any && trim(request.reason).empty()) {
    return Error(Code::Usage, "leaving out a gate needs a reason",
                 "add --reason \"…\"; it stands in the journal and in the history");
  }
  const auto names = names_of(plan.settings.gates);
  for (const auto& gate : request.overrides) {
    if (std::find(names.begin(), names.end(), gate) == names.end()) {
      const auto near = nearest(gate, names);
      return Error(
          Code::Usage, fmt::format("there is no gate '{}'", gate),
          near ? fmt::format("did you mean '{}'?", *near) : "the gates are: " + join(names, ", "));
    }
  }
  const auto& gates = plan.settings.gates;
  const auto add = [&](const std::string& gate, std::string how) {
    if (has_gate(plan.settings, gate) && !is_skipped(plan, gate))
      plan.skipped.push_back({gate, std::move(how), request.by, request.reason});
  };
  for (const auto& gate : request.overrides) add(gate, "override");
  if (!request.hotfix) return ok();
  for (const auto& gate : gates.hotfix_skips) add(gate, "hotfix");
  return ok();
}

void Draft::gates() {
  for (const auto& skip : plan_.skipped) note(said_by(skip));
  checks(config::GateCheck::When::Before);
  approvals_gate();
  window_gate();
}

void Draft::approvals_gate() {
  const auto& written = plan_.settings.gates.approvals;
  if (written.need == 0) return;
  Step step{.id = std::string(kGateStep) + "approvals", .kind = StepKind::Gate};
  step.gate = "approvals";
  step.deadline = written.patience.expires;
  step.on_expiry = written.patience.on_expiry;
  const std::string skipped = skipped_text(plan_, step);
  if (!skipped.empty()) step.deadline = Millis(0);
  step.text = skipped.empty()
                  ? fmt::format("wait for {} from {}", count_of(written.need, "approval"),
                                approvers_text(written))
                  : "do not wait for approvals; " + skipped;
  add(std::move(step));
}

void Draft::window_gate() {
  const auto& written = plan_.settings.gates;
  if (!written.has_calendar()) return;
  Step step{.id = std::string(kGateStep) + "window", .kind = StepKind::Gate};
  step.gate = "window";
  step.deadline = written.window.patience.expires;
  step.on_expiry = written.window.patience.on_expiry;
  const auto gates = gates_in_force(plan_);
  const std::string skipped = skipped_text(plan_, step);
  if (!gates.has_calendar()) step.deadline = Millis(0);
  step.text = gates.has_calendar() ? calendar_text(gates) : "do not wait";
  if (!skipped.empty()) step.text += "; " + skipped;
  add(std::move(step));
}

}  // namespace slipway::plan

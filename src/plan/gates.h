#pragma once
// Gates: what must be open before a release changes anything, and the answer at an instant. Pure.
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "plan/calendar.h"
#include "plan/plan.h"

namespace slipway::plan {

// The names by which a gate is left out; one check of a gate as "checklist.migrations".
inline constexpr std::string_view kGateNames[] = {"window", "freeze", "approvals",  "checklist",
                                                  "scans",  "flags",  "load_tests", "rehearsal"};
// Every gate's step is "gate-…": what ends there was refused, not broken.
inline constexpr std::string_view kGateStep = "gate-";
bool was_refused_by_gate(std::string_view reason);

// Whether its releases try their migrations before they run them.
bool rehearses(const config::Environment& settings);

// The settings of the plan's gates without what is left out.
config::Gates gates_in_force(const Plan& plan);
// The step that waits for this gate; null when the plan has none.
const Step* gate_step(const Plan& plan, std::string_view gate);
// check_gates.cc: "checklist.migrations", and the check a step looks at; null when it is none.
std::string gate_name(const config::GateCheck& check);
const config::GateCheck* check_of(const Plan& plan, const Step& step);
// Whether nothing has been changed when this step is reached.
bool is_before_changes(const Plan& plan, const Step& step);
// "window overridden by ada: payments fail"; empty when nothing of this step is left out.
std::string skipped_text(const Plan& plan, const Step& step);

struct GateAnswer {
  bool open = false;
  std::string why;                        // a sentence, also when it is open
  std::optional<std::int64_t> opens_s{};  // closed: when, as far as that is known
};
// The window and the freezes of a plan.
GateAnswer answer_of(const Calendar& calendar, std::int64_t now_s);
// Why a release with this plan cannot begin before the gate's patience ends; empty: it can.
std::string why_hopeless(const Step& step, const GateAnswer& answer, const Calendar& calendar,
                         std::int64_t now_s);

}  // namespace slipway::plan

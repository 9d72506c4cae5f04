#pragma once
// What a check of a gate asks of the world, and what the answer means: open or closed, in a
// sentence. Pure.
#include <cstdint>
#include <optional>

#include "plan/gates.h"
#include "plan/plan.h"
#include "ports/inquiry.h"

namespace slipway::checks {

// What is asked for this check; nullopt where the plan itself, or a person, has the answer.
// release: its id; empty before there is one.
std::optional<ports::Question> question_of(const plan::Plan& plan, const config::GateCheck& check,
                                           const std::string& release);
// evidence: the answer to that question.
plan::GateAnswer answer_of(const plan::Plan& plan, const config::GateCheck& check,
                           const ports::Evidence& evidence, std::int64_t now_ms);

}  // namespace slipway::checks

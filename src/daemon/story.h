#pragma once
// Story: what a release's journal tells, for somebody who was not there: what happened in order,
// which gates were decided by whom, what was judged and on which numbers. Pure.
#include <vector>

#include "base/json.h"
#include "plan/approvals.h"
#include "plan/plan.h"
#include "ports/store.h"

namespace slipway::daemon {

// [{at_ms, took_ms, what, step, text, result, why}], oldest first. what: step, undo, hold, word (of
// a person), daemon (taken up again). took_ms: -1 where nothing took time.
Json story_document(const plan::Plan& plan, const std::vector<ports::Record>& records);
// [{gate, step, text, result, at_ms, why, skipped: {how, by, reason}, approvals}]
Json decided_gates(const plan::Plan& plan, const std::vector<ports::Record>& records,
                   const std::vector<plan::Approval>& approvals);
// [{step, text, at_ms, answer, evidence}]: every word of the judge, of the watch and of the guard.
Json judgements_document(const plan::Plan& plan, const std::vector<ports::Record>& records);

}  // namespace slipway::daemon

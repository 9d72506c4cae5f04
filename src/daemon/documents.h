#pragma once
// The API's documents: what a record, a release row, a machine state look like outside
// (docs/reference/openapi.yaml). Pure.
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "plan/plan.h"
#include "ports/store.h"
#include "release/machine.h"

namespace slipway::daemon {

Json error_document(const Error& error,
                    const Json& details = {});  // details: members added to "error"
int http_status(Code code);
Json problem_document(const Error& error);

Json state_document(const release::State& state);
// The index (from 1) of the plan's step that `step` (or "undo-…" of it) names; 0: none.
int step_number(const plan::Plan& plan, const std::string& step);
bool is_taking_back(release::Phase phase);
// The new release's share of the traffic in this state.
double percent_new(const plan::Plan& plan, const release::State& state);
Json record_document(const ports::Record& record, const plan::Plan& plan);
std::string record_event(const ports::Record& record, const plan::Plan& plan);
std::string progress_event(const std::string& release, const std::string& step,
                           const std::string& text, std::int64_t at_ms);

int exit_code_of(const ports::ReleaseRow& row);  // 0, 4, 5
std::string ended_event(const ports::ReleaseRow& row, std::int64_t last_seq);
Json release_document(const ports::ReleaseRow& row, const std::string& live_release,
                      const std::string& bad);
// A notice and how far it has got, channel by channel.
Json notice_document(const ports::Notice& notice, const std::vector<ports::Delivery>& deliveries);

}  // namespace slipway::daemon

#pragma once
// The JSON of docs/formats/command-driver.md: ports' values to documents and back. Pure. Reading is
// lenient about what is left out and strict about what decides (outcome, state, mode).
#include "base/json.h"
#include "ports/instances.h"
#include "ports/outcome.h"
#include "ports/router.h"

namespace slipway::drivers::command {

Json request(std::string_view call);  // {"slipway": 1, "call": …}

Json to_json(const ports::Slot& slot);
Json to_json(const ports::TaskSpec& task);

ports::Outcome outcome_of(const Json& answer);
Error error_of(const Json& error);
plan::Capabilities platform_capabilities_of(const Json& answer);
plan::Capabilities router_capabilities_of(const Json& answer);
Result<std::vector<ports::Finding>> findings_of(const Json& answer);

Result<ports::SlotView> slot_view_of(const Json& answer);
Result<std::vector<ports::Slot>> slots_of(const Json& answer);
Result<ports::TaskView> task_view_of(const Json& answer);
Result<ports::Split> split_of(const Json& json);
Result<ports::SplitView> split_view_of(const Json& answer);
Result<ports::DrainView> drain_view_of(const Json& answer);
Result<ports::Counts> counts_of(const Json& answer);

}  // namespace slipway::drivers::command

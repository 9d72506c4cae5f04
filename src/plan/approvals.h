#pragma once
// Approvals: who may say yes to a plan, whether a yes counts, and how many are missing. Pure; where
// they are kept is the store's matter.
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/gates.h"
#include "plan/plan.h"

namespace slipway::plan {

struct Approval {
  std::string by;         // the sure name of a person
  std::string role;       // for which they were asked; empty: by name
  std::string plan_hash;  // what was approved
  std::string via;        // token, socket, link
  std::string note;
  std::int64_t at_ms = 0;
};
Json to_json(const Approval& approval);
Approval approval_from_json(const Json& json);
// Keys of the store: "approval/r-0042/kim".
std::string approval_prefix(const std::string& release);

// "qa (kim, lee), ada"
std::string approvers_text(const config::Approvals& approvals);

// The approval, when it counts. Refused, with the reason: another plan, who asked, nobody who may,
// once more by the same person. `requester`: who asked for the release.
Result<Approval> accept_approval(const Plan& plan, const std::vector<Approval>& given,
                                 const std::string& requester, Approval offered);
// Whether enough of those given count; what does not count any more is not counted.
GateAnswer answer_of(const Plan& plan, const std::vector<Approval>& given,
                     const std::string& requester);

}  // namespace slipway::plan

#pragma once
// What a person is asked, once, for one plan, and whether an answer counts. Where answers are kept
// is the store's matter.
#include <cstdint>
#include <string>
#include <vector>

#include "plan/gates.h"
#include "plan/plan.h"

namespace slipway::checks {

struct Confirmation {
  std::string item;       // "support"
  std::string by;         // the sure name of a person
  std::string plan_hash;  // for what
  std::string via;        // token, socket
  std::string note;
  std::int64_t at_ms = 0;
};
Json to_json(const Confirmation& confirmation);
Confirmation confirmation_from_json(const Json& json);
// Keys of the store: "confirmation/r-0042/support".
std::string confirmation_prefix(const std::string& release);

// The confirmation, when it counts. Refused, with the reason: no such item, another plan, somebody
// who is not asked, once more.
Result<Confirmation> accept_confirmation(const plan::Plan& plan,
                                         const std::vector<Confirmation>& given,
                                         Confirmation offered);
// Whether `person` may answer what `item` asks of a plan.
bool is_asked_of(const plan::Plan& plan, const std::string& item, const std::string& person);
plan::GateAnswer answer_of(const plan::Plan& plan, const config::GateCheck& check,
                           const std::vector<Confirmation>& given);

}  // namespace slipway::checks

#include "checks/people.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace slipway::checks {
namespace {
using config::GateCheck;
using plan::Plan;

Error refused(std::string what, std::string next) {
  return {Code::Refused, std::move(what), std::move(next)};
}

std::string asked_people(const GateCheck& check) {
  return check.people.empty() ? "a person" : join(check.people, " or ");
}

bool may_answer(const GateCheck& check, const std::string& person) {
  return check.people.empty() ||
         std::find(check.people.begin(), check.people.end(), person) != check.people.end();
}

const Confirmation* confirmed(const Plan& plan, const GateCheck& check,
                              const std::vector<Confirmation>& given) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const Confirmation& one) {
    return one.item == check.name && one.plan_hash == plan.hash && may_answer(check, one.by);
  });
  return found == given.end() ? nullptr : &*found;
}

Error no_such_item(const Plan& plan, const std::string& item) {
  std::vector<std::string> asked;
  for (const auto& check : plan.settings.gates.checks) {
    if (check.name == item && !is_asked(check)) {
      return refused(fmt::format("'{}' is nothing a person confirms: slipway looks itself", item),
                     "make it hold, or leave it out on the record: --override checklist." + item);
    }
    if (is_asked(check)) asked.push_back(check.name);
  }
  if (asked.empty())
    return refused("this release asks nobody anything", "see its plan: slipway history");
  const auto near = nearest(item, asked);
  return refused(
      fmt::format("there is no item '{}' to confirm", item),
      near ? fmt::format("did you mean '{}'?", *near) : "asked are: " + join(asked, ", "));
}
}  // namespace

Json to_json(const Confirmation& confirmation) {
  return Json::object()
      .set("item", confirmation.item)
      .set("by", confirmation.by)
      .set("plan_hash", confirmation.plan_hash)
      .set("via", confirmation.via)
      .set("note", confirmation.note)
      .set("at_ms", confirmation.at_ms);
}

Confirmation confirmation_from_json(const Json& json) {
  return {json.text("item"), json.text("by"),   json.text("plan_hash"),
          json.text("via"),  json.text("note"), json.integer("at_ms")};
}

std::string confirmation_prefix(const std::string& release) {
  return "confirmation/" + release + "/";
}

Result<Confirmation> accept_confirmation(const Plan& plan, const std::vector<Confirmation>& given,
                                         Confirmation offered) {
  const auto& checks = plan.settings.gates.checks;
  const auto check = std::find_if(checks.begin(), checks.end(), [&](const GateCheck& one) {
    return one.name == offered.item && is_asked(one);
  });
  if (check == checks.end()) return no_such_item(plan, offered.item);
  if (offered.plan_hash != plan.hash) {
    return refused(fmt::format("the answer is for the plan {}, and this release carries out {}",
                               offered.plan_hash.substr(0, 12), plan.hash.substr(0, 12)),
                   "look at it, then answer: slipway confirm " + plan.environment);
  }
  if (!may_answer(*check, offered.by)) {
    return refused(fmt::format("{} is not asked about '{}'; {} is", offered.by, check->name,
                               asked_people(*check)),
                   "ask them, or name more people under 'from' and deploy again");
  }
  if (const auto* first = confirmed(plan, *check, given)) {
    return refused(fmt::format("'{}' was confirmed by {} already", check->name, first->by),
                   "it is asked once; what is still missing: slipway status");
  }
  return offered;
}

bool is_asked_of(const Plan& plan, const std::string& item, const std::string& person) {
  const auto& checks = plan.settings.gates.checks;
  return std::any_of(checks.begin(), checks.end(), [&](const GateCheck& one) {
    return one.name == item && is_asked(one) && may_answer(one, person);
  });
}

plan::GateAnswer answer_of(const Plan& plan, const GateCheck& check,
                           const std::vector<Confirmation>& given) {
  const auto* yes = confirmed(plan, check, given);
  if (yes == nullptr)
    return {
        false, fmt::format("{} has not confirmed: {}", asked_people(check), check.question), {}};
  return {true,
          fmt::format("{}: confirmed by {}{}", check.question, yes->by,
                      yes->note.empty() ? "" : " (" + yes->note + ")"),
          {}};
}

}  // namespace slipway::checks

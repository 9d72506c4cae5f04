#include "plan/approvals.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace slipway::plan {
namespace {
bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The role for which a person is asked, empty when by name; nullopt: they are not.
std::optional<std::string> role_of(const config::Approvals& asked, const std::string& person) {
  for (const auto& [role, people] : asked.roles) {
    if (holds(people, person)) return role;
  }
  const bool by_name = holds(asked.from, person) && !asked.roles.contains(person);
  return by_name ? std::optional<std::string>("") : std::nullopt;
}

std::string named(const Approval& approval) {
  return approval.role.empty() ? approval.by : fmt::format("{} ({})", approval.by, approval.role);
}

bool counts(const Plan& plan, const Approval& approval, const std::string& requester) {
  return approval.plan_hash == plan.hash && approval.by != requester &&
         role_of(plan.settings.gates.approvals, approval.by).has_value();
}

Error refused(std::string what, std::string next) {
  return {Code::Refused, std::move(what), std::move(next)};
}
}  // namespace

Json to_json(const Approval& approval) {
  return Json::object()
      .set("by", approval.by)
      .set("role", approval.role)
      .set("plan_hash", approval.plan_hash)
      .set("via", approval.via)
      .set("note", approval.note)
      .set("at_ms", approval.at_ms);
}

Approval approval_from_json(const Json& json) {
  return {json.text("by"),  json.text("role"), json.text("plan_hash"),
          json.text("via"), json.text("note"), json.integer("at_ms")};
}

std::string approval_prefix(const std::string& release) { return "approval/" + release + "/"; }

std::string approvers_text(const config::Approvals& approvals) {
  std::vector<std::string> out;
  for (const auto& name : approvals.from) {
    const auto role = approvals.roles.find(name);
    out.push_back(role == approvals.roles.end()
                      ? name
                      : fmt::format("{} ({})", name, join(role->second, ", ")));
  }
  return join(out, ", ");
}

Result<Approval> accept_approval(const Plan& plan, const std::vector<Approval>& given,
                                 const std::string& requester, Approval offered) {
  const auto& asked = plan.settings.gates.approvals;
  if (offered.plan_hash != plan.hash) {
    return refused(fmt::format("the approval is for the plan {}, and this release carries out {}: "
                               "it is not what was looked at",
                               offered.plan_hash.substr(0, 12), plan.hash.substr(0, 12)),
                   "look at it, then approve: slipway approve " + plan.environment);
  }
  const auto role = role_of(asked, offered.by);
  if (!role) {
    return refused(
        fmt::format("{} is not among those who may approve: {}", offered.by, approvers_text(asked)),
        "ask one of them, or name them in approvals.from and deploy again");
  }
  if (offered.by == requester) {
    return refused(fmt::format("{} asked for this release and cannot approve it", offered.by),
                   "ask somebody else of: " + approvers_text(asked));
  }
  const bool again = std::any_of(given.begin(), given.end(), [&](const Approval& one) {
    return one.by == offered.by && one.plan_hash == offered.plan_hash;
  });
  if (again) {
    return refused(fmt::format("{} has approved this release already", offered.by),
                   "what is still missing: slipway status");
  }
  offered.role = *role;
  return offered;
}

GateAnswer answer_of(const Plan& plan, const std::vector<Approval>& given,
                     const std::string& requester) {
  const auto& asked = plan.settings.gates.approvals;
  std::set<std::string> people;
  std::vector<std::string> names;
  for (const auto& one : given) {
    if (counts(plan, one, requester) && people.insert(one.by).second) names.push_back(named(one));
  }
  GateAnswer out;
  const int missing = asked.need - static_cast<int>(people.size());
  out.open = missing <= 0;
  const std::string by = names.empty() ? "" : "approved by " + join(names, ", ");
  out.why = out.open ? by
                     : fmt::format("{} of {} missing, from {}{}", missing,
                                   count_of(asked.need, "approval"), approvers_text(asked),
                                   by.empty() ? "" : "; " + by);
  return out;
}

}  // namespace slipway::plan

#include "checks/judgement.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace slipway::checks {
namespace {
using plan::GateAnswer;
using plan::Plan;
using plan::StepKind;

constexpr std::size_t kMostNamed = 5;

// The worst findings of a severity that is over its limit, named.
std::string named(const ScanReport& report, std::size_t severity) {
  std::vector<std::string> out;
  for (const auto& finding : report.worst) {
    if (finding.severity == severity && out.size() < kMostNamed) out.push_back(finding.text);
  }
  if (out.empty()) return {};
  const auto more = report.counts[severity] - std::ssize(out);
  return ": " + join(out, "; ") + (more > 0 ? fmt::format("; and {} more", more) : "");
}

std::string counts_text(const ScanReport& report, const std::map<std::string, double>& limits) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    const auto limit = limits.find(std::string(kSeverities[i]));
    if (report.counts[i] == 0 && limit == limits.end()) continue;
    std::string text = fmt::format("{} {}", report.counts[i], kSeverities[i]);
    if (limit != limits.end()) text += fmt::format(" ({:g} allowed)", limit->second);
    out.push_back(std::move(text));
  }
  return out.empty() ? "nothing found" : join(out, ", ");
}

std::string value_text(std::string_view figure, double value) {
  if (figure.ends_with("_ms")) return fmt::format("{:.4g}ms", value);
  return figure == "error_rate" ? fmt::format("{:.3g}%", value) : fmt::format("{:.4g}", value);
}

std::string figure_name(std::string_view figure) {
  return std::string(figure.ends_with("_ms") ? figure.substr(0, 3) : figure);
}

bool changes(StepKind kind) {
  return kind == StepKind::Start || kind == StepKind::Shift || kind == StepKind::Maintenance ||
         kind == StepKind::Shrink || kind == StepKind::Retire;
}

// Whether notices of a release that fails go anywhere.
bool tells_failures(const config::Environment& settings) {
  return std::any_of(settings.notify.begin(), settings.notify.end(), [](const auto& rule) {
    const bool on = rule.on.empty() ||
                    std::find(rule.on.begin(), rule.on.end(), "rolled_back") != rule.on.end();
    return on && !rule.to.empty();
  });
}
}  // namespace

GateAnswer judge(const ScanReport& report, const std::map<std::string, double>& limits) {
  std::vector<std::string> over;
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    const auto limit = limits.find(std::string(kSeverities[i]));
    if (limit == limits.end() || static_cast<double>(report.counts[i]) <= limit->second) continue;
    over.push_back(fmt::format("{}, {:g} allowed{}",
                               count_of(report.counts[i], std::string(kSeverities[i]) + " finding"),
                               limit->second, named(report, i)));
  }
  if (!over.empty()) return {false, "has " + join(over, "; "), {}};
  return {true, counts_text(report, limits), {}};
}

GateAnswer judge(const Flags& flags, const std::map<std::string, std::string>& wanted,
                 const std::string& environment) {
  std::vector<std::string> wrong;
  std::vector<std::string> right;
  for (const auto& [name, state] : wanted) {
    const auto found = flags.find(name);
    if (found == flags.end()) {
      wrong.push_back("has no flag " + name);
    } else if (state != "present" && !found->second) {
      wrong.push_back(fmt::format("does not say whether {} is on in {}", name, environment));
    } else if (state != "present" && *found->second != (state == "on")) {
      wrong.push_back(
          fmt::format("has {} {}, it must be {}", name, *found->second ? "on" : "off", state));
    } else {
      right.push_back(name + " " + state);
    }
  }
  return wrong.empty() ? GateAnswer{true, join(right, ", "), {}}
                       : GateAnswer{false, join(wrong, "; "), {}};
}

GateAnswer judge(const LoadReport& report, const std::map<std::string, double>& limits) {
  std::vector<std::string> wrong;
  std::vector<std::string> right;
  for (const auto& [figure, limit] : limits) {
    const auto found = report.figures.find(figure);
    if (found == report.figures.end()) {
      wrong.push_back("does not say " + figure_name(figure));
      continue;
    }
    const bool is_least = figure == "rps";
    const bool holds = is_least ? found->second >= limit : found->second <= limit;
    const std::string text =
        fmt::format("{} {} ({} {})", figure_name(figure), value_text(figure, found->second),
                    is_least ? "at least" : "at most", value_text(figure, limit));
    (holds ? right : wrong).push_back(holds ? text : "has " + text);
  }
  return wrong.empty() ? GateAnswer{true, join(right, ", "), {}}
                       : GateAnswer{false, join(wrong, "; "), {}};
}

GateAnswer variables_answer(const Plan& plan, const std::vector<std::string>& wanted) {
  std::vector<std::string> missing;
  for (const auto& service : plan.settings.services) {
    for (const auto& name : wanted) {
      const auto found = service.env.find(name);
      const bool by_env = found != service.env.end() && !found->second.empty();
      const bool by_secret =
          std::find(service.secrets.begin(), service.secrets.end(), name) != service.secrets.end();
      if (!by_env && !by_secret) missing.push_back(service.name + " does not get " + name);
    }
  }
  return missing.empty() ? GateAnswer{true, "every service gets " + join(wanted, ", "), {}}
                         : GateAnswer{false, join(missing, "; "), {}};
}

GateAnswer way_back_answer(const Plan& plan) {
  for (const auto& step : plan.steps) {
    if (step.kind == StepKind::Promote) break;
    if (changes(step.kind) && !step.undoable)
      return {false, fmt::format("the step {} cannot be undone", step.id), {}};
  }
  if (!plan.old)
    return {true, "every step can be undone; nothing is live yet that could be gone back to", {}};
  if (plan.old->bad) {
    return {false,
            fmt::format("{} was taken back itself: there is nothing good to go back to",
                        plan.old->version),
            {}};
  }
  const bool side_by_side =
      plan.strategy == config::Strategy::BlueGreen || plan.strategy == config::Strategy::Canary;
  const auto keep = plan.settings.rollout.keep_old;
  const std::string how = side_by_side && keep.count() > 0
                              ? fmt::format("stays warm for {} after it", to_text(keep))
                              : "would be started anew";
  return {true, fmt::format("every step can be undone, and {} {}", plan.old->version, how), {}};
}

GateAnswer alerts_answer(const Plan& plan) {
  const auto& settings = plan.settings;
  std::vector<std::string> missing;
  const bool alerts = std::any_of(settings.alerts.begin(), settings.alerts.end(),
                                  [](const auto& rule) { return !rule.to.empty(); });
  if (!alerts) missing.emplace_back("no alert reaches a channel");
  if (!tells_failures(settings))
    missing.emplace_back("nobody is told of a release that is taken back (notify)");
  if (!missing.empty()) return {false, join(missing, "; "), {}};
  return {true,
          fmt::format("{} and the notices of a release reach {}",
                      count_of(std::ssize(settings.alerts), "alert"),
                      count_of(std::ssize(settings.channels), "channel")),
          {}};
}

}  // namespace slipway::checks

#include "plan/readiness.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"
#include "plan/approvals.h"
#include "plan/calendar.h"

namespace slipway::plan {
namespace {
using config::Environment;
using config::Service;

// One thing that is there or not.
ReadinessItem whole(std::string name, int of, bool there, std::string found, std::string next) {
  return {std::move(name), there ? of : 0, of, std::move(found), there ? "" : std::move(next)};
}

// Points by the share of the services that have it.
ReadinessItem shared(std::string name, int of, const std::vector<std::string>& lacking,
                     std::size_t all, std::string all_have, std::string next) {
  ReadinessItem out{std::move(name), of, of, std::move(all_have), ""};
  if (lacking.empty()) return out;
  out.points = static_cast<int>(static_cast<std::size_t>(of) * (all - lacking.size()) / all);
  out.found = "without: " + join(lacking, ", ");
  out.next = std::move(next);
  return out;
}

std::vector<const Service*> listeners(const Environment& settings) {
  std::vector<const Service*> out;
  for (const auto& service : settings.services) {
    if (service.listens) out.push_back(&service);
  }
  return out;
}

template <class Lacks>
std::vector<std::string> names_where(const std::vector<const Service*>& services, Lacks lacks) {
  std::vector<std::string> out;
  for (const auto* service : services) {
    if (lacks(*service)) out.push_back(service->name);
  }
  return out;
}

ReadinessItem health(const Environment& settings) {
  const auto services = listeners(settings);
  const auto lacking = names_where(services, [](const Service& service) {
    return !service.health || service.health->path.empty();
  });
  return shared("health", 8, lacking, services.size(),
                "every service with a port is probed over HTTP",
                "give each a page that tells whether it is well: health: { path: /health }");
}

ReadinessItem instances(const Environment& settings) {
  const auto services = listeners(settings);
  const auto lacking =
      names_where(services, [](const Service& service) { return service.instances < 2; });
  return shared("instances", 4, lacking, services.size(), "one instance may die unnoticed",
                "run at least two of each: instances: 2");
}

ReadinessItem downtime(const Environment& settings) {
  const auto strategy = settings.rollout.strategy;
  return whole("downtime", 10, strategy != config::Strategy::Recreate,
               fmt::format("releases are {}", config::name_of(strategy)),
               "old and new side by side lose no request: rollout: { strategy: blue-green }");
}

ReadinessItem staging(const config::Config& config, const std::string& environment) {
  std::vector<std::string> others;
  for (const auto& [name, settings] : config.environments) {
    if (name != environment) others.push_back(name);
  }
  return whole("staging", 6, !others.empty(),
               others.empty() ? "there is no other environment to try a version in"
                              : "a version can be tried in " + join(others, ", "),
               "add one: environments: { staging: { branch: develop } }");
}

ReadinessItem way_back(const Environment& settings) {
  const Millis keep = settings.rollout.keep_old;
  const bool side_by_side = settings.rollout.strategy == config::Strategy::BlueGreen ||
                            settings.rollout.strategy == config::Strategy::Canary;
  const bool warm = keep.count() > 0 && side_by_side;
  return whole("way back", 6, warm,
               warm ? fmt::format("a rollback is one switch for {}", to_text(keep))
                    : "a rollback starts the old version anew",
               "keep it warm: blue-green or canary, and rollout: { keep_old: 1h }");
}

ReadinessItem judged(const Environment& settings) {
  const bool rules = !settings.roll_back_when.empty();
  const bool time = settings.watch.count() > 0 || settings.rollout.judge.period.count() > 0;
  return whole("judged", 10, rules && time,
               rules && time ? "a bad version is taken back without a person"
               : rules       ? "roll_back_when is armed for no time"
                             : "nobody judges a new version",
               "roll_back_when: [error_rate > 5%, health failing], and watch: 30m");
}

ReadinessItem smoke(const Environment& settings) {
  const bool there = !settings.smoke.empty();
  return whole("smoke", 6, there,
               there ? count_of(std::ssize(settings.smoke), "check") + " before the first request"
                     : "nothing is tried before users do",
               "smoke: [ { get: /health } ]");
}

ReadinessItem approvals(const Environment& settings) {
  const auto& asked = settings.gates.approvals;
  return whole("approvals", 6, asked.need > 0,
               asked.need > 0 ? fmt::format("{} from {}", count_of(asked.need, "approval"),
                                            approvers_text(asked))
                              : "one person alone can release",
               "roles: { qa: [NAME] }, and approvals: { from: [qa] }");
}

ReadinessItem calendar(const Environment& settings) {
  const auto& gates = settings.gates;
  return whole("calendar", 4, gates.has_calendar(),
               gates.has_calendar() ? "releases keep to their window or stop for freezes"
                                    : "a release may begin on a Friday night",
               "window: { days: mon-thu, hours: \"09:00-16:00\" }");
}

bool has_check(const Environment& settings, std::initializer_list<config::GateCheck::Kind> kinds) {
  return std::any_of(settings.gates.checks.begin(), settings.gates.checks.end(),
                     [&](const auto& check) {
                       return std::find(kinds.begin(), kinds.end(), check.kind) != kinds.end();
                     });
}

ReadinessItem tests(const Environment& settings) {
  using enum config::GateCheck::Kind;
  const bool there = has_check(settings, {Tests, Run, LoadTest});
  return whole("tests", 4, there,
               there ? "a version must have passed its tests" : "a version may come without tests",
               "checklist: [ { name: tests, tests: \"build/junit-${version}.xml\" } ]");
}

ReadinessItem scans(const Environment& settings) {
  const bool there = has_check(settings, {config::GateCheck::Kind::Scan});
  return whole("scans", 4, there,
               there ? "what a scanner found stops a release" : "nobody looks for known weaknesses",
               "scans: [ { name: image, report: \"build/trivy-${version}.json\" } ]");
}

ReadinessItem alerts(const Environment& settings) {
  const bool alert = std::any_of(settings.alerts.begin(), settings.alerts.end(),
                                 [](const auto& rule) { return !rule.to.empty(); });
  const bool notice = std::any_of(settings.notify.begin(), settings.notify.end(),
                                  [](const auto& rule) { return !rule.to.empty(); });
  ReadinessItem out{"alerts", (alert ? 2 : 0) + (notice ? 2 : 0), 4, "", ""};
  out.found = alert && notice ? "somebody is told when it fails, in a release and between them"
              : alert         ? "nobody is told of a release that fails"
              : notice        ? "nobody is told when it fails between releases"
                              : "nobody is told when it fails";
  if (!alert) out.next = "alerts: [ { when: down, severity: critical, to: [CHANNEL] } ]";
  if (!notice) out.next += std::string(alert ? "" : ", and ") + "notify: [ { to: [CHANNEL] } ]";
  return out;
}

bool sounds_secret(std::string_view variable) {
  constexpr std::array<std::string_view, 5> kWords{"PASSWORD", "SECRET", "TOKEN", "API_KEY",
                                                   "PRIVATE_KEY"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return variable.find(word) != std::string_view::npos;
  });
}

ReadinessItem secrets(const Environment& settings) {
  std::vector<std::string> open;
  for (const auto& service : settings.services) {
    for (const auto& [variable, value] : service.env) {
      if (sounds_secret(variable)) open.push_back(service.name + "." + variable);
    }
  }
  return whole("secrets", 4, open.empty(),
               open.empty() ? "no variable holds what sounds like a secret"
                            : "in the file itself: " + join(open, ", "),
               "move them under secrets: { NAME: { env: NAME } }");
}
}  // namespace

int Readiness::score() const {
  int out = 0;
  for (const auto& item : items) out += item.points;
  return out;
}

std::string_view Readiness::level() const {
  const int points = score();
  if (points >= 95) return "production-ready";
  if (points >= 80) return "good";
  return points >= 50 ? "basic" : "at risk";
}

Readiness readiness_of(const config::Config& config, const std::string& environment,
                       const Sightings* seen) {
  const auto found = config.environments.find(environment);
  ASSERT(found != config.environments.end());
  const auto& settings = found->second;
  Readiness out{{downtime(settings), judged(settings), health(settings),
                 staging(config, environment), way_back(settings), smoke(settings),
                 approvals(settings), calendar(settings), tests(settings), scans(settings),
                 alerts(settings), secrets(settings), instances(settings)}};
  auto more = seen_items(settings, seen);
  std::move(more.begin(), more.end(), std::back_inserter(out.items));
  return out;
}

}  // namespace slipway::plan

#include "config/rules.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

void check_secrets(const Scene& scene) {
  for (const auto& secret : scene.at("secrets").items) {
    if (!secret.is_map() || secret.items.size() == 1) continue;
    const bool none = secret.items.empty();
    scene.problems.add(
        none ? secret.key_at : secret.items[1].key_at,
        fmt::format("secret '{}' has {}", secret.key, none ? "no source" : "more than one source"),
        "give exactly one of env, file and command");
  }
}

void check_smoke_target(const Scene& scene, const Node& smoke) {
  const Node* service = smoke.find("service");
  if (service == nullptr || !service->is_scalar() || !is_name(service->text)) {
    const Node* get = smoke.find("get");
    if (service == nullptr && get != nullptr && !scene.environment.services.empty() &&
        !scene.anything_listens()) {
      scene.problems.add(get->key_at, "no service has a port that this check could ask",
                         "use 'run', or give a service a port");
    }
    return;
  }
  const auto names = scene.service_names();
  if (std::find(names.begin(), names.end(), service->text) == names.end()) {
    scene.problems.add(service->at, fmt::format("unknown service '{}'", service->text),
                       known_names(service->text, names, "services"));
  } else if (!scene.listens(service->text)) {
    scene.problems.add(service->at,
                       fmt::format("service '{}' has no port that could be checked", service->text),
                       "name a service that listens");
  }
}

void check_smoke(const Scene& scene) {
  for (const auto& smoke : scene.at("smoke").items) {
    if (!smoke.is_map()) continue;
    const Node* get = smoke.find("get");
    const Node* run = smoke.find("run");
    if ((get == nullptr) == (run == nullptr)) {
      const auto at = get == nullptr ? smoke.at : std::max(get->key_at, run->key_at);
      scene.problems.add(at,
                         fmt::format("a smoke check has {} 'get' {} 'run'",
                                     get ? "both" : "neither", get ? "and" : "nor"),
                         "give exactly one; two checks are two items of the list");
    } else if (run != nullptr) {
      for (const auto* name : {"expect", "contains"}) {
        const Node* node = smoke.find(name);
        if (node == nullptr) continue;
        scene.problems.add(node->key_at, fmt::format("'{}' works with 'get' alone", name),
                           "take it away; the command's exit status decides");
      }
    }
    check_smoke_target(scene, smoke);
  }
}

void check_step_order(const Scene& scene, const Node& steps) {
  double last = 0;
  std::string last_text = "0%";
  std::vector<std::string> texts;
  for (const auto& item : steps.items) {
    const auto percent = item.is_scalar() ? parse_percent(item.text) : std::nullopt;
    if (!percent) return;  // told by the strict pass; what follows would only repeat it
    if (*percent <= last) {
      texts.clear();
      auto all = steps.items;
      std::sort(all.begin(), all.end(), [](const Node& a, const Node& b) {
        return parse_percent(a.text).value_or(0) < parse_percent(b.text).value_or(0);
      });
      for (const auto& node : all) {
        const auto value = parse_percent(node.text);
        if (value && *value > 0 && (texts.empty() || texts.back() != node.text))
          texts.push_back(node.text);
      }
      scene.problems.add(item.at,
                         fmt::format("step {} does not rise above {}", item.text, last_text),
                         fmt::format("write [{}]", join(texts, ", ")));
      return;
    }
    last = *percent;
    last_text = item.text;
    texts.push_back(item.text);
  }
  if (last >= 100) return;
  texts.emplace_back("100%");
  scene.problems.add(steps.items.empty() ? steps.at : steps.items.back().at,
                     "the steps do not end in 100%", fmt::format("write [{}]", join(texts, ", ")));
}

// A key that only one strategy reads. What is inherited may wait for another environment's
// strategy.
void check_only_with(const Scene& scene, std::string_view name, Strategy only) {
  const Node& rollout = scene.at("rollout");
  const Node* node = rollout.find(name);
  const Node* strategy = rollout.find("strategy");
  const auto used = scene.environment.rollout.strategy;
  if (node == nullptr || used == only) return;
  if (strategy != nullptr && !strategy_named(strategy->text)) return;
  const bool same_hand = strategy != nullptr && strategy->from == node->from;
  scene.problems.add({node->key_at,
                      fmt::format("'{}' works with the strategy {} alone; here it is {}", name,
                                  name_of(only), name_of(used)),
                      fmt::format("take it away, or write 'strategy: {}'", name_of(only)),
                      !same_hand});
}

void check_judge_deadline(const Scene& scene, const Node& written) {
  const auto& judge = scene.environment.rollout.judge;
  const Node* deadline = written.find("deadline");
  if (deadline == nullptr || judge.deadline.count() == 0 || judge.deadline >= judge.period) return;
  scene.problems.add(deadline->at,
                     fmt::format("the deadline {} is shorter than the period {}", deadline->text,
                                 to_text(judge.period)),
                     fmt::format("write {} or more", to_text(judge.period)));
}

// Beside a fresh baseline there must be a share of the traffic to compare, and somebody who looks.
void check_baseline(const Scene& scene, const Node& written) {
  const auto& rollout = scene.environment.rollout;
  const Node* baseline = written.find("baseline");
  if (baseline == nullptr || rollout.judge.baseline == Baseline::Old) return;
  if (rollout.strategy != Strategy::Canary) {
    scene.problems.add(
        baseline->at,
        fmt::format("a fresh baseline stands beside a canary; the strategy here is {}",
                    name_of(rollout.strategy)),
        "write 'baseline: old', or 'strategy: canary'");
  } else if (rollout.judge.period.count() == 0) {
    scene.problems.add(baseline->at, "nothing is judged beside the fresh baseline: no 'period'",
                       "give the judge a 'period', such as 5m, or write 'baseline: old'");
  }
}

void check_judge(const Scene& scene) {
  const auto& judge = scene.environment.rollout.judge;
  const Node& written = Scene::below(scene.at("rollout"), "judge");
  check_judge_deadline(scene, written);
  const Node* quarantine = written.find("quarantine");
  if (quarantine != nullptr && judge.quarantine && judge.guard == BurstGuard::Off) {
    scene.problems.add(quarantine->at,
                       "a quarantine lasts until the guard agrees, and 'guard' is off",
                       "take it away, or write 'guard: on'");
  }
  check_baseline(scene, written);
  const Node* routes = written.find("routes");
  if (routes != nullptr && judge.routes.size() > kMostJudgedRoutes) {
    scene.problems.add(
        routes->at,
        fmt::format("{} routes are judged by themselves, and 9 is the most", judge.routes.size()),
        "name those that matter most");
  }
}

void check_rollout(const Scene& scene) {
  const Node& rollout = scene.at("rollout");
  const Node* steps = rollout.find("steps");
  if (steps != nullptr && steps->is_list()) check_step_order(scene, *steps);
  check_only_with(scene, "steps", Strategy::Canary);
  check_only_with(scene, "batch", Strategy::Rolling);
  check_judge(scene);
  const Node* strategy = rollout.find("strategy");
  const bool canary = scene.environment.rollout.strategy == Strategy::Canary;
  if (canary && strategy != nullptr && !scene.environment.services.empty() &&
      !scene.anything_listens()) {
    scene.problems.add(strategy->at,
                       "a canary needs a service with a port, whose traffic can be split",
                       "write 'strategy: blue-green', or give a service a port");
  }
}

void check_drivers(const Scene& scene) {
  for (const auto* name : {"platform", "router"}) {
    const Node* choice = scene.tree.find(name);
    if (choice == nullptr || choice->text != "command") continue;
    if (scene.at("drivers").find(name) != nullptr) continue;
    scene.problems.add(choice->at, fmt::format("'{}: command' has no script to ask", name),
                       fmt::format("add drivers: {{ {}: ./deploy/{}.sh }}", name, name));
  }
}

// Settings of a proxy that is not the router would be read by nobody.
void check_router_settings(const Scene& scene) {
  for (const std::string name : {"nginx", "haproxy"}) {
    const Node* settings = scene.tree.find(name);
    const Node* router = scene.tree.find("router");
    if (settings == nullptr || scene.environment.router == name) continue;
    const bool same_hand = router != nullptr && router->from == settings->from;
    scene.problems.add({settings->key_at,
                        fmt::format("'{}' works with the router {} alone; here it is {}", name,
                                    name, scene.environment.router),
                        fmt::format("take it away, or write 'router: {}'", name), !same_hand});
  }
}

}  // namespace

void check_rules(const Node& merged, const Environment& environment, Problems& problems) {
  const Scene scene{merged, environment, problems};
  check_services(scene);
  check_secrets(scene);
  check_smoke(scene);
  check_rollout(scene);
  check_drivers(scene);
  check_router_settings(scene);
  check_gates(scene);
  check_channels(scene);
  check_metrics(scene);
  check_hooks(scene);
  check_database(scene);
}

}  // namespace slipway::config

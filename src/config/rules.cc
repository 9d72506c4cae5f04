#include "config/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "config/keys.h"
#include "config/values.h"

namespace slipway::config {
namespace {

const Node kNothing;

// What the rules look at: the tree for positions, the typed values for meaning.
struct Scene {
  const Node& tree;
  const Environment& environment;
  Problems& problems;

  const Node& at(std::string_view name) const { return below(tree, name); }
  static const Node& below(const Node& node, std::string_view name) {
    const Node* found = node.find(name);
    return found == nullptr ? kNothing : *found;
  }
  std::vector<std::string> service_names() const {
    std::vector<std::string> names;
    for (const auto& item : at("services").items) names.push_back(item.key);
    return names;
  }
  const Node& service(std::string_view name) const { return below(at("services"), name); }
  bool listens(std::string_view name) const {
    const auto* found = environment.service(name);
    return found != nullptr && found->listens;
  }
  bool anything_listens() const {
    return std::any_of(environment.services.begin(), environment.services.end(),
                       [](const Service& s) { return s.listens; });
  }
};

std::string known_names(std::string_view word, const std::vector<std::string>& names,
                        std::string_view plural) {
  auto suggestion = did_you_mean(word, names);
  if (suggestion.empty() && !names.empty())
    suggestion = fmt::format("{} here: {}", plural, join(names, ", "));
  return suggestion;
}

void check_program(const Scene& scene, const Node& service) {
  const Node* run = service.find("run");
  const Node* image = service.find("image");
  if (run != nullptr && image != nullptr) {
    const Node& later =
        std::max(*run, *image, [](const Node& a, const Node& b) { return a.key_at < b.key_at; });
    scene.problems.add(
        later.key_at, fmt::format("service '{}' has both 'run' and 'image'", service.key),
        "keep one; an environment takes the other away with '~', for example 'run: ~'");
  } else if (run == nullptr && image == nullptr) {
    auto names = scene.service_names();
    std::erase(names, service.key);
    auto near = service.from.empty() ? std::string() : did_you_mean(service.key, names);
    if (near.empty())
      near = fmt::format("add what it runs, for example 'run: node {}.js'", service.key);
    scene.problems.add(service.key_at,
                       fmt::format("service '{}' has neither 'run' nor 'image'", service.key),
                       near);
  }
  if (image != nullptr && run == nullptr && scene.environment.platform == "process") {
    scene.problems.add(
        image->key_at,
        fmt::format("service '{}' has an image, but the platform 'process' runs commands",
                    service.key),
        "write 'run' instead, or set 'platform: command' and 'drivers: { platform: … }'");
  }
}

void check_silence(const Scene& scene, const Node& service) {
  if (scene.listens(service.key)) return;
  for (const auto* name : {"hosts", "paths", "strip_path"}) {
    const Node* node = service.find(name);
    if (node == nullptr) continue;
    scene.problems.add(node->key_at,
                       fmt::format("service '{}' has '{}', but no port", service.key, name),
                       "take 'port: none' away, or this key");
  }
  const Node& health = Scene::below(service, "health");
  for (const auto* name : {"path", "ready_path", "host"}) {
    const Node* node = health.find(name);
    if (node == nullptr) continue;
    scene.problems.add(
        node->key_at, fmt::format("service '{}' is probed over HTTP, but has no port", service.key),
        "take 'port: none' away, or this key");
  }
}

void check_service_secrets(const Scene& scene, const Node& service) {
  std::vector<std::string> known;
  for (const auto& item : scene.at("secrets").items) known.push_back(item.key);
  for (const auto& item : Scene::below(service, "secrets").items) {
    if (!item.is_scalar() || !is_variable(item.text)) continue;
    if (std::find(known.begin(), known.end(), item.text) == known.end()) {
      auto near = did_you_mean(item.text, known);
      if (near.empty())
        near = fmt::format("add it: secrets: {{ {}: {{ env: {} }} }}", item.text, item.text);
      scene.problems.add(item.at, fmt::format("unknown secret '{}'", item.text), near);
    }
    if (Scene::below(service, "env").find(item.text) != nullptr) {
      scene.problems.add(item.at,
                         fmt::format("'{}' is a secret and a variable of 'env' at once", item.text),
                         "keep one of the two");
    }
  }
}

void check_needs(const Scene& scene, const Node& service) {
  const auto names = scene.service_names();
  for (const auto& item : Scene::below(service, "needs").items) {
    if (!item.is_scalar() || !is_name(item.text)) continue;
    if (std::find(names.begin(), names.end(), item.text) != names.end()) continue;
    scene.problems.add(
        item.at,
        fmt::format("service '{}' needs '{}', which does not exist", service.key, item.text),
        known_names(item.text, names, "services"));
  }
}

// Follows needs from one service; a way back to a service on the path is a circle.
class CircleFinder {
 public:
  explicit CircleFinder(const Scene& scene) : scene_(scene) {}

  void visit(const std::string& name) {
    if (std::find(done_.begin(), done_.end(), name) != done_.end()) return;
    path_.push_back(name);
    for (const auto& item : Scene::below(scene_.service(name), "needs").items) {
      const auto seen = std::find(path_.begin(), path_.end(), item.text);
      if (seen != path_.end()) {
        std::vector<std::string> circle(seen, path_.end());
        circle.push_back(item.text);
        scene_.problems.add(item.at, "services need each other in a circle: " + join(circle, " → "),
                            "take one of these 'needs' away");
      } else if (scene_.tree.find("services") != nullptr &&
                 scene_.at("services").find(item.text) != nullptr) {
        visit(item.text);
      }
    }
    path_.pop_back();
    done_.push_back(name);
  }

 private:
  const Scene& scene_;
  std::vector<std::string> path_;
  std::vector<std::string> done_;
};

void check_circles(const Scene& scene) {
  CircleFinder finder(scene);
  for (const auto& name : scene.service_names()) finder.visit(name);
}

using Claim = std::pair<std::string, std::string>;  // host (empty: every host), path

std::vector<Claim> claims_of(const Service& service) {
  const std::vector<std::string> any_host{""};
  const std::vector<std::string> any_path{"/"};
  std::vector<Claim> out;
  for (const auto& host : service.route.hosts.empty() ? any_host : service.route.hosts) {
    for (const auto& path : service.route.paths.empty() ? any_path : service.route.paths) {
      if (out.size() < kMostItems * kMostItems) out.emplace_back(host, path);
    }
  }
  return out;
}

// Where a service says what it answers for.
Mark place_of_claims(const Node& service) {
  if (const Node* paths = service.find("paths")) return paths->at;
  if (const Node* hosts = service.find("hosts")) return hosts->at;
  return service.key_at;
}

void check_claims(const Scene& scene) {
  std::map<Claim, std::string> taken;
  for (const auto& node : scene.at("services").items) {
    const auto* service = scene.environment.service(node.key);
    const bool runs = node.find("run") != nullptr || node.find("image") != nullptr;
    if (service == nullptr || !service->listens || !runs) continue;
    for (const auto& claim : claims_of(*service)) {
      const auto [same, is_new] = taken.try_emplace(claim, node.key);
      if (is_new || same->second == node.key) continue;
      const auto& [host, path] = claim;
      scene.problems.add(
          place_of_claims(node),
          fmt::format("services '{}' and '{}' both answer for {}{}", same->second, node.key,
                      host.empty() ? "every host, path " : host, path),
          fmt::format("give one of them 'hosts' or 'paths', or 'port: none' when '{}' is a worker",
                      node.key));
      break;
    }
  }
}

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

void check_judge(const Scene& scene) {
  const auto& judge = scene.environment.rollout.judge;
  const Node& written = Scene::below(scene.at("rollout"), "judge");
  const Node* deadline = written.find("deadline");
  if (deadline == nullptr || judge.deadline.count() == 0 || judge.deadline >= judge.period) return;
  scene.problems.add(deadline->at,
                     fmt::format("the deadline {} is shorter than the period {}", deadline->text,
                                 to_text(judge.period)),
                     fmt::format("write {} or more", to_text(judge.period)));
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

}  // namespace

void check_rules(const Node& merged, const Environment& environment, Problems& problems) {
  const Scene scene{merged, environment, problems};
  // Too many were reported already; looking for circles and claims among them would take its time.
  if (scene.at("services").items.size() > kMostNames) return;
  for (const auto& service : scene.at("services").items) {
    if (!service.is_map()) continue;
    check_program(scene, service);
    check_silence(scene, service);
    check_service_secrets(scene, service);
    check_needs(scene, service);
  }
  check_circles(scene);
  check_claims(scene);
  check_secrets(scene);
  check_smoke(scene);
  check_rollout(scene);
  check_drivers(scene);
}

}  // namespace slipway::config

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "config/keys.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

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
  for (const auto* name : {"hosts", "paths", "strip_path", "edge"}) {
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

void check_key_pair(const Scene& scene, const Node& files, const std::string& path) {
  const Node* certificate = files.find("certificate");
  const Node* key = files.find("key");
  if (!files.is_map() || (certificate != nullptr && key != nullptr)) return;
  const bool has_one = certificate != nullptr;
  scene.problems.add(has_one          ? certificate->key_at
                     : key != nullptr ? key->key_at
                                      : files.at,
                     fmt::format("'{}' has no '{}'", path, has_one ? "key" : "certificate"),
                     "give both files, certificate and key");
}

void check_tls(const Scene& scene, const Node& service) {
  const Node* tls = Scene::below(service, "edge").find("tls");
  if (tls == nullptr) return;
  const std::string path = fmt::format("services.{}.edge.tls", service.key);
  check_key_pair(scene, *tls, path);
  for (const auto& more : Scene::below(*tls, "more").items)
    check_key_pair(scene, more, path + ".more");
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

}  // namespace

void check_services(const Scene& scene) {
  // Too many were reported already; looking for circles and claims among them would take its time.
  if (scene.at("services").items.size() > kMostNames) return;
  for (const auto& service : scene.at("services").items) {
    if (!service.is_map()) continue;
    check_program(scene, service);
    check_silence(scene, service);
    check_tls(scene, service);
    check_service_secrets(scene, service);
    check_needs(scene, service);
  }
  check_circles(scene);
  check_claims(scene);
}

}  // namespace slipway::config

#include <fmt/core.h>

#include "base/text.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

void check_secret(const Scene& scene, const Node& url) {
  const auto wanted = secret_in(url.text);
  if (wanted.empty() || !is_variable(wanted)) return;
  std::vector<std::string> known;
  for (const auto& [name, secret] : scene.environment.secrets) known.push_back(name);
  if (scene.environment.secrets.contains(wanted)) return;
  const auto near = nearest(wanted, known);
  scene.problems.add(url.at, fmt::format("unknown secret '{}'", wanted),
                     near ? fmt::format("did you mean '{}'?", *near)
                          : fmt::format("add secrets: {{ {0}: {{ env: {0} }} }}", wanted));
}

}  // namespace

void check_database(const Scene& scene) {
  const Node& database = scene.at("database");
  if (!database.is_map()) return;
  const Node* url = database.find("url");
  if (url == nullptr) {
    scene.problems.add(database.key_at, "the database has no 'url'",
                       "add url: ${secret.DATABASE_URL}, and the secret under 'secrets'");
  } else if (url->is_scalar()) {
    check_secret(scene, *url);
  }
  const Node* source = database.find("copy_of");
  if (source != nullptr && source->text == scene.environment.name)
    scene.problems.add(source->at, "an environment's database cannot be a copy of itself",
                       "name the environment it is copied from");
}

}  // namespace slipway::config

#include <fmt/core.h>

#include "base/text.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

void check_secret(const Scene& scene, const Node& place) {
  const auto wanted = secret_in(place.text);
  if (wanted.empty() || !is_variable(wanted)) return;
  std::vector<std::string> known;
  for (const auto& [name, secret] : scene.environment.secrets) known.push_back(name);
  if (scene.environment.secrets.contains(wanted)) return;
  const auto near = nearest(wanted, known);
  scene.problems.add(place.at, fmt::format("unknown secret '{}'", wanted),
                     near ? fmt::format("did you mean '{}'?", *near)
                          : fmt::format("add secrets: {{ {0}: {{ env: {0} }} }}", wanted));
}

// What only pgBackRest does must not be thought to be done.
void refuse_for_dumps(const Scene& scene, const Node& backup) {
  const Node* tool = backup.find("tool");
  if (tool == nullptr || tool->text != "pg_dump") return;
  for (const char* name : {"s3", "passphrase"}) {
    const Node* node = backup.find(name);
    if (node != nullptr)
      scene.problems.add(node->key_at, fmt::format("pg_dump has no '{}'", name),
                         "use tool: pgbackrest, or take it away");
  }
}

void check_backup(const Scene& scene) {
  const Node& backup = Scene::below(scene.at("database"), "backup");
  if (!backup.is_map()) return;
  const Node* s3 = backup.find("s3");
  if (backup.find("repository") == nullptr && s3 == nullptr)
    scene.problems.add(backup.key_at, "backups have no place",
                       "add repository: /var/backups/slipway, or s3");
  if (const Node* passphrase = backup.find("passphrase")) check_secret(scene, *passphrase);
  refuse_for_dumps(scene, backup);
  if (s3 == nullptr || !s3->is_map()) return;
  for (const char* name : {"bucket", "endpoint", "region", "key", "secret"}) {
    const Node* node = s3->find(name);
    if (node == nullptr)
      scene.problems.add(s3->key_at, fmt::format("the bucket has no '{}'", name),
                         fmt::format("add {}", name));
    else if (node->is_scalar())
      check_secret(scene, *node);
  }
}

void check_rehearsal(const Scene& scene) {
  const Node& database = scene.at("database");
  const Node* on = Scene::below(database, "migrations").find("rehearse_on");
  if (on == nullptr || on->text != "backup" || database.find("backup") != nullptr) return;
  scene.problems.add(on->at, "there is no backup to rehearse on",
                     "add database.backup, or use rehearse_on: schema");
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
  check_backup(scene);
  check_rehearsal(scene);
  const Node* source = database.find("copy_of");
  if (source != nullptr && source->text == scene.environment.name)
    scene.problems.add(source->at, "an environment's database cannot be a copy of itself",
                       "name the environment it is copied from");
}

}  // namespace slipway::config

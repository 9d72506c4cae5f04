#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "config/scene.h"
#include "config/values.h"

namespace slipway::config {
namespace {

// What a type of channel must have, and what it may have beside what every type may.
struct Terms {
  std::string_view type;
  std::vector<std::string> needs;
  std::vector<std::string> takes;
  std::vector<std::string_view> schemes;
};

const std::vector<Terms>& all_terms() {
  static const std::vector<Terms> terms = {
      {"slack", {"secret"}, {}, {}},
      {"pagerduty", {"secret"}, {"url"}, {"https://", "http://"}},
      {"sentry", {"secret", "organization", "projects"}, {"url"}, {"https://", "http://"}},
      {"webhook", {"url", "secret"}, {}, {"https://", "http://"}},
      {"alertmanager", {"url"}, {"secret"}, {"https://", "http://"}},
      {"email", {"url", "from", "to"}, {"user", "secret", "tls"}, {"smtp://", "smtps://"}}};
  return terms;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_keys_of(const Scene& scene, const Node& channel, const Terms& terms) {
  static const std::vector<std::string> every = {"type", "role", "ca", "timeout", "give_up"};
  for (const auto& need : terms.needs) {
    const Node* node = channel.find(need);
    if (node != nullptr && !(node->is_list() && node->items.empty())) continue;
    scene.problems.add(
        channel.key_at, fmt::format("channel '{}' has no '{}'", channel.key, need),
        fmt::format("a channel of type {} needs {}", terms.type, join(terms.needs, ", ")));
  }
  for (const auto& item : channel.items) {
    if (holds(every, item.key) || holds(terms.needs, item.key) || holds(terms.takes, item.key))
      continue;
    scene.problems.add(item.key_at,
                       fmt::format("a channel of type {} has no '{}'", terms.type, item.key),
                       "take it away");
  }
}

void check_address(const Scene& scene, const Node& channel, const Terms& terms) {
  const Node* url = channel.find("url");
  if (url == nullptr || !url->is_scalar() || terms.schemes.empty()) return;
  const bool known = std::any_of(terms.schemes.begin(), terms.schemes.end(), [&](auto scheme) {
    return url->text.starts_with(scheme) && url->text.size() > scheme.size();
  });
  if (known) return;
  scene.problems.add(url->at,
                     fmt::format("channel '{}' has the address '{}'", channel.key, url->text),
                     fmt::format("it begins with {} or {}", terms.schemes[0], terms.schemes[1]));
}

// A password belongs to somebody, and is not sent in the clear.
void check_sign_in(const Scene& scene, const Node& channel, const Terms& terms) {
  if (terms.type != "email") return;
  const Node* user = channel.find("user");
  const Node* secret = channel.find("secret");
  const Node* tls = channel.find("tls");
  if ((user == nullptr) != (secret == nullptr)) {
    const Node& one = user == nullptr ? *secret : *user;
    scene.problems.add(one.key_at, fmt::format("channel '{}' has '{}' alone", channel.key, one.key),
                       "signing in needs both, user and secret");
  } else if (user != nullptr && tls != nullptr && tls->text == "none") {
    scene.problems.add(
        tls->at, fmt::format("channel '{}' would send its password in the clear", channel.key),
        "take 'tls: none' away, or 'user' and 'secret'");
  }
}

void check_channel_secret(const Scene& scene, const Node& channel) {
  const Node* secret = channel.find("secret");
  if (secret == nullptr || !secret->is_scalar() || !is_variable(secret->text)) return;
  std::vector<std::string> known;
  for (const auto& item : scene.at("secrets").items) known.push_back(item.key);
  if (holds(known, secret->text)) return;
  auto near = did_you_mean(secret->text, known);
  if (near.empty())
    near = fmt::format("add it: secrets: {{ {}: {{ env: {} }} }}", secret->text, secret->text);
  scene.problems.add(secret->at, fmt::format("unknown secret '{}'", secret->text), near);
}

void check_channel(const Scene& scene, const Node& channel) {
  if (!channel.is_map()) return;
  const Node* type = channel.find("type");
  if (type == nullptr) {
    scene.problems.add(channel.key_at, fmt::format("channel '{}' has no 'type'", channel.key),
                       "add what it is, for example type: slack");
    return;
  }
  check_channel_secret(scene, channel);
  for (const auto& terms : all_terms()) {
    if (terms.type != type->text) continue;
    check_keys_of(scene, channel, terms);
    check_address(scene, channel, terms);
    check_sign_in(scene, channel, terms);
  }
}

void check_receivers(const Scene& scene, const Node& list) {
  std::vector<std::string> known;
  for (const auto& item : scene.at("channels").items) known.push_back(item.key);
  for (const auto& item : list.items) {
    if (!item.is_scalar() || !is_name(item.text) || holds(known, item.text)) continue;
    scene.problems.add(
        item.at, fmt::format("unknown channel '{}'", item.text),
        known.empty() ? "describe it under 'channels'" : known_names(item.text, known, "channels"));
  }
}

// An item of `notify` or `alerts`: it goes to channels there are.
void check_telling(const Scene& scene, const Node& rule, std::string_view list) {
  if (!rule.is_map()) return;
  const Node* to = rule.find("to");
  if (to == nullptr || to->items.empty()) {
    scene.problems.add(rule.at, fmt::format("an item of '{}' has no 'to'", list),
                       "name the channels, for example to: [team]");
  } else {
    check_receivers(scene, *to);
  }
}

// Two rules of one name could not be told apart by who is told.
void check_alerts(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& rule : scene.at("alerts").items) {
    check_telling(scene, rule, "alerts");
    if (!rule.is_map()) continue;
    const Node* when = rule.find("when");
    const Node* named = rule.find("name");
    if (when == nullptr) {
      scene.problems.add(rule.at, "an item of 'alerts' has no 'when'",
                         "say what is watched, for example when: error_rate > 1%");
      continue;
    }
    const Node& name = named == nullptr ? *when : *named;
    if (holds(names, name.text)) {
      scene.problems.add(name.at, fmt::format("two alerts are called '{}'", name.text),
                         "give one of them another 'name'");
    }
    names.push_back(name.text);
  }
}

// An alert that opens an incident must be one that Alertmanager can name.
void check_incidents(const Scene& scene) {
  for (const auto& item : Scene::below(scene.at("incidents"), "alerts").items) {
    if (!item.is_map() || item.find("alert") != nullptr) continue;
    scene.problems.add(item.at, "an item of 'incidents.alerts' has no 'alert'",
                       "name it as Alertmanager does, for example alert: CheckoutDown");
  }
}

}  // namespace

void check_channels(const Scene& scene) {
  for (const auto& channel : scene.at("channels").items) check_channel(scene, channel);
  for (const auto& rule : scene.at("notify").items) check_telling(scene, rule, "notify");
  check_alerts(scene);
  check_incidents(scene);
}

}  // namespace slipway::config

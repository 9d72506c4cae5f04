#include "config/channel.h"

#include <algorithm>
#include <set>

namespace slipway::config {

Json to_json(const SecretRef& secret) {
  Json out = Json::object();
  if (!secret.env.empty()) out.set("env", secret.env);
  if (!secret.file.empty()) out.set("file", secret.file);
  if (!secret.command.empty()) out.set("command", secret.command);
  return out;
}

Json to_json(const Channel& channel) {
  Json out = Json::object();
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
  };
  out.set("name", channel.name).set("type", channel.type);
  if (!channel.secret.name.empty()) {
    out.set("secret", to_json(channel.secret).set("name", channel.secret.name));
  }
  add("url", channel.url);
  add("from", channel.from);
  if (!channel.to.empty()) out.set("to", Json::array_of(channel.to));
  add("user", channel.user);
  if (!channel.encrypted) out.set("encrypted", false);
  add("organization", channel.organization);
  if (!channel.projects.empty()) out.set("projects", Json::array_of(channel.projects));
  add("role", channel.role);
  add("ca", channel.ca);
  add("folder", channel.folder);
  return out.set("timeout_ms", channel.timeout.count()).set("give_up_ms", channel.give_up.count());
}

Channel channel_from_json(const Json& json) {
  Channel out;
  out.name = json.text("name");
  out.type = json.text("type");
  const Json& secret = json.at("secret");
  out.secret = {secret.text("name"), secret.text("env"), secret.text("file"),
                secret.text("command")};
  out.url = json.text("url");
  out.from = json.text("from");
  out.to = json.strings("to");
  out.user = json.text("user");
  out.encrypted = json.flag("encrypted", true);
  out.organization = json.text("organization");
  out.projects = json.strings("projects");
  out.role = json.text("role");
  out.ca = json.text("ca");
  out.folder = json.text("folder");
  out.timeout = Millis(json.integer("timeout_ms", out.timeout.count()));
  out.give_up = Millis(json.integer("give_up_ms", out.give_up.count()));
  return out;
}

Json to_json(const NotifyRule& rule) {
  return Json::object().set("on", Json::array_of(rule.on)).set("to", Json::array_of(rule.to));
}

NotifyRule notify_rule_from_json(const Json& json) {
  return {json.strings("on"), json.strings("to")};
}

std::vector<const Channel*> channels_for(const std::map<std::string, Channel>& channels,
                                         const std::vector<NotifyRule>& rules,
                                         const std::string& kind) {
  std::set<std::string> names;
  for (const auto& rule : rules) {
    const bool meant =
        rule.on.empty() || std::find(rule.on.begin(), rule.on.end(), kind) != rule.on.end();
    if (meant) names.insert(rule.to.begin(), rule.to.end());
  }
  std::vector<const Channel*> out;
  for (const auto& name : names) {
    const auto found = channels.find(name);
    if (found != channels.end()) out.push_back(&found->second);
  }
  return out;
}

}  // namespace slipway::config

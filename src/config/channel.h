#pragma once
// Channels: where people are told, and what is told to whom. Values only; a secret stays a
// reference, also in what is stored of a channel.
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace slipway::config {

// Where a secret's value comes from. Exactly one of the three is set.
struct SecretRef {
  std::string name;  // the variable the service sees
  std::string env;
  std::string file;
  std::string command;
  friend bool operator==(const SecretRef&, const SecretRef&) = default;
};
Json to_json(const SecretRef& secret);

struct Channel {
  std::string name;
  std::string type;  // slack | email | pagerduty | sentry | webhook | alertmanager
  SecretRef secret;  // an empty name: none
  std::string url;
  std::string from;                   // email
  std::vector<std::string> to;        // email
  std::string user;                   // email
  bool encrypted = true;              // email: refuse to go on without TLS
  std::string organization;           // sentry
  std::vector<std::string> projects;  // sentry
  std::string role;  // what its readers may do by links: deployer | approver; empty: nothing
  std::string ca;
  std::string
      folder;  // of slipway.yaml, where the secret's command runs; known from the request on
  Millis timeout{10'000};
  Millis give_up{86'400'000};
  friend bool operator==(const Channel&, const Channel&) = default;
};
Json to_json(const Channel& channel);
// The reverse: a notice that waits is sent with the settings of its time.
Channel channel_from_json(const Json& json);

struct NotifyRule {
  std::vector<std::string> on;  // kinds of notices; empty: all
  std::vector<std::string> to;  // names of channels
  friend bool operator==(const NotifyRule&, const NotifyRule&) = default;
};
Json to_json(const NotifyRule& rule);
NotifyRule notify_rule_from_json(const Json& json);

// The channels that get notices of a kind, each once, by name.
std::vector<const Channel*> channels_for(const std::map<std::string, Channel>& channels,
                                         const std::vector<NotifyRule>& rules,
                                         const std::string& kind);

}  // namespace slipway::config

#include "checks/flag_report.h"

#include "checks/reading.h"

namespace slipway::checks {
namespace {

std::optional<bool> state_of(const Json& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_string()) {
    if (value.as_string() == "on" || value.as_string() == "true") return true;
    if (value.as_string() == "off" || value.as_string() == "false") return false;
  }
  for (const auto* name : {"on", "enabled", "value"}) {
    if (value.at(name).is_bool()) return value.flag(name);
  }
  return std::nullopt;
}

// Of a flag with several environments, what it says of this one. LaunchDarkly has them as a map,
// Unleash as a list.
std::optional<bool> state_in(const Json& flag, std::string_view environment) {
  const Json& all = flag.at("environments");
  if (all.is_object()) return state_of(all.at(environment));
  if (!all.is_array()) return state_of(flag);
  for (const auto& one : all.items()) {
    if (one.text("name") == environment) return state_of(one);
  }
  return std::nullopt;
}

Flags of_list(const Json& list, const char* name, std::string_view environment) {
  Flags out;
  for (const auto& one : list.items()) {
    const auto key = one.text(name);
    // What is archived is there for the record alone.
    if (!key.empty() && !one.flag("archived")) out[key] = state_in(one, environment);
  }
  return out;
}
}  // namespace

Result<Flags> read_flags(std::string_view text, std::string_view environment) {
  const auto json = TRY(read_json(text, "what the flags were read from"));
  if (json.at("items").is_array()) return of_list(json.at("items"), "key", environment);
  if (json.at("features").is_array()) return of_list(json.at("features"), "name", environment);
  if (json.at("toggles").is_array()) return of_list(json.at("toggles"), "name", environment);
  if (json.is_array()) return of_list(json, "name", environment);
  const Json& plain = json.at("flags").is_object() ? json.at("flags") : json;
  Flags out;
  for (const auto& [name, value] : plain.members()) out[name] = state_in(value, environment);
  return out;
}

}  // namespace slipway::checks

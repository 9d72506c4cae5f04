#include "drivers/edge/settings.h"

#include <algorithm>

namespace slipway::drivers::edge {
namespace {
// What a split says by other means; everything else of an entry is a setting.
constexpr std::string_view kOfTheSplit[] = {
    "name",    "app",  "environment",   "hosts",       "paths", "strip_prefix", "state",
    "message", "page", "retry_after_s", "health_path", "allow", "drain_ms",     "pools"};

bool is_of_the_split(std::string_view member) {
  return std::find(std::begin(kOfTheSplit), std::end(kOfTheSplit), member) != std::end(kOfTheSplit);
}

// The members of `value` that differ from `usual`; null when none does.
Json beyond(const Json& value, const Json& usual) {
  if (value == usual) return {};
  if (!value.is_object()) return value;
  Json out;
  for (const auto& [member, inner] : value.members()) {
    Json rest = beyond(inner, usual.at(member));
    if (!rest.is_null()) out.set(member, std::move(rest));
  }
  return out;
}
}  // namespace

Result<slipway::edge::Service> with_settings(const Json& settings, const std::string& service) {
  for (const auto& [member, unused] : settings.members()) {
    if (!is_of_the_split(member)) continue;
    return Error(
        Code::Malformed,
        "the edge settings of service " + service + " hold \"" + member + "\", which is no setting",
        "deploy again from slipway.yaml");
  }
  Json json = Json::object();
  json.set("name", service);
  for (const auto& [member, value] : settings.members()) json.set(member, value);
  auto read = slipway::edge::service_from_json(json);
  if (read) return read;
  return std::move(read).error().in("the settings of slipway.yaml are none this edge has");
}

Json settings_of(const slipway::edge::Service& entry) {
  // TLS without a certificate is not written at all; with any, its other defaults are seen.
  slipway::edge::Service plain;
  plain.tls.certificate = std::string("-");  // g++ 12 sees an overlap in an assignment of "-"
  const Json usual = to_json(plain);
  const Json all = to_json(entry);
  Json out;
  for (const auto& [member, value] : all.members()) {
    if (is_of_the_split(member)) continue;
    Json rest = beyond(value, usual.at(member));
    if (!rest.is_null()) out.set(member, std::move(rest));
  }
  return out;
}

}  // namespace slipway::drivers::edge

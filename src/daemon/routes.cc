#include "daemon/routes.h"

#include <charconv>

#include "base/text.h"
#include "daemon/api.h"
#include "daemon/documents.h"
#include "http/message.h"

namespace slipway::daemon {
namespace {
bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& places) {
  const auto want = split(pattern, '/');
  const auto have = split(path, '/');
  if (want.size() != have.size()) return false;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool is_place = want[i].starts_with('{');
    if (!is_place && want[i] != have[i]) return false;
    if (!is_place) continue;
    if (have[i].empty()) return false;
    const auto value = http::percent_decoded(have[i]);
    if (!value) return false;
    places[std::string(want[i].substr(1, want[i].size() - 2))] = *value;
  }
  return true;
}
}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table{
      {"GET", "/v1/version", Role::None, &Api::version},
      {"GET", "/v1/health", Role::None, &Api::health},
      {"GET", "/v1/status", Role::Viewer, &Api::status},
      {"GET", "/v1/sightings", Role::Viewer, &Api::sightings},
      {"POST", "/v1/plan", Role::Deployer, &Api::plan},
      {"GET", "/v1/releases", Role::Viewer, &Api::releases},
      {"POST", "/v1/releases", Role::Deployer, &Api::start_release},
      {"GET", "/v1/releases/{id}", Role::Viewer, &Api::release},
      {"GET", "/v1/releases/{id}/events", Role::Viewer, &Api::events},
      {"GET", "/v1/releases/{id}/verdicts", Role::Viewer, &Api::verdicts},
      {"POST", "/v1/releases/{id}/pause", Role::Deployer, &Api::pause},
      {"POST", "/v1/releases/{id}/resume", Role::Deployer, &Api::resume},
      {"POST", "/v1/releases/{id}/promote", Role::Approver, &Api::promote},
      {"POST", "/v1/releases/{id}/abort", Role::Deployer, &Api::abort},
      {"POST", "/v1/releases/{id}/approve", Role::Approver, &Api::approve},
      {"POST", "/v1/releases/{id}/confirm", Role::Deployer, &Api::confirm},
      {"POST", "/v1/releases/{id}/approval-links", Role::Admin, &Api::create_approval_link},
      {"GET", "/v1/approval-link", Role::None, &Api::look_at_link},
      {"POST", "/v1/approval-link", Role::None, &Api::use_link},
      {"GET", "/v1/link", Role::None, &Api::look_at_action},
      {"POST", "/v1/link", Role::None, &Api::use_action},
      {"POST", "/v1/environments/{app}/{environment}/maintenance", Role::Deployer,
       &Api::maintenance},
      {"POST", "/v1/environments/{app}/{environment}/standstill", Role::Deployer,
       &Api::stand_still},
      {"GET", "/v1/environments/{app}/{environment}/standstill", Role::Viewer, &Api::standstill},
      {"POST", "/v1/environments/{app}/{environment}/channel-tests", Role::Deployer,
       &Api::test_channels},
      {"GET", "/v1/environments/{app}/{environment}/channel-tests", Role::Viewer,
       &Api::channel_tests},
      {"POST", "/v1/environments/{app}/{environment}/alerts", Role::Deployer,
       &Api::incoming_alerts},
      {"GET", "/v1/incidents", Role::Viewer, &Api::incidents},
      {"POST", "/v1/incidents", Role::Deployer, &Api::open_incident},
      {"GET", "/v1/incidents/{id}", Role::Viewer, &Api::incident},
      {"GET", "/v1/incidents/{id}/timeline", Role::Viewer, &Api::incident_timeline},
      {"POST", "/v1/incidents/{id}/assess", Role::Deployer, &Api::assess_incident},
      {"POST", "/v1/incidents/{id}/close", Role::Deployer, &Api::close_incident},
      {"GET", "/v1/logs", Role::Viewer, &Api::logs},
      {"GET", "/v1/tokens", Role::Admin, &Api::tokens},
      {"POST", "/v1/tokens", Role::Admin, &Api::create_token},
      {"DELETE", "/v1/tokens/{id}", Role::Admin, &Api::revoke_token},
      {"GET", "/metrics", Role::Viewer, &Api::metrics},
  };
  return table;
}

Match match(std::string_view method, std::string_view path) {
  Match found;
  for (const auto& route : routes()) {
    std::map<std::string, std::string> places;
    if (!fits(route.pattern, path, places)) continue;
    if (route.method == method) return {&route, std::move(places), {}};
    found.allow += (found.allow.empty() ? "" : ", ") + std::string(route.method);
  }
  return found;
}

Result<std::map<std::string, std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::string> out;
  if (query.empty()) return out;
  for (const auto pair : split(query, '&')) {
    const auto equals = pair.find('=');
    const auto name = http::percent_decoded(pair.substr(0, equals));
    const auto value =
        http::percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value)
      return Error(Code::Malformed, "the query is not well-formed: " + std::string(query),
                   "encode it");
    out[*name] = *value;
  }
  return out;
}

Result<Json> body_of(const Call& call) {
  if (call.body.empty()) return Json::object();
  return Json::parse(call.body);
}

std::string query_text(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? "" : found->second;
}

Result<std::int64_t> query_number(const Call& call, const std::string& name, std::int64_t otherwise,
                                  std::int64_t least, std::int64_t most) {
  const std::string text = query_text(call, name);
  if (text.empty()) return otherwise;
  std::int64_t number = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (err != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return Error(Code::Usage,
                 name + "=" + text + " is not a number from " + std::to_string(least) + " to " +
                     std::to_string(most),
                 "see docs/reference/openapi.yaml");
  }
  return number;
}

Reply json_reply(const Json& body, int status) {
  Reply reply;
  reply.status = status;
  reply.body = body.dump() + "\n";
  return reply;
}

Reply error_reply(const Error& error, const Json& details) {
  return json_reply(error_document(error, details), http_status(error.code));
}

}  // namespace slipway::daemon

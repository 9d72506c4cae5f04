#include "daemon/routes.h"

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
      {"POST", "/v1/releases/{id}/approval-links", Role::Admin, &Api::create_approval_link},
      {"GET", "/v1/approval-link", Role::None, &Api::look_at_link},
      {"POST", "/v1/approval-link", Role::None, &Api::use_link},
      {"POST", "/v1/environments/{app}/{environment}/maintenance", Role::Deployer,
       &Api::maintenance},
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

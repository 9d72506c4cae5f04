#include "edge/shield.h"

#include <fmt/format.h>

#include "edge/address.h"
#include "edge/members.h"
#include "http/bytes.h"

namespace slipway::edge {
namespace {

constexpr std::int64_t kMostRequests = 1'000'000;
constexpr std::int64_t kLongestPeriodS = 24 * 3600;
constexpr std::int64_t kMostConcurrent = 10'000'000;
constexpr std::int64_t kMostBody = std::int64_t{1} << 50;
constexpr std::int64_t kMostBuffer = std::int64_t{64} << 20;
constexpr std::int64_t kFastestRate = std::int64_t{1} << 30;
constexpr std::size_t kMostRoutes = 64;
constexpr std::size_t kMostRanges = 4096;

Json to_json(const Rate& rate) {
  Json json = Json::object();
  return json.set("requests", rate.requests).set("per_s", rate.per_s).set("burst", rate.burst);
}

Json to_json(const RouteLimit& route) {
  Json json = Json::object();
  json.set("path", route.path).set("methods", Json::array_of(route.methods));
  json.set("rate", to_json(route.rate)).set("concurrent", route.concurrent);
  return json.set("concurrent_per_client", route.concurrent_per_client);
}

Result<void> read_rate(const Json* json, Rate& rate) {
  if (json == nullptr) return ok();
  Members members(*json, "a rate in \"shield\" of a service of the edge's table");
  members.number("requests", rate.requests, kMostRequests);
  members.number("per_s", rate.per_s, kLongestPeriodS);
  members.number("burst", rate.burst, kMostRequests);
  if (rate.per_s == 0) members.wrong("per_s", "at least 1");
  return members.finish();
}

Result<void> read_route(const Json& json, RouteLimit& route) {
  Members members(json, "a route in \"shield\" of a service of the edge's table");
  members.text("path", route.path);
  members.texts("methods", route.methods);
  members.number("concurrent", route.concurrent, kMostConcurrent);
  members.number("concurrent_per_client", route.concurrent_per_client, kMostConcurrent);
  const Json* rate = members.take("rate");
  TRY(members.finish());
  return read_rate(rate, route.rate);
}

Result<void> read_access(const Json& json, Shield& shield) {
  Members members(json, "\"access\" in \"shield\" of a service of the edge's table");
  members.texts("allow", shield.allow);
  members.texts("deny", shield.deny);
  return members.finish();
}

bool is_token(std::string_view text) {
  for (char c : text) {
    if (!http::is_token_char(c)) return false;
  }
  return !text.empty();
}

Error wrong(std::string what) {
  return Error(Code::Malformed, std::move(what),
               "docs/formats/edge-table.md says what each member of \"shield\" may be");
}

Result<void> check_route(const RouteLimit& route) {
  if (route.path.empty() || route.path[0] != '/' ||
      route.path.find_first_of("?#% \r\n\t") != std::string::npos)
    return wrong(fmt::format("\"{}\" is not a path prefix of a route", route.path));
  for (const std::string& method : route.methods) {
    if (!is_token(method)) return wrong(fmt::format("\"{}\" is not a method", method));
  }
  return ok();
}

}  // namespace

Json to_json(const Shield& shield) {
  Json access = Json::object();
  access.set("allow", Json::array_of(shield.allow)).set("deny", Json::array_of(shield.deny));
  Json routes = Json::array();
  for (const RouteLimit& route : shield.routes) routes.push_back(to_json(route));
  Json json = Json::object();
  json.set("access", access).set("rate", to_json(shield.rate));
  json.set("client_header", shield.client_header).set("concurrent", shield.concurrent);
  json.set("concurrent_per_client", shield.concurrent_per_client).set("routes", routes);
  json.set("max_request_body", shield.max_request_body);
  json.set("max_response_body", shield.max_response_body);
  json.set("buffer_requests", shield.buffer_requests);
  json.set("buffer_responses", shield.buffer_responses);
  json.set("buffer_memory", shield.buffer_memory);
  json.set("min_upload_rate", shield.min_upload_rate);
  json.set("min_download_rate", shield.min_download_rate);
  return json.set("error_pages", shield.error_pages);
}

Result<void> read_shield(const Json& json, Shield& shield) {
  Members members(json, "\"shield\" of a service of the edge's table");
  members.text("client_header", shield.client_header);
  members.number("concurrent", shield.concurrent, kMostConcurrent);
  members.number("concurrent_per_client", shield.concurrent_per_client, kMostConcurrent);
  members.number("max_request_body", shield.max_request_body, kMostBody);
  members.number("max_response_body", shield.max_response_body, kMostBody);
  members.flag("buffer_requests", shield.buffer_requests);
  members.flag("buffer_responses", shield.buffer_responses);
  members.number("buffer_memory", shield.buffer_memory, kMostBuffer);
  members.number("min_upload_rate", shield.min_upload_rate, kFastestRate);
  members.number("min_download_rate", shield.min_download_rate, kFastestRate);
  members.text("error_pages", shield.error_pages);
  const Json* access = members.take("access");
  const Json* rate = members.take("rate");
  const Json* routes = members.take("routes");
  if (routes != nullptr && !routes->is_array()) members.wrong("routes", "a list");
  TRY(members.finish());
  if (access != nullptr) TRY(read_access(*access, shield));
  TRY(read_rate(rate, shield.rate));
  if (routes == nullptr) return ok();
  for (const Json& route : routes->items()) TRY(read_route(route, shield.routes.emplace_back()));
  return ok();
}

Result<void> check_shield(const Shield& shield) {
  if (shield.allow.size() + shield.deny.size() > kMostRanges)
    return wrong(fmt::format("more than {} address ranges in \"access\"", kMostRanges));
  for (const auto* ranges : {&shield.allow, &shield.deny}) {
    for (const std::string& range : *ranges) TRY(Cidr::parse(range));
  }
  if (!shield.client_header.empty() && !is_token(shield.client_header))
    return wrong(fmt::format("\"{}\" is not the name of a field", shield.client_header));
  if (shield.routes.size() > kMostRoutes)
    return wrong(fmt::format("more than {} routes in \"shield\"", kMostRoutes));
  for (const RouteLimit& route : shield.routes) TRY(check_route(route));
  if (!shield.error_pages.empty() && shield.error_pages[0] != '/')
    return wrong(fmt::format("\"{}\" is not an absolute path", shield.error_pages));
  return ok();
}

}  // namespace slipway::edge

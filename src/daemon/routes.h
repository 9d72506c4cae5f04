#pragma once
// The route table: every path the API answers, with the role it needs and what answers it. A test
// holds docs/reference/openapi.yaml to it.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "daemon/access.h"
#include "daemon/event_hub.h"

namespace slipway::daemon {

class Api;

struct Call {
  std::string method;
  std::string path;
  std::map<std::string, std::string> places;  // {id}, {app}, {environment}
  std::map<std::string, std::string> query;
  std::string body;
  std::int64_t last_event = 0;  // Last-Event-ID
  bool wants_page = false;      // Accept: text/html, a person's browser
  Caller caller;
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Set for an event stream: called once with the open stream; the reply has no body then. What it
  // returns as an error ends the stream.
  std::function<Result<void>(std::shared_ptr<EventSink>)> stream;
};
// The body as JSON; an empty one is an empty object.
Result<Json> body_of(const Call& call);
std::string query_text(const Call& call, const std::string& name);
Result<std::int64_t> query_number(const Call& call, const std::string& name, std::int64_t otherwise,
                                  std::int64_t least, std::int64_t most);
Reply json_reply(const Json& body, int status = 200);
Reply error_reply(const Error& error, const Json& details = {});

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/releases/{id}/pause"
  Role role;
  Reply (Api::*answer)(const Call& call);
};
const std::vector<Route>& routes();

// The route for a method and path, with the places filled in; an error with its status else (404,
// 405).
struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> places;
  std::string allow;  // 405: the methods there are
};
Match match(std::string_view method, std::string_view path);
Result<std::map<std::string, std::string>> parse_query(std::string_view query);

}  // namespace slipway::daemon

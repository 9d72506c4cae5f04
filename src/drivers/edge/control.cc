#include "drivers/edge/control.h"

namespace slipway::drivers::edge {
namespace {
constexpr Millis kCallTimeout{10'000};
// The stream brings a document every quarter second; this long without one and it is dead.
constexpr Millis kSilence{1'000};
constexpr const char* kFindOut =
    "find out what listens on this socket; start the edge: slipway edge";

bool is_success(int status) { return status >= 200 && status < 300; }
bool is_refusal(int status) { return status >= 400 && status < 500; }

// The error the edge gave; nullopt when the answer is none of an edge.
std::optional<Error> error_in(const http::Response& response) {
  const auto json = Json::parse(response.body);
  if (!json || !json->at("error").is_object()) return std::nullopt;
  const Json& error = json->at("error");
  return Error(code_named(error.text("code")), error.text("what"), error.text("next"));
}

Error foreign(const std::string& path, const std::string& target, int status) {
  return Error(Code::EdgeUnreachable,
               "the answer of " + path + " to " + target + " (status " + std::to_string(status) +
                   ") is not a slipway edge's",
               kFindOut);
}
}  // namespace

Control::Control(std::string socket_path)
    : path_(std::move(socket_path)), client_(http::Client::on_unix(path_)) {}

Error Control::unreachable(const Error& why, http::Sent sent) const {
  if (why.code == Code::Malformed) {
    return Error(Code::EdgeUnreachable,
                 "something that is not a slipway edge answers on " + path_ + ": " + why.what,
                 kFindOut);
  }
  if (sent == http::Sent::Maybe) {
    Error lost = why.in("while talking to the edge at " + path_);
    if (lost.next.empty()) lost.next = "look whether it runs: slipway edge list";
    return lost;
  }
  return Error(Code::EdgeUnreachable, "cannot reach the edge at " + path_ + ": " + why.what,
               "start it: slipway edge (what it served before is on its disk)");
}

Result<Json> Control::get(const std::string& target) const {
  http::Call call;
  call.target = target;
  call.timeout = kCallTimeout;
  http::Sent sent = http::Sent::Nothing;
  const auto response = client_.request(call, &sent);
  if (!response) return unreachable(response.error(), sent);
  if (!is_success(response->status)) {
    return error_in(*response).value_or(foreign(path_, target, response->status));
  }
  auto json = Json::parse(response->body);
  if (!json || !json->is_object()) return foreign(path_, target, response->status);
  return json;
}

ports::Outcome Control::put(const std::string& target, const Json& body) const {
  http::Call call;
  call.method = "PUT";
  call.target = target;
  call.fields.push_back({"Content-Type", "application/json"});
  call.body = body.dump();
  call.timeout = kCallTimeout;
  http::Sent sent = http::Sent::Nothing;
  const auto response = client_.request(call, &sent);
  if (!response) {
    Error why = unreachable(response.error(), sent);
    if (sent == http::Sent::Nothing) return ports::Outcome::not_applied(std::move(why));
    return ports::Outcome::unknown(std::move(why));
  }
  if (is_success(response->status)) return ports::Outcome::applied();
  auto said = error_in(*response);
  if (said && is_refusal(response->status)) return ports::Outcome::not_applied(std::move(*said));
  return ports::Outcome::unknown(said.value_or(foreign(path_, target, response->status)));
}

Result<void> Control::follow(const std::string& target,
                             const std::function<bool(const Json&)>& on_document) const {
  http::Call call;
  call.target = target;
  call.timeout = kSilence;
  http::Sent sent = http::Sent::Nothing;
  const auto on_line = [&](std::string_view line) {
    const auto json = Json::parse(line);
    return json ? on_document(*json) : true;
  };
  const auto response = client_.stream(call, on_line, &sent);
  if (!response) return unreachable(response.error(), sent);
  if (is_success(response->status)) return ok();
  return error_in(*response).value_or(foreign(path_, target, response->status));
}

}  // namespace slipway::drivers::edge

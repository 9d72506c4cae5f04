#include "cli/link.h"

#include <fmt/core.h>

#include "base/text.h"
#include "io/socket.h"

namespace slipway::cli {
namespace {
constexpr Millis kAnswerWithin{30'000};
constexpr Millis kSilence{25'000};  // the daemon sends a comment every 10 s

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Error wrong_host(const std::string& host, const std::string& why) {
  return {Code::Usage, fmt::format("SLIPWAY_HOST={} {}", host, why),
          "give http://127.0.0.1:PORT; for another machine, bring its port here first: ssh -L "
          "7878:127.0.0.1:7878 HOST"};
}

struct Place {
  http::Client client;
  std::string where;
};

Result<Place> remote(const std::string& host) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::string_view kUnix = "unix://";
  if (host.starts_with(kUnix)) {
    const std::string path = host.substr(kUnix.size());
    return Place{http::Client::on_unix(path), path};
  }
  if (!host.starts_with(kScheme)) return wrong_host(host, "is not an http:// address");
  std::string rest = host.substr(kScheme.size());
  if (rest.ends_with('/')) rest.pop_back();
  const auto at = io::parse_host_port(rest);
  if (!at) return wrong_host(host, "has no address and port: " + at.error().what);
  if (!is_loopback(at->host))
    return wrong_host(host,
                      "is not on this machine, and the token would cross the network in the clear");
  return Place{http::Client::on_tcp(at->host, at->port), rest};
}

Error refused(const Json& refusal) {
  return {code_named(refusal.text("code")), refusal.text("what"), refusal.text("next")};
}
}  // namespace

Result<Link> Link::open(const Session& session) {
  const auto& around = session.around();
  // A state folder named on the command line means the daemon there.
  if (around.host.empty() || session.given().has("--state")) {
    const std::string path = session.socket();
    return Link(http::Client::on_unix(path), "", path, session.state_folder());
  }
  auto place = TRY(remote(around.host));
  return Link(std::move(place.client), around.token, place.where, "");
}

http::Call Link::call(std::string method, const std::string& target) const {
  http::Call out;
  out.method = std::move(method);
  out.target = target;
  out.fields = {{"Slipway-Api", std::to_string(kApi)}, {"Accept", "application/json"}};
  if (!token_.empty()) out.fields.push_back({"Authorization", "Bearer " + token_});
  out.timeout = kAnswerWithin;
  return out;
}

Error Link::unreachable(const Error& why, http::Sent sent) const {
  if (why.code == Code::Malformed) {
    return {Code::DaemonForeign,
            fmt::format("something that is not slipway answers on {}: {}", where_, why.what),
            "find out what it is; choose another state folder with --state DIR"};
  }
  if (sent == http::Sent::Maybe) {
    return {Code::DaemonUnreachable,
            fmt::format("the slipway daemon on {} did not answer: {}", where_, why.what),
            "a change that was asked for may have been made all the same; look at its log, then "
            "try again"};
  }
  const bool may_not = why.code == Code::NotWritable;
  if (may_not) {
    return {Code::DaemonUnreachable, fmt::format("cannot open {}: {}", where_, why.what),
            "run it as the daemon's user (or root), or use SLIPWAY_HOST with a token"};
  }
  return {Code::DaemonUnreachable,
          fmt::format("no slipway daemon answers on {}: {}", where_, why.what),
          state_.empty() ? "check SLIPWAY_HOST, and that the daemon runs with --listen"
                         : fmt::format("start it: slipway daemon --state {}, or systemctl start "
                                       "slipway-daemon; to only try an app: slipway dev",
                                       state_)};
}

Result<void> Link::check(const http::Response& response) {
  const std::string api(response.field("Slipway-Api"));
  if (api.empty()) {
    return Error(
        Code::DaemonForeign,
        fmt::format("something that is not slipway answers on {} (HTTP {}, no Slipway-Api)", where_,
                    response.status),
        "find out what it is; choose another state folder with --state DIR");
  }
  if (api != std::to_string(kApi)) {
    const std::string theirs(response.field("Slipway-Version"));
    return Error(
        Code::DaemonVersion,
        fmt::format("the daemon on {} is slipway {} and speaks API {}, this command speaks "
                    "API {}",
                    where_, theirs, api, kApi),
        "use the slipway binary the daemon was started from, or restart the daemon with "
        "this one (what runs keeps running)");
  }
  if (response.status < 400) return ok();
  const auto body = Json::parse(response.body);
  if (!body || !body->at("error").is_object()) {
    return Error(
        Code::Malformed,
        fmt::format("the daemon on {} answered {} without a reason", where_, response.status),
        "look into the daemon's log");
  }
  refusal_ = body->at("error");
  return refused(refusal_);
}

Result<Json> Link::exchange(const http::Call& call) {
  refusal_ = Json();
  http::Sent sent = http::Sent::Nothing;
  const auto response = client_.request(call, &sent);
  if (!response) return unreachable(response.error(), sent);
  TRY(check(*response));
  return Json::parse(response->body);
}

Result<std::string> Link::text(const std::string& target) {
  refusal_ = Json();
  http::Sent sent = http::Sent::Nothing;
  auto response = client_.request(call("GET", target), &sent);
  if (!response) return unreachable(response.error(), sent);
  TRY(check(*response));
  return std::move(response->body);
}

Result<Json> Link::get(const std::string& target) { return exchange(call("GET", target)); }
Result<Json> Link::remove(const std::string& target) { return exchange(call("DELETE", target)); }

Result<Json> Link::post(const std::string& target, const Json& body) {
  http::Call out = call("POST", target);
  out.fields.push_back({"Content-Type", "application/json"});
  out.body = body.dump();
  return exchange(out);
}

namespace {
// Collects the lines of one event; true when it is complete.
bool take_line(Link::Event& event, std::string_view line) {
  if (line.empty()) return !event.name.empty() || !event.text.empty();
  const auto colon = line.find(':');
  if (colon == 0) return false;  // a comment: the stream is alive
  const auto name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event.name = value;
  if (name == "id") event.id = std::strtoll(std::string(value).c_str(), nullptr, 10);
  if (name == "data") event.text += (event.text.empty() ? "" : "\n") + std::string(value);
  return false;
}
}  // namespace

Result<void> Link::follow(const std::string& target, std::int64_t last_id,
                          const OnEvent& on_event) {
  refusal_ = Json();
  http::Call out = call("GET", target);
  out.timeout = kSilence;
  if (last_id > 0) out.fields.push_back({"Last-Event-ID", std::to_string(last_id)});
  Event event;
  http::Sent sent = http::Sent::Nothing;
  const auto response = client_.stream(
      out,
      [&](std::string_view line) {
        if (!take_line(event, line)) return true;
        const bool more = on_event(event);
        event = Event();
        return more;
      },
      &sent);
  if (!response) return unreachable(response.error(), sent);
  return check(*response);
}

}  // namespace slipway::cli

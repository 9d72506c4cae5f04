#include "edge/verb_calls.h"

#include <fmt/format.h>

#include "http/client.h"
#include "io/clock.h"
#include "io/poll.h"

namespace slipway::edge::verbs {
namespace {
constexpr Millis kDrainPoll{20};
constexpr const char* kRolloutPrefix = "rollout-";
}  // namespace

bool is_rollout(const Pool& pool) { return pool.release.starts_with(kRolloutPrefix); }
std::string fresh_rollout() { return kRolloutPrefix + io::random_hex(6); }

Millis now() { return Millis(io::monotonic_us() / 1000); }

// Only the time counts: there is no outcome to act on.
void rest(Millis time) { static_cast<void>(io::wait_ready(-1, 0, time)); }

Result<Json> call(const std::string& socket, const std::string& method, const std::string& target,
                  const std::string& body) {
  http::Call request;
  request.method = method;
  request.target = target;
  request.body = body;
  auto response = http::Client::on_unix(socket).request(request);
  if (!response)
    return Error(Code::EdgeUnreachable, response.error().what, "start it with: slipway edge run");
  const Json json = TRY(Json::parse(response->body));
  if (response->status < 300) return json;
  const Json& error = json.at("error");
  return Error(code_named(error.text("code")), error.text("what"), error.text("next"));
}

std::string app_target(const std::string& name) {
  return fmt::format("/v1/apps/{}/{}", http::percent_encoded(name), kEnvironment);
}

Result<Known> read_app(const std::string& name, const std::string& socket) {
  const Json json = TRY(call(socket, "GET", app_target(name)));
  Known known;
  known.version = json.integer("version");
  known.epoch = json.integer("epoch");
  auto services = TRY(services_from_json(json.at("services")));
  known.exists = !services.empty();
  if (known.exists) known.service = std::move(services.front());
  return known;
}

Result<void> write_app(const std::string& name, const Known& known, const Service& service,
                       Commit commit, const std::string& socket) {
  Json body = Json::object();
  body.set("expected_version", known.version).set("epoch", known.epoch);
  body.set("op", "verb/" + io::random_hex(8)).set("check_only", commit == Commit::Try);
  body.set("services", Json::Array{to_json(service)});
  TRY(call(socket, "PUT", app_target(name), body.dump()));
  return ok();
}

Result<void> edit_app(const std::string& name, const std::string& socket, const Edit& edit) {
  for (int i = 0;; ++i) {
    Known known = TRY(read_app(name, socket));
    if (!known.exists)
      return Error(Code::NotFound, "the edge has no service named " + name,
                   "slipway edge list shows those it has");
    TRY(edit(known.service));
    auto done = write_app(name, known, known.service, Commit::Keep, socket);
    if (done || done.error().code != Code::Conflict || i == kMostConflicts) return done;
  }
}

Result<void> wait_for_drain(const std::string& name, Millis most, const std::string& socket) {
  const std::string target =
      fmt::format("/v1/drain?app={}&environment={}", http::percent_encoded(name), kEnvironment);
  const Millis until = now() + most;
  while (!TRY(call(socket, "GET", target)).at("draining").items().empty()) {
    if (now() >= until) {
      TRY(call(socket, "POST", target));
      return ok();
    }
    rest(kDrainPoll);
  }
  return ok();
}

}  // namespace slipway::edge::verbs

#include "edge/verbs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "edge/table.h"
#include "http/client.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/poll.h"
#include "io/socket.h"

namespace slipway::edge::verbs {
namespace {

constexpr const char* kEnvironment = "edge";
constexpr const char* kServiceName = "web";
constexpr Millis kDrainPoll{20};
constexpr Millis kDrainSlack{2'000};
constexpr int kMostConflicts = 5;

Millis now() { return Millis(io::monotonic_us() / 1000); }

// Waits for nothing but the time; there is no outcome to act on.
void rest(Millis time) { static_cast<void>(io::wait_ready(-1, 0, time)); }

// The control API's answer; its refusals become the errors they were.
Result<Json> call(const std::string& socket, const std::string& method, const std::string& target,
                  const std::string& body = {}) {
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

struct Known {
  std::int64_t version = 0;
  std::int64_t epoch = 0;
  bool exists = false;
  Service service;
};

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

enum class Commit { Try, Keep };

Result<void> write_app(const std::string& name, const Known& known, const Service& service,
                       Commit commit, const std::string& socket) {
  Json body = Json::object();
  body.set("expected_version", known.version).set("epoch", known.epoch);
  body.set("op", "verb/" + io::random_hex(8)).set("check_only", commit == Commit::Try);
  body.set("services", Json::Array{to_json(service)});
  TRY(call(socket, "PUT", app_target(name), body.dump()));
  return ok();
}

// Reads, changes and writes; tries again when somebody else wrote in between.
template <class Edit>
Result<void> edit_app(const std::string& name, const std::string& socket, Edit edit) {
  for (int i = 0;; ++i) {
    Known known = TRY(read_app(name, socket));
    if (!known.exists)
      return Error(Code::NotFound, "the edge has no service named " + name,
                   "slipway edge list shows those it has");
    edit(known.service);
    auto done = write_app(name, known, known.service, Commit::Keep, socket);
    if (done || done.error().code != Code::Conflict || i == kMostConflicts) return done;
  }
}

// Until nothing runs at targets that get no new requests.
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

// Empty when the target answered 2xx, else what was wrong.
std::string probe(const DeployOptions& options, const std::string& target) {
  auto at = io::parse_host_port(target);
  if (!at) return at.error().what;
  http::Call request;
  request.target = options.health_check_path;
  request.timeout = options.health_check_timeout;
  if (!options.health_check_host.empty())
    request.fields.push_back({"Host", options.health_check_host});
  const auto response = http::Client::on_tcp(at->host, at->port).request(request);
  if (!response) return response.error().what;
  if (response->status >= 200 && response->status < 300) return {};
  return fmt::format("{} answered {}", options.health_check_path, response->status);
}

Result<void> wait_until_healthy(const DeployOptions& options) {
  const Millis until = now() + options.deploy_timeout;
  std::vector<std::string> waiting = options.targets;
  std::string last;
  while (true) {
    std::erase_if(waiting, [&](const std::string& target) {
      const std::string wrong = probe(options, target);
      if (!wrong.empty()) last = fmt::format("{}: {}", target, wrong);
      return wrong.empty();
    });
    if (waiting.empty()) return ok();
    if (options.say) options.say("not healthy yet: " + last);
    if (now() + options.health_check_interval > until) break;
    rest(options.health_check_interval);
  }
  return Error(
      Code::NeverHealthy,
      fmt::format("{} of {} did not become healthy within {}; {}", join(waiting, ", "),
                  count_of(static_cast<long long>(options.targets.size()), "target"),
                  to_text(options.deploy_timeout), last),
      "look at its log, or give another --health-check-path; what served before still does");
}

// --tls without files keeps what the service has: a certificate obtained for it, say.
Result<void> set_tls(const DeployOptions& options, Service& service) {
  const bool files = !options.tls_certificate_path.empty() && !options.tls_private_key_path.empty();
  if (!options.tls) service.tls = {};
  if (!options.tls || (service.tls.enabled() && !files)) return ok();
  if (!files)
    return Error(Code::Usage, "--tls needs a certificate and a private key",
                 "give --tls-certificate-path and --tls-private-key-path, or deploy without --tls "
                 "and then: slipway edge certificate obtain " +
                     options.name);
  service.tls.certificate = io::absolute_path(options.tls_certificate_path);
  service.tls.key = io::absolute_path(options.tls_private_key_path);
  return ok();
}

Result<Service> service_of(const DeployOptions& options, const Known& known) {
  Service service = known.service;  // keeps state, message and pause of an earlier deploy
  service.name = kServiceName;
  service.app = options.name;
  service.environment = kEnvironment;
  service.hosts = options.hosts;
  service.paths =
      options.path_prefixes.empty() ? std::vector<std::string>{"/"} : options.path_prefixes;
  service.strip_prefix = options.strip_path_prefix;
  service.health_path = options.health_check_path;
  service.forward_headers = options.forward_headers;
  service.timeouts.response = options.target_timeout;
  service.drain = options.drain_timeout;
  TRY(set_tls(options, service));
  service.page.clear();
  service.shield.buffer_requests = options.buffer_requests;
  service.shield.buffer_responses = options.buffer_responses;
  service.shield.buffer_memory = options.buffer_memory;
  service.shield.max_request_body = options.max_request_body;
  service.shield.max_response_body = options.max_response_body;
  service.shield.error_pages =
      options.error_pages.empty() ? "" : io::absolute_path(options.error_pages);
  service.pools = {{"v-" + io::random_hex(6), kWholeWeight, options.targets}};
  return service;
}

std::string name_in_list(const Json& service) {
  if (service.text("environment") == kEnvironment && service.text("name") == kServiceName)
    return service.text("app");
  return fmt::format("{}/{}/{}", service.text("app"), service.text("environment"),
                     service.text("name"));
}

}  // namespace

Result<void> deploy(const DeployOptions& options, const std::string& socket) {
  if (options.name.empty() || options.targets.empty())
    return Error(Code::Usage, "deploy needs a name and at least one --target",
                 "slipway edge deploy NAME --target HOST:PORT");
  for (int i = 0;; ++i) {
    const Known known = TRY(read_app(options.name, socket));
    const Service service = TRY(service_of(options, known));
    TRY(write_app(options.name, known, service, Commit::Try, socket));
    if (i == 0) TRY(wait_until_healthy(options));
    auto done = write_app(options.name, known, service, Commit::Keep, socket);
    if (done) break;
    if (done.error().code != Code::Conflict || i == kMostConflicts) return done;
  }
  return wait_for_drain(options.name, options.drain_timeout + kDrainSlack, socket);
}

Result<void> remove(const std::string& name, const std::string& socket) {
  const Known known = TRY(read_app(name, socket));
  if (!known.exists)
    return Error(Code::NotFound, "the edge has no service named " + name,
                 "slipway edge list shows those it has");
  TRY(call(socket, "DELETE",
           fmt::format("{}?expected_version={}&epoch={}&op=verb/{}", app_target(name),
                       known.version, known.epoch, io::random_hex(8))));
  return ok();
}

Result<void> pause(const std::string& name, Millis max_pause, Millis drain_timeout,
                   const std::string& socket) {
  TRY(edit_app(name, socket, [&](Service& service) {
    service.state = ServiceState::Paused;
    service.max_pause = max_pause;
  }));
  return wait_for_drain(name, drain_timeout, socket);
}

Result<void> stop(const std::string& name, const std::string& message, Millis drain_timeout,
                  const std::string& socket) {
  TRY(edit_app(name, socket, [&](Service& service) {
    service.state = ServiceState::Stopped;
    service.message = message;
  }));
  return wait_for_drain(name, drain_timeout, socket);
}

Result<void> drain(const std::string& name, Millis timeout, const std::string& socket) {
  const Known known = TRY(read_app(name, socket));
  if (!known.exists && known.version == 0)
    return Error(Code::NotFound, "the edge has no service named " + name,
                 "slipway edge list shows those it has");
  return wait_for_drain(name, timeout, socket);
}

Result<void> resume(const std::string& name, const std::string& socket) {
  return edit_app(name, socket, [](Service& service) { service.state = ServiceState::Live; });
}

Result<Json> reload(const std::string& socket) {
  return call(socket, "POST", "/v1/certificates/reload");
}

Result<void> use_certificate(const std::string& name, const std::string& certificate,
                             const std::string& key, const std::string& socket) {
  return edit_app(name, socket, [&](Service& service) {
    service.tls.certificate = certificate;
    service.tls.key = key;
  });
}

Result<Json> list(const std::string& socket) {
  const Json table = TRY(call(socket, "GET", "/v1/table"));
  Json out = Json::array();
  for (const Json& service : table.at("services").items()) {
    Json entry = Json::object();
    entry.set("name", name_in_list(service))
        .set("hosts", service.at("hosts"))
        .set("paths", service.at("paths"));
    entry.set("state", service.text("state")).set("tls", service.find("tls") != nullptr);
    Json targets = Json::array();
    for (const Json& pool : service.at("pools").items()) {
      if (pool.integer("weight") == 0) continue;
      for (const std::string& target : pool.strings("targets")) targets.push_back(target);
    }
    out.push_back(entry.set("targets", targets));
  }
  return out;
}

Result<std::string> list_text(const std::string& socket) {
  const Json services = TRY(list(socket));
  std::string out = fmt::format("{:<24} {:<28} {:<16} {:<12} {:<4} {}\n", "NAME", "HOST", "PATH",
                                "STATE", "TLS", "TARGET");
  for (const Json& service : services.items()) {
    const std::vector<std::string> hosts = service.strings("hosts");
    out += fmt::format("{:<24} {:<28} {:<16} {:<12} {:<4} {}\n", service.text("name"),
                       hosts.empty() ? "*" : join(hosts, ","), join(service.strings("paths"), ","),
                       service.text("state"), service.flag("tls") ? "yes" : "no",
                       join(service.strings("targets"), ","));
  }
  return out;
}

}  // namespace slipway::edge::verbs

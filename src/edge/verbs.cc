#include "edge/verbs.h"

#include <fmt/format.h>

#include <algorithm>

#include "edge/verb_calls.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::edge::verbs {
namespace {

// Without files the service keeps the certificate it has.
Result<void> set_tls(const DeployOptions& options, Service& service) {
  const bool files = !options.tls_certificate_path.empty() && !options.tls_private_key_path.empty();
  if (!options.tls) service.tls = {};
  if (!options.tls) return ok();
  service.tls.redirect = options.tls_redirect;
  if (service.tls.enabled() && !files) return ok();
  if (!files)
    return Error(Code::Usage, "--tls needs a certificate and a private key",
                 "give --tls-certificate-path and --tls-private-key-path, or deploy without --tls "
                 "and then: slipway edge certificate obtain " +
                     options.name);
  // The edge reads them, and it was not started in this folder.
  service.tls.certificate = io::absolute_path(options.tls_certificate_path);
  service.tls.key = io::absolute_path(options.tls_private_key_path);
  return ok();
}

// What kamal-proxy has flags for; the rest of a shield is left as it is.
void set_shield(const DeployOptions& options, Shield& shield) {
  shield.error_pages = options.error_pages.empty() ? "" : io::absolute_path(options.error_pages);
  shield.buffer_requests = options.buffer_requests;
  shield.buffer_responses = options.buffer_responses;
  shield.buffer_memory = options.buffer_memory;
  shield.max_request_body = options.max_request_body;
  shield.max_response_body = options.max_response_body;
}

// The new targets take the place of the ones before; a rollout's stay, with their share.
void set_targets(const DeployOptions& options, Service& service) {
  std::erase_if(service.pools, [](const Pool& pool) { return !is_rollout(pool); });
  int weight = kWholeWeight;
  for (const Pool& pool : service.pools) weight -= pool.weight;
  Pool fresh;
  fresh.release = "v-" + io::random_hex(6);
  fresh.weight = weight;
  fresh.targets = options.targets;
  fresh.read_targets = options.read_targets;
  service.pools.insert(service.pools.begin(), std::move(fresh));
  service.traffic.writer_affinity = options.writer_affinity_timeout;
}

HealthQuestion question_of(const DeployOptions& options) {
  HealthQuestion question;
  question.path = options.health_check_path;
  question.host = options.health_check_host;
  question.port = options.health_check_port;
  question.interval = options.health_check_interval;
  question.timeout = options.health_check_timeout;
  question.deploy_timeout = options.deploy_timeout;
  question.say = options.say;
  return question;
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
  set_shield(options, service.shield);
  set_targets(options, service);
  return service;
}

}  // namespace

Result<void> deploy(const DeployOptions& options, const std::string& socket) {
  if (options.name.empty() || options.targets.empty())
    return Error(Code::Usage, "deploy needs a name and at least one --target",
                 "slipway edge deploy NAME --target HOST:PORT");
  std::vector<std::string> all = options.targets;
  all.insert(all.end(), options.read_targets.begin(), options.read_targets.end());
  for (int i = 0;; ++i) {
    const Known known = TRY(read_app(options.name, socket));
    const Service service = TRY(service_of(options, known));
    TRY(write_app(options.name, known, service, Commit::Try, socket));
    if (i == 0) TRY(wait_until_healthy(question_of(options), all));
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
    return ok();
  }));
  return wait_for_drain(name, drain_timeout, socket);
}

Result<void> stop(const std::string& name, const std::string& message, Millis drain_timeout,
                  const std::string& socket) {
  TRY(edit_app(name, socket, [&](Service& service) {
    service.state = ServiceState::Stopped;
    service.message = message;
    return ok();
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
  return edit_app(name, socket, [](Service& service) {
    service.state = ServiceState::Live;
    return ok();
  });
}

Result<Json> reload(const std::string& socket) {
  return call(socket, "POST", "/v1/certificates/reload");
}

Result<void> use_certificate(const std::string& name, const std::string& certificate,
                             const std::string& key, const std::string& socket) {
  return edit_app(name, socket, [&](Service& service) {
    service.tls.certificate = certificate;
    service.tls.key = key;
    return ok();
  });
}

}  // namespace slipway::edge::verbs

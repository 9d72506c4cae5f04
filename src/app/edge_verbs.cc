// slipway edge deploy, list, remove, pause, resume and so on: the edge used by itself, without a
// daemon.
#include "edge/verbs.h"

#include <fmt/core.h>

#include "app/verbs.h"
#include "base/text.h"
#include "base/units.h"
#include "edge/edge.h"

namespace slipway::app {
namespace {
std::string socket_of(const cli::Session& session) {
  return edge::control_socket_path(session.state_folder());
}

int done(cli::Session& session, const Result<void>& result, std::string_view what) {
  if (!result) return session.fail(result.error());
  const std::string name = session.given().text("NAME");
  if (session.wants_json()) {
    session.show(Json::object().set("name", name).set("done", what));
  } else {
    session.note(fmt::format("{}: {}", name, what));
  }
  return 0;
}

// 0 when it is not given.
Result<std::int64_t> size_of(const cli::Given& given, const char* option) {
  const std::string text = given.text(option);
  if (text.empty()) return 0;
  const auto size = parse_size(text);
  if (size) return static_cast<std::int64_t>(*size);
  return Error(Code::Usage, fmt::format("{} is a size, not \"{}\"", option, text),
               "write 10MiB, say");
}

// "80", "80%", "12.5": hundredths are the finest share.
Result<double> percent_of(const std::string& text) {
  const auto percent = parse_percent(text.ends_with('%') ? text : text + "%");
  if (percent) return *percent;
  return Error(Code::Usage, fmt::format("\"{}\" is no share from 0 to 100", text),
               "write 60 or 60%");
}

Result<std::vector<edge::verbs::ReleaseShare>> shares_of(const std::vector<std::string>& words) {
  std::vector<edge::verbs::ReleaseShare> out;
  for (const std::string& word : words) {
    const auto at = word.find('=');
    if (at == std::string::npos || at == 0)
      return Error(Code::Usage, fmt::format("\"{}\" is not RELEASE=PERCENT", word),
                   "see: slipway help edge split");
    out.push_back({word.substr(0, at), TRY(percent_of(word.substr(at + 1)))});
  }
  return out;
}

Result<edge::verbs::RolloutOptions> rollout_options(cli::Session& session) {
  const auto& given = session.given();
  edge::verbs::RolloutOptions out;
  out.name = given.text("NAME");
  out.targets = given.all("--target");
  out.deploy_timeout = TRY(given.duration("--deploy-timeout"));
  out.drain_timeout = TRY(given.duration("--drain-timeout"));
  out.say = [&session](const std::string& line) { session.note(line); };
  return out;
}

Result<edge::verbs::DeployOptions> deploy_options(cli::Session& session) {
  const auto& given = session.given();
  edge::verbs::DeployOptions out;
  out.name = given.text("NAME");
  out.targets = given.all("--target");
  out.hosts = given.all("--host");
  out.path_prefixes = given.all("--path-prefix");
  out.read_targets = given.all("--read-target");
  out.writer_affinity_timeout = TRY(given.duration("--writer-affinity-timeout"));
  out.strip_path_prefix =
      given.text("--strip-path-prefix") == "true" && !given.has("--no-strip-path-prefix");
  out.health_check_path = given.text("--health-check-path");
  out.health_check_interval = TRY(given.duration("--health-check-interval"));
  out.health_check_timeout = TRY(given.duration("--health-check-timeout"));
  out.health_check_host = given.text("--health-check-host");
  out.health_check_port = static_cast<int>(TRY(given.number("--health-check-port", 0, 65'535)));
  out.deploy_timeout = TRY(given.duration("--deploy-timeout"));
  out.drain_timeout = TRY(given.duration("--drain-timeout"));
  out.target_timeout = TRY(given.duration("--target-timeout"));
  out.tls = given.has("--tls");
  out.tls_redirect = given.text("--tls-redirect") == "true";
  out.tls_certificate_path = given.text("--tls-certificate-path");
  out.tls_private_key_path = given.text("--tls-private-key-path");
  out.error_pages = given.text("--error-pages");
  out.buffer_requests = given.has("--buffer-requests");
  out.buffer_responses = given.has("--buffer-responses");
  out.buffer_memory = TRY(size_of(given, "--buffer-memory"));
  out.max_request_body = TRY(size_of(given, "--max-request-body"));
  out.max_response_body = TRY(size_of(given, "--max-response-body"));
  out.forward_headers = given.has("--forward-headers");
  out.say = [&session](const std::string& line) { session.note(line); };
  if (out.targets.empty()) {
    return Error(Code::Usage, "slipway edge deploy needs --target HOST:PORT",
                 "see: slipway help edge deploy");
  }
  return out;
}
}  // namespace

int run_edge_deploy(cli::Session& session) {
  const auto options = deploy_options(session);
  if (!options) return session.fail(options.error());
  return done(session, edge::verbs::deploy(*options, socket_of(session)), "deployed");
}

int run_edge_list(cli::Session& session) {
  if (session.wants_json()) {
    const auto list = edge::verbs::list(socket_of(session));
    if (!list) return session.fail(list.error());
    session.show(*list);
    return 0;
  }
  const auto text = edge::verbs::list_text(socket_of(session));
  if (!text) return session.fail(text.error());
  session.print(*text);
  return 0;
}

int run_edge_remove(cli::Session& session) {
  return done(session, edge::verbs::remove(session.given().text("NAME"), socket_of(session)),
              "removed");
}

int run_edge_pause(cli::Session& session) {
  const auto& given = session.given();
  const auto most = given.duration("--max-pause");
  if (!most) return session.fail(most.error());
  const auto drain = given.duration("--drain-timeout");
  if (!drain) return session.fail(drain.error());
  return done(session, edge::verbs::pause(given.text("NAME"), *most, *drain, socket_of(session)),
              "paused");
}

int run_edge_stop(cli::Session& session) {
  const auto& given = session.given();
  const auto drain = given.duration("--drain-timeout");
  if (!drain) return session.fail(drain.error());
  return done(
      session,
      edge::verbs::stop(given.text("NAME"), given.text("--message"), *drain, socket_of(session)),
      "stopped");
}

int run_edge_drain(cli::Session& session) {
  const auto& given = session.given();
  const auto timeout = given.duration("--timeout");
  if (!timeout) return session.fail(timeout.error());
  return done(session, edge::verbs::drain(given.text("NAME"), *timeout, socket_of(session)),
              "drained");
}

int run_edge_resume(cli::Session& session) {
  return done(session, edge::verbs::resume(session.given().text("NAME"), socket_of(session)),
              "resumed");
}

int run_edge_rollout_deploy(cli::Session& session) {
  const auto options = rollout_options(session);
  if (!options) return session.fail(options.error());
  return done(session, edge::verbs::rollout_deploy(*options, socket_of(session)),
              "rollout deployed");
}

int run_edge_rollout_set(cli::Session& session) {
  const auto& given = session.given();
  const auto percent = percent_of(given.text("--percent"));
  if (!percent) return session.fail(percent.error());
  std::vector<std::string> list;
  for (const std::string& word : given.all("--list")) {
    for (const auto part : split(word, ',')) list.emplace_back(trim(part));
  }
  return done(session,
              edge::verbs::rollout_set(given.text("NAME"), *percent, list, socket_of(session)),
              "rollout set");
}

int run_edge_rollout_stop(cli::Session& session) {
  return done(session, edge::verbs::rollout_stop(session.given().text("NAME"), socket_of(session)),
              "rollout stopped");
}

int run_edge_split(cli::Session& session) {
  const auto& given = session.given();
  const auto shares = shares_of(given.all("RELEASE=PERCENT"));
  if (!shares) return session.fail(shares.error());
  return done(session, edge::verbs::split_releases(given.text("NAME"), *shares, socket_of(session)),
              "split");
}

int run_edge_status(cli::Session& session) {
  if (session.wants_json()) {
    const auto status = edge::verbs::status(socket_of(session));
    if (!status) return session.fail(status.error());
    session.show(*status);
    return 0;
  }
  const auto text = edge::verbs::status_text(socket_of(session));
  if (!text) return session.fail(text.error());
  session.print(*text);
  return 0;
}

}  // namespace slipway::app

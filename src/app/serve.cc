// slipway daemon and slipway edge run: the two long-lived processes.
#include <fmt/core.h>

#include "app/channels.h"
#include "app/verbs.h"
#include "app/wiring.h"
#include "base/units.h"
#include "daemon/daemon.h"
#include "edge/edge.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::app {
namespace {
constexpr int kMostWorkers = 256;
constexpr int kMostConnections = 1'000'000;
constexpr int kMostKeptLogs = 100;

Result<edge::AccessLogOptions> access_log_options(const cli::Given& given) {
  edge::AccessLogOptions options;
  options.where = given.text("--access-log");
  const std::string size = given.text("--access-log-rotate");
  options.rotate_bytes = parse_size(size).value_or(0);
  if (options.rotate_bytes < edge::kLeastRotateBytes)
    return Error(Code::Usage,
                 fmt::format("--access-log-rotate is a size of at least {}, not \"{}\"",
                             size_text(edge::kLeastRotateBytes), size),
                 "write 64MiB, say");
  options.keep = static_cast<int>(TRY(given.number("--access-log-keep", 0, kMostKeptLogs)));
  options.query = !given.has("--access-log-no-query");
  return options;
}

Result<edge::EdgeOptions> edge_options(cli::Session& session) {
  const auto& given = session.given();
  edge::EdgeOptions options;
  options.state = session.state_folder();
  options.version = session.around().version;
  if (given.has("--listen")) options.listen = given.all("--listen");
  options.listen_tls = given.all("--listen-tls");
  options.limits.h2c = given.has("--h2c");
  options.acme_webroot = given.text("--acme-webroot");
  options.proxy_protocol = given.has("--proxy-protocol");
  options.workers = static_cast<unsigned>(TRY(given.number("--workers", 0, kMostWorkers)));
  options.limits.connections_per_client =
      TRY(given.number("--connections-per-client", 0, kMostConnections));
  options.user = given.text("--user");
  options.take_over = given.has("--take-over");
  options.goodbye = TRY(given.duration("--goodbye"));
  options.stop_time = TRY(given.duration("--stop-time"));
  options.access_log = TRY(access_log_options(given));
  return options;
}
}  // namespace

int run_daemon(cli::Session& session) {
  const auto& given = session.given();
  daemon::DaemonOptions options;
  options.state = session.state_folder();
  options.socket = given.text("--socket");
  options.listen = given.text("--listen");
  options.log_file = given.text("--log-file");
  options.version = session.around().version;
  options.external_url = given.text("--external-url");
  const bool is_web =
      options.external_url.starts_with("https://") || options.external_url.starts_with("http://");
  if (!options.external_url.empty() && !is_web) {
    return session.fail(Error(Code::Usage,
                              "--external-url " + options.external_url + " is no web address",
                              "for example --external-url https://slipway.example"));
  }
  const auto keep = given.duration("--keep-notices");
  if (!keep) return session.fail(keep.error());
  options.keep_notices = *keep;
  io::SystemClock clock;
  options.channels = channel_factory(clock);
  return daemon::daemon_main(options, driver_factory(options.state));
}

namespace {
enum class Start { Any, OnlyAsSuccessor };

int serve_edge(cli::Session& session, Start start) {
  auto options = edge_options(session);
  if (!options) return session.fail(options.error());
  options->take_over = options->take_over || start == Start::OnlyAsSuccessor;
  const auto made = io::make_dirs(options->state, 0700);
  if (!made) {
    Error why = made.error().in("cannot make the state folder " + options->state);
    why.next = "choose another with --state DIR or SLIPWAY_STATE";
    return session.fail(why);
  }
  return edge::edge_main(*options);
}
}  // namespace

int run_edge(cli::Session& session) { return serve_edge(session, Start::Any); }
int run_edge_upgrade(cli::Session& session) { return serve_edge(session, Start::OnlyAsSuccessor); }

}  // namespace slipway::app

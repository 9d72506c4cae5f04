// slipway edge reload, edge certificate obtain and renew.
#include <fmt/core.h>

#include "app/verbs.h"
#include "edge/certbot.h"
#include "edge/edge.h"
#include "edge/verbs.h"
#include "io/environment.h"

namespace slipway::app {
namespace {

edge::CertbotRun run_of(const cli::Session& session) {
  edge::CertbotRun run;
  run.state = session.state_folder();
  run.program = session.around().program;
  run.environment = io::own_environment();
  return run;
}

edge::Obtain wanted_of(const cli::Session& session) {
  const auto& given = session.given();
  edge::Obtain wanted;
  wanted.name = given.text("NAME");
  wanted.domains = given.all("--domain");
  wanted.email = given.text("--email");
  wanted.server = given.text("--acme-directory");
  if (given.has("--staging")) wanted.directory = edge::Obtain::Directory::Staging;
  return wanted;
}

}  // namespace

int run_edge_reload(cli::Session& session) {
  const auto done = edge::verbs::reload(edge::control_socket_path(session.state_folder()));
  if (!done) return session.fail(done.error());
  if (session.wants_json()) {
    session.show(*done);
  } else {
    session.note(fmt::format("certificates: {} changed, {} as before", done->at("changed").size(),
                             done->integer("unchanged")));
  }
  return 0;
}

int run_edge_certificate_obtain(cli::Session& session) {
  edge::CertbotRun run = run_of(session);
  run.webroot = session.given().text("--acme-webroot");
  const edge::Obtain wanted = wanted_of(session);
  const auto files = edge::obtain_certificate(run, wanted);
  if (!files) return session.fail(files.error());
  const auto used = edge::verbs::use_certificate(wanted.name, files->certificate, files->key,
                                                 edge::control_socket_path(run.state));
  // A service of the daemon has another name there, and its files in slipway.yaml.
  const bool others = !used && used.error().code == Code::NotFound;
  if (!used && !others) return session.fail(used.error());
  if (session.wants_json()) {
    Json json = Json::object();
    json.set("certificate", files->certificate).set("key", files->key);
    session.show(json.set("in_use", !others));
    return 0;
  }
  session.print(fmt::format("certificate  {}\nkey          {}\n", files->certificate, files->key));
  if (others)
    session.note(
        fmt::format("the edge has no service {} of its own: name the files under edge.tls "
                    "in slipway.yaml",
                    wanted.name));
  return 0;
}

int run_edge_certificate_renew(cli::Session& session) {
  const auto which =
      session.given().has("--force") ? edge::Renew::Everything : edge::Renew::WhatIsDue;
  const auto done = edge::renew_certificates(run_of(session), which);
  if (!done) return session.fail(done.error());
  // certbot has asked for this already; where it ran as another user, the files are readable now.
  const auto reloaded = edge::verbs::reload(edge::control_socket_path(session.state_folder()));
  if (!reloaded && reloaded.error().code != Code::EdgeUnreachable)
    return session.fail(reloaded.error());
  session.note("renewed what was due");
  return 0;
}

}  // namespace slipway::app

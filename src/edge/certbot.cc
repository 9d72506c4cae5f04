#include "edge/certbot.h"

#include <fmt/format.h>

#include "base/text.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

constexpr Millis kPatience{10 * 60'000};
constexpr std::size_t kMostSaid = 2'000;

std::string folder_of(const CertbotRun& run) { return run.state + "/certbot"; }

// For a shell: certbot runs its hook by one.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Result<void> certbot(const CertbotRun& run, std::vector<std::string> words) {
  const std::string folder = folder_of(run);
  io::ChildSpec child;
  child.argv = {"certbot"};
  child.argv.insert(child.argv.end(), words.begin(), words.end());
  for (const std::string& more :
       {std::string("--non-interactive"), std::string("--config-dir"), folder,
        std::string("--work-dir"), folder + "/work", std::string("--logs-dir"), folder + "/log"})
    child.argv.push_back(more);
  child.environment = run.environment;
  auto done = io::run_command(std::move(child), kPatience);
  if (!done) {
    Error error = std::move(done).error();
    error.next = "install certbot: apt-get install certbot";
    return error;
  }
  if (done->exit.succeeded() && !done->timed_out) return ok();
  std::string said(trim(done->err + done->out));
  if (said.size() > kMostSaid) said.erase(0, said.size() - kMostSaid);
  return Error(Code::CommandFailed,
               fmt::format("certbot {} failed ({}): {}", words.front(),
                           done->timed_out ? "it took too long" : done->exit.text(), said),
               fmt::format("look at {}/log/letsencrypt.log; the names must lead to this edge, on "
                           "port 80",
                           folder));
}

}  // namespace

Result<ObtainedFiles> obtain_certificate(const CertbotRun& run, const Obtain& wanted) {
  if (wanted.name.empty() || wanted.domains.empty())
    return Error(Code::Usage, "a certificate needs a name and at least one --domain",
                 "slipway edge certificate obtain NAME --domain NAME.EXAMPLE --email YOU@EXAMPLE");
  const std::string webroot = run.webroot.empty() ? run.state + "/acme-webroot" : run.webroot;
  std::vector<std::string> words = {
      "certonly",    "--webroot", "--webroot-path", webroot,
      "--cert-name", wanted.name, "--agree-tos",    "--keep-until-expiring"};
  for (const std::string& domain : wanted.domains) {
    words.push_back("--domain");
    words.push_back(domain);
  }
  words.push_back(wanted.email.empty() ? "--register-unsafely-without-email" : "--email");
  if (!wanted.email.empty()) words.push_back(wanted.email);
  if (wanted.directory == Obtain::Directory::Staging) words.push_back("--staging");
  if (!wanted.server.empty()) {
    words.push_back("--server");
    words.push_back(wanted.server);
  }
  words.push_back("--deploy-hook");
  words.push_back(quoted(run.program) + " edge reload --state " + quoted(run.state));
  TRY(io::make_dirs(webroot, 0755));
  TRY(certbot(run, std::move(words)));
  const std::string live = folder_of(run) + "/live/" + wanted.name;
  return ObtainedFiles{live + "/fullchain.pem", live + "/privkey.pem"};
}

Result<void> renew_certificates(const CertbotRun& run, Renew which) {
  if (!io::is_dir(folder_of(run) + "/renewal")) return ok();  // none was obtained here
  std::vector<std::string> words = {"renew", "--no-random-sleep-on-renew"};
  if (which == Renew::Everything) words.push_back("--force-renewal");
  return certbot(run, std::move(words));
}

}  // namespace slipway::edge

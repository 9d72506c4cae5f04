#include "edge/certbot.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

constexpr Millis kPatience{10 * 60'000};
constexpr std::size_t kMostSaid = 2'000;

std::string folder_of(const CertbotRun& run) { return run.state + "/certbot"; }

// For a shell: certbot runs its hook by one. It looks for the program by the bare first word before
// that, so what needs no quotes gets none.
std::string quoted(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+").find(c) != std::string_view::npos;
  });
  if (plain && !text.empty()) return text;
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

// The edge reads the files as its own user, whom the state folder belongs to; certbot may have run
// as root.
Result<void> give_to_owner(const CertbotRun& run) {
  struct stat owner {};
  if (::stat(run.state.c_str(), &owner) != 0) return from_errno(errno, "cannot see " + run.state);
  if (owner.st_uid == ::geteuid()) return ok();
  std::vector<std::string> paths = {folder_of(run)};
  std::error_code trouble;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(paths.front(), trouble))
    paths.push_back(entry.path().string());
  for (const std::string& path : paths) {
    if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
      return from_errno(errno, "cannot give " + path + " to the owner of the state folder");
  }
  return ok();
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
  TRY(give_to_owner(run));
  const std::string live = folder_of(run) + "/live/" + wanted.name;
  return ObtainedFiles{live + "/fullchain.pem", live + "/privkey.pem"};
}

Result<void> renew_certificates(const CertbotRun& run, Renew which) {
  if (!io::is_dir(folder_of(run) + "/renewal")) return ok();  // none was obtained here
  std::vector<std::string> words = {"renew", "--no-random-sleep-on-renew"};
  if (which == Renew::Everything) words.push_back("--force-renewal");
  TRY(certbot(run, std::move(words)));
  return give_to_owner(run);
}

}  // namespace slipway::edge

#include "drivers/haproxy/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "drivers/haproxy/weights.h"
#include "drivers/own_file/words.h"

namespace slipway::drivers::haproxy {
namespace {
using ports::Front;
using ports::Mode;
using ports::Split;

constexpr std::string_view kTo = "txn.slipway_to";

struct Claim {
  std::string host;  // empty: everybody's
  std::string path;
  const Front* front = nullptr;
};

// Exact hosts, then wildcards from the longest, then everybody's; within a host the longest path.
int rank_of(const std::string& host) {
  if (host.empty()) return 2;
  return host.starts_with("*") ? 1 : 0;
}
bool goes_before(const Claim& a, const Claim& b) {
  if (rank_of(a.host) != rank_of(b.host)) return rank_of(a.host) < rank_of(b.host);
  if (a.host.size() != b.host.size()) return a.host.size() > b.host.size();
  if (a.host != b.host) return a.host < b.host;
  return a.path.size() > b.path.size();
}

std::vector<Claim> claims_of(const Split& split) {
  std::vector<Claim> claims;
  for (const auto& front : split.fronts) {
    const auto& route = front.route;
    for (const auto& host : route.hosts.empty() ? std::vector<std::string>{""} : route.hosts) {
      for (const auto& path : route.paths.empty() ? std::vector<std::string>{"/"} : route.paths)
        claims.push_back({host, path, &front});
    }
  }
  std::stable_sort(claims.begin(), claims.end(), goes_before);
  return claims;
}

std::string host_condition(const std::string& host) {
  if (host.empty()) return {};
  const bool any = host.starts_with("*");
  return fmt::format(" {{ req.hdr(host),field(1,:),lower -m {} {} }}", any ? "end" : "str",
                     any ? host.substr(1) : host);
}

class Writer {
 public:
  Writer(const Settings& settings, const ports::AppRef& app, const Split& split, const Paper& paper)
      : settings_(settings),
        app_(app),
        split_(split),
        paper_(paper),
        name_("slipway." + app.app + "." + app.environment),
        claims_(claims_of(split)) {}

  std::string shape() {
    if (claims_.empty()) return std::move(out_);  // nothing is routed: no port is taken either
    frontend();
    line("backend {}:nobody\n  mode http", name_);
    line(
        "  http-request return status 404 content-type \"text/plain; charset=utf-8\" string "
        "\"no service answers for this host and path\\n\"");
    for (const auto& front : split_.fronts) backend(front);
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void frontend() {
    line("frontend {}\n  mode http", name_);
    for (const auto& address : settings_.bind) line("  bind {}", address);
    line("  timeout client 75s\n  timeout http-request 10s\n  timeout http-keep-alive 75s");
    line("  http-request set-header X-Forwarded-For %[src]");
    line("  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}");
    line("  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}");
    line("  http-request set-header X-Forwarded-Host %[req.hdr(host)]");
    line(
        "  http-request set-header X-Request-ID %[uuid()] unless {{ req.hdr(x-request-id) -m "
        "found }}");
    for (std::size_t i = 0; i < claims_.size(); ++i) route(i);
    if (split_.mode != Mode::Serve) closed();
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      line("  use_backend {} if {{ var({}) -m str {} }}",
           backend_of(app_, claims_[i].front->service), kTo, i);
    }
    line("  default_backend {}:nobody", name_);
  }

  // The first claim that fits is kept in a variable; a host whose claims do not fit is nobody's.
  void route(std::size_t i) {
    const Claim& claim = claims_[i];
    const std::string first = fmt::format("!{{ var({}) -m found }}", kTo);
    const std::string host = host_condition(claim.host);
    if (claim.path == "/") {
      line("  http-request set-var({}) str({}) if {}{}", kTo, i, first, host);
      return;
    }
    for (const auto* form : {"path {}", "path_beg {}/"}) {
      line("  http-request set-var({}) str({}) if {}{} {{ {} }}", kTo, i, first, host,
           fmt::format(fmt::runtime(form), claim.path));
    }
    const bool is_last = i + 1 == claims_.size() || claims_[i + 1].host != claim.host;
    if (is_last && !claim.host.empty())
      line("  http-request set-var({}) str(nobody) if {}{}", kTo, first, host);
  }

  void closed() {
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      const Claim& claim = claims_[i];
      if (claim.front->health_path.empty()) continue;
      line(
          "  http-request return status 200 content-type text/plain string \"ok\\n\" if {{ "
          "var({}) -m str {} }} {{ path {}{} }}",
          kTo, i, claim.path == "/" ? "" : claim.path, claim.front->health_path);
    }
    std::string passes;
    if (split_.mode == Mode::Maintenance && !split_.allow.empty())
      passes = " !{ src " + join(split_.allow, " ") + " }";
    const std::string retry =
        split_.mode == Mode::Maintenance
            ? fmt::format(" hdr Retry-After {}", own_file::retry_after_s(split_))
            : std::string();
    line(
        "  http-request return status 503 content-type \"text/html; charset=utf-8\" file {}{} hdr "
        "Cache-Control no-store if {{ var({}) -m found }} !{{ var({}) -m str nobody }}{}",
        paper_.page_file, retry, kTo, kTo, passes);
  }

  void backend(const Front& front) {
    line("backend {}\n  mode http\n  balance roundrobin", backend_of(app_, front.service));
    line("  timeout connect 5s\n  timeout server 60s\n  timeout tunnel 24h");
    line("  retries 3\n  option redispatch 1");
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      const Claim& claim = claims_[i];
      if (claim.front != &front || claim.path == "/" || !front.route.strip_path) continue;
      line("  http-request set-path /%[path,bytes({})] if {{ var({}) -m str {} }}",
           claim.path.size() + 1, kTo, i);
    }
  }

  const Settings& settings_;
  const ports::AppRef& app_;
  const Split& split_;
  const Paper& paper_;
  const std::string name_;
  const std::vector<Claim> claims_;
  std::string out_;
};

// Each backend's servers after its last line.
std::string with_servers(const std::string& shape, const ports::AppRef& app, const Split& split) {
  std::string out;
  std::string servers;
  for (const auto text : ::slipway::split(shape, '\n')) {
    if (text.empty()) continue;
    if (!text.starts_with(' ')) {
      out += servers;
      servers.clear();
      for (const auto& front : split.fronts) {
        if (text != "backend " + backend_of(app, front.service)) continue;
        for (const auto& server : servers_of(split, front.service)) {
          servers +=
              fmt::format("  server {} {} weight {}\n", server.name, server.address, server.weight);
        }
      }
    }
    out += std::string(text) + "\n";
  }
  return out + servers;
}
}  // namespace

Result<Rendered> render(const Settings& settings, const ports::AppRef& app, const Split& split,
                        const Paper& paper) {
  if (split.mode == Mode::Paused) {
    return Error(Code::Unsupported, "HAProxy is not asked to hold requests: it has no pause",
                 "use maintenance, or the router edge");
  }
  TRY(own_file::check_words(split, "HAProxy"));
  const std::string shape = Writer(settings, app, split, paper).shape();
  const std::string head = fmt::format(
      "# Written by slipway for {}/{}. What is changed here by hand stops the next release.\n"
      "# slipway {}\n",
      app.app, app.environment, paper.stamp);
  // The page is read when the file is loaded: another page is another shape.
  const std::string page = split.mode == Mode::Serve ? "" : own_file::closed_page(split);
  return Rendered{head + with_servers(shape, app, split), sha256_hex(shape + '\0' + page)};
}

}  // namespace slipway::drivers::haproxy

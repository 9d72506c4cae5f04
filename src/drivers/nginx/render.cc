#include "drivers/nginx/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "drivers/own_file/words.h"
#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {
using ports::Front;
using ports::Mode;
using ports::Share;
using ports::Split;

constexpr std::string_view kClosed = "/.slipway/closed";

struct Claim {
  std::string path;
  const Front* front = nullptr;
  friend bool operator==(const Claim&, const Claim&) = default;
};
using Claims = std::vector<Claim>;

class Writer {
 public:
  Writer(const Settings& settings, const ports::AppRef& app, const Split& split, const Paper& paper)
      : settings_(settings),
        split_(split),
        paper_(paper),
        prefix_("slipway_" + own_file::plain_name(app.app) + "_" +
                own_file::plain_name(app.environment)) {}

  std::string whole(const ports::AppRef& app) {
    out_ = fmt::format(
        "# Written by slipway for {}/{}. What is changed here by hand stops the next release.\n"
        "# slipway {}\n",
        app.app, app.environment, paper_.stamp);
    for (const auto& front : split_.fronts) pools(front);
    if (any_served_) shared();
    for (const auto& [claims, hosts] : servers()) server(claims, hosts);
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    out_ += '\n';
  }

  std::string name_of(const std::string& service) const {
    return prefix_ + "_" + own_file::plain_name(service);
  }

  bool is_open() const { return split_.mode == Mode::Serve; }
  // Somebody is let through to the app.
  bool is_served(const std::string& service) const {
    const bool lets_in = split_.mode == Mode::Maintenance && !split_.allow.empty();
    return (is_open() || lets_in) && !weighted(service).empty();
  }

  std::vector<const Share*> weighted(const std::string& service) const {
    std::vector<const Share*> out;
    for (const auto& share : split_.shares) {
      if (share.service == service && share.percent > 0 && !share.addresses.empty())
        out.push_back(&share);
    }
    return out;
  }

  // One group of servers per release, and the variable that names the release of a request.
  void pools(const Front& front) {
    if (!is_served(front.service)) return;
    any_served_ = true;
    const auto shares = weighted(front.service);
    for (const auto* share : shares) {
      line("upstream {}_{} {{", name_of(front.service), share->release);
      for (const auto& address : share->addresses) line("  server {};", address);
      line("  keepalive 32;\n  keepalive_timeout 3s;\n}}");
    }
    line("split_clients \"$request_id\" ${} {{", name_of(front.service));
    for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
      const auto percent = fmt::format("{:.2f}", shares[i]->percent);
      if (percent != "0.00") line("  {}% {};", percent, shares[i]->release);
    }
    line("  * {};\n}}", shares.back()->release);
  }

  void shared() {
    line("map $http_upgrade ${}_connection {{ '' ''; default upgrade; }}", prefix_);
    line("map $http_x_request_id ${}_id {{ '' $request_id; default $http_x_request_id; }}",
         prefix_);
    line("map $upstream_addr ${}_counted {{ '' 0; default 1; }}", prefix_);
    line(
        "log_format {} escape=json '{{\"release\":\"$slipway_release\",\"status\":$status,"
        "\"upstream\":\"$upstream_status\",\"head\":\"$upstream_header_time\"}}';",
        prefix_);
    if (is_open()) return;
    line("geo ${}_passes {{\n  default 0;", prefix_);
    for (const auto& network : split_.allow) line("  {} 1;", network);
    line("}}");
  }

  // Hosts with the same claims share a server block; the empty host is everybody else's.
  std::vector<std::pair<Claims, std::vector<std::string>>> servers() const {
    std::map<std::string, Claims> by_host;
    for (const auto& front : split_.fronts) {
      for (const auto& host :
           front.route.hosts.empty() ? std::vector<std::string>{""} : front.route.hosts) {
        const auto paths =
            front.route.paths.empty() ? std::vector<std::string>{"/"} : front.route.paths;
        for (const auto& path : paths) by_host[host].push_back({path, &front});
      }
    }
    std::vector<std::pair<Claims, std::vector<std::string>>> out;
    for (auto& [host, claims] : by_host) {
      const auto same = std::find_if(out.begin(), out.end(), [&](const auto& group) {
        return !host.empty() && group.first == claims && !group.second.front().empty();
      });
      if (same != out.end()) {
        same->second.push_back(host);
      } else {
        out.emplace_back(claims, std::vector<std::string>{host});
      }
    }
    return out;
  }

  void server(const Claims& claims, const std::vector<std::string>& hosts) {
    const bool everybody = hosts.front().empty();
    line("server {{");
    for (const auto& address : settings_.listen)
      line("  listen {}{};", address, everybody ? " default_server" : "");
    line("  server_name {};", everybody ? "_" : join(hosts, " "));
    if (!settings_.snippet.empty()) line("  include {};", settings_.snippet);
    if (settings_.access_log != "off") line("  access_log {};", settings_.access_log);
    if (any_served_) line("  access_log {} {} if=${}_counted;", paper_.log_file, prefix_, prefix_);
    if (!is_open()) closed();
    bool has_root = false;
    for (const auto& claim : claims) {
      location(claim);
      has_root = has_root || claim.path == "/";
    }
    if (!has_root) line("  location / {{ return 404; }}");
    line("}}");
  }

  void closed() {
    line("  error_page 503 {};", kClosed);
    line("  location = {} {{", kClosed);
    line("    internal;\n    alias {};", paper_.page_file);
    line("    types {{ }}\n    default_type \"text/html; charset=utf-8\";");
    if (split_.mode == Mode::Maintenance)
      line("    add_header Retry-After {} always;", own_file::retry_after_s(split_));
    line("    add_header Cache-Control no-store always;\n  }}");
  }

  void location(const Claim& claim) {
    if (!is_open()) health(claim);
    if (claim.path == "/") {
      line("  location / {{");
      body(claim);
      return;
    }
    for (const auto* form : {"= {}", "{}/"}) {
      line("  location {} {{", fmt::format(fmt::runtime(form), claim.path));
      body(claim);
    }
  }

  // Whoever watches the health path from outside must not take the machine for dead.
  void health(const Claim& claim) {
    if (claim.front->health_path.empty()) return;
    const std::string prefix = claim.path == "/" ? "" : claim.path;
    line("  location = {}{} {{ default_type text/plain; return 200 \"ok\\n\"; }}", prefix,
         claim.front->health_path);
  }

  void body(const Claim& claim) {
    const Front& front = *claim.front;
    if (!is_served(front.service)) return line("    return 503;\n  }}");
    if (!is_open()) line("    if (${}_passes = 0) {{ return 503; }}", prefix_);
    line("    set $slipway_release ${};", name_of(front.service));
    if (claim.path != "/" && front.route.strip_path)
      line("    rewrite \"(?s)^.{{{}}}/?(.*)$\" /$1 break;", claim.path.size());
    line("    proxy_pass http://{}_$slipway_release;", name_of(front.service));
    line("    proxy_http_version 1.1;");
    line("    proxy_set_header Host $http_host;");
    line("    proxy_set_header Upgrade $http_upgrade;");
    line("    proxy_set_header Connection ${}_connection;", prefix_);
    line("    proxy_set_header X-Forwarded-For $remote_addr;");
    line("    proxy_set_header X-Forwarded-Proto $scheme;");
    line("    proxy_set_header X-Forwarded-Host $http_host;");
    line("    proxy_set_header X-Request-ID ${}_id;\n  }}", prefix_);
  }

  const Settings& settings_;
  const Split& split_;
  const Paper& paper_;
  const std::string prefix_;
  std::string out_;
  bool any_served_ = false;
};
}  // namespace

Result<std::string> render(const Settings& settings, const ports::AppRef& app, const Split& split,
                           const Paper& paper) {
  if (split.mode == Mode::Paused) {
    return Error(Code::Unsupported, "nginx cannot hold requests: it has no pause",
                 "use maintenance, or the router edge");
  }
  TRY(own_file::check_words(split, "nginx"));
  return Writer(settings, app, split, paper).whole(app);
}

std::string log_file_of(const Settings& settings, const ports::AppRef& app) {
  return io::join_path(settings.log_folder,
                       "slipway." + app.app + "." + app.environment + ".counts");
}

}  // namespace slipway::drivers::nginx

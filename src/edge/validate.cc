// What a table must obey beyond its shape. Refusing here leaves the running table as it is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "edge/address.h"
#include "edge/error_pages.h"
#include "edge/routes.h"
#include "edge/table.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kMostServices = 4096;
constexpr std::size_t kMostTargets = 1024;

std::string full_name(const Service& service) {
  return fmt::format("{}/{}/{}", service.app, service.environment, service.name);
}

Error invalid(const Service& service, const std::string& reason) {
  return Error(Code::Malformed, fmt::format("service {}: {}", full_name(service), reason),
               "docs/formats/edge-table.md says what each member may be");
}

bool is_name(std::string_view text) {
  for (char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!good) return false;
  }
  return !text.empty() && text.size() <= 200;
}

bool is_host_pattern(std::string_view text) {
  if (text.substr(0, 2) == "*.") text.remove_prefix(2);
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  return is_name(text);
}

Result<void> check_names(const Service& service) {
  if (!is_name(service.name) || !is_name(service.app) || !is_name(service.environment))
    return invalid(service,
                   "name, app and environment must be letters, digits, \".\", \"_\" or \"-\"");
  for (const std::string& host : service.hosts) {
    if (!is_host_pattern(host))
      return invalid(service, fmt::format("\"{}\" is not a host name or *.name", host));
  }
  for (const std::string& path : service.paths) {
    if (path.empty() || path[0] != '/' || path.find_first_of("?# \r\n\t") != std::string::npos)
      return invalid(service, fmt::format("\"{}\" is not a path prefix", path));
  }
  for (const std::string& range : service.allow) {
    if (auto cidr = Cidr::parse(range); !cidr) return invalid(service, cidr.error().what);
  }
  if (auto checked = check_shield(service.shield); !checked)
    return std::move(checked).error().in("service " + full_name(service));
  for (const std::string& range : service.trusted_proxies) {
    if (auto cidr = Cidr::parse(range); !cidr) return invalid(service, cidr.error().what);
  }
  if (service.message.find_first_of("\r\n") != std::string::npos)
    return invalid(service, "\"message\" is more than one line");
  return ok();
}

Result<void> check_pools(const Service& service) {
  int sum = 0;
  std::size_t targets = 0;
  std::set<std::string> releases;
  for (const Pool& pool : service.pools) {
    sum += pool.weight;
    targets += pool.targets.size() + pool.read_targets.size();
    if (!is_name(pool.release) || !releases.insert(pool.release).second)
      return invalid(service,
                     fmt::format("release \"{}\" is no name or given twice", pool.release));
    if (pool.weight > 0 && pool.targets.empty())
      return invalid(service, fmt::format("release {} has weight and no target", pool.release));
    for (const std::string& target : pool.targets) {
      auto address = parse_address(target);
      if (!address) return invalid(service, address.error().what);
      if (port_of(*address) == 0)
        return invalid(service, fmt::format("target {} has port 0", target));
    }
  }
  if (targets > kMostTargets)
    return invalid(service, fmt::format("more than {} targets", kMostTargets));
  if (!service.pools.empty() && sum != kWholeWeight)
    return invalid(service,
                   fmt::format("the weights of its releases sum to {}, not {}", sum, kWholeWeight));
  return ok();
}

// The owner of each (host, path); host "" stands for every other host.
using Owners = std::map<std::pair<std::string, std::string>, const Service*>;

Result<void> claim(Owners& owners, const Service& service, const std::string& host) {
  for (std::string path : service.paths) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    // As requests are matched: letter case and a last dot do not make another host.
    std::array<char, 256> buffer;
    const std::string bare(bare_host(host, buffer));
    const auto [at, fresh] = owners.try_emplace({bare, path}, &service);
    if (fresh) continue;
    return Error(
        Code::HostTaken,
        fmt::format("service {}: {} with path {} is already answered by service {}",
                    full_name(service), host.empty() ? "\"every other host\"" : "host " + host,
                    path, full_name(*at->second)),
        "give it another host or path, or remove the other service first");
  }
  return ok();
}

Result<void> check_claims(const Table& table) {
  Owners owners;
  std::set<std::string> names;
  for (const Service& service : table.services) {
    if (!names.insert(full_name(service)).second) return invalid(service, "it is given twice");
    if (service.hosts.empty()) TRY(claim(owners, service, ""));
    for (const std::string& host : service.hosts) TRY(claim(owners, service, host));
  }
  return ok();
}

}  // namespace

Result<void> validate(const Table& table) {
  if (table.services.size() > kMostServices)
    return Error(Code::TooLarge,
                 fmt::format("the edge's table has more than {} services", kMostServices));
  for (const Service& service : table.services) {
    TRY(check_names(service));
    TRY(check_pools(service));
    if (const std::string wrong = wrong_with_traffic(service); !wrong.empty())
      return invalid(service, wrong);
  }
  return check_claims(table);
}

Result<void> check_error_pages(const std::vector<Service>& services,
                               const std::vector<Service>& before) {
  for (const Service& service : services) {
    if (service.shield.error_pages.empty()) continue;
    const bool known = std::any_of(before.begin(), before.end(), [&](const Service& other) {
      return full_name(other) == full_name(service) &&
             other.shield.error_pages == service.shield.error_pages;
    });
    if (known) continue;
    const auto pages = ErrorPages::load(service.shield.error_pages);
    if (pages) continue;
    Error error = pages.error().in("the error pages of service " + full_name(service));
    if (error.next.empty()) error.next = "name a folder that the edge's user can read";
    return error;
  }
  return ok();
}

}  // namespace slipway::edge

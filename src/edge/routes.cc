#include "edge/routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/bytes.h"

namespace slipway::edge {

std::string_view bare_host(std::string_view host, std::array<char, 256>& buffer) {
  const std::size_t colon = host.rfind(':');
  const bool port =
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  if (port) host = host.substr(0, colon);
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (host.size() > buffer.size()) return {};
  std::transform(host.begin(), host.end(), buffer.begin(), http::to_lower);
  return {buffer.data(), host.size()};
}

bool RouteService::allows(const Address& peer) const {
  return std::any_of(allow.begin(), allow.end(),
                     [&](const Cidr& cidr) { return cidr.contains(peer); });
}

namespace {

// What a service's hashes begin with, so that two services differ.
std::string hash_name(const Service& service) {
  return service.app + '\n' + service.environment + '\n' + service.name + '\n' +
         service.traffic.key;
}

RoutePool compile_pool(const Service& service, const Pool& pool, Registry& registry) {
  RoutePool compiled;
  compiled.release = registry.release(service, pool.release);
  registry.count_apart(service, *compiled.release);
  compiled.weight = pool.weight;
  compiled.writers = pool.targets.size();
  const bool own = pool.balance != Balance::OfService;
  compiled.balance = own ? pool.balance : service.traffic.balance;
  compiled.weights = pool.weights;
  if (!pool.weights.empty()) compiled.order = smooth_order(pool.weights);
  for (const auto* targets : {&pool.targets, &pool.read_targets}) {
    for (const std::string& target : *targets)
      compiled.targets.push_back(registry.target(service, pool.release, target));
  }
  if (service.traffic.sticky.cookie.empty()) return compiled;
  const HashKey key = hash_key_of(hash_name(service));
  for (const auto& target : compiled.targets)
    compiled.tags.push_back(keyed_hash(key, pool.release + '\n' + target->text));
  return compiled;
}

void compile_traffic(RouteService& route) {
  const Traffic& traffic = route.config.traffic;
  // Each release that grows finds other clients to begin with.
  const std::string grows = route.pools.empty() ? "" : route.pools.back().release->release;
  route.client_key = hash_key_of(hash_name(route.config) + '\n' + grows);
  route.has_readers = std::any_of(route.pools.begin(), route.pools.end(),
                                  [](const RoutePool& p) { return p.writers < p.targets.size(); });
  const Retry& retry = traffic.retry;
  route.retries_answers = retry.reset || retry.bad_gateway || retry.unavailable || retry.timeout;
  const std::string copied_to = mirror_release(route.config);
  for (std::size_t i = 0; i < route.pools.size(); ++i) {
    if (route.pools[i].release->release == copied_to) route.mirror = static_cast<int>(i);
  }
  route.reads_course = route.mirror >= 0 || route.has_readers || route.retries_answers ||
                       !traffic.assets.empty() || !traffic.sticky.cookie.empty() ||
                       !traffic.preview.token_sha256.empty() ||
                       traffic.split.by == SplitRule::By::Client;
}

}  // namespace

Routes::Routes(const Table& table, Registry& registry) : generation_(table.generation) {
  services_.reserve(table.services.size());
  for (const Service& service : table.services) {
    RouteService& route = services_.emplace_back();
    route.config = service;
    route.runtime = registry.service(service);
    if (service.tls.hsts_s > 0)
      route.hsts = fmt::format("Strict-Transport-Security: max-age={}\r\n", service.tls.hsts_s);
    for (const std::string& range : service.allow) {
      if (auto cidr = Cidr::parse(range)) route.allow.push_back(*cidr);
    }
    auto guard = std::make_shared<const Guard>(service, registry.error_pages());
    if (!guard->idle()) route.guard = std::move(guard);
    for (const std::string& range : service.trusted_proxies) {
      if (auto cidr = Cidr::parse(range)) route.trusted_proxies.push_back(*cidr);
    }
    for (const Pool& pool : service.pools)
      route.pools.push_back(compile_pool(service, pool, registry));
    compile_traffic(route);
    add(route);
  }
  const auto longer = [](const Prefix& a, const Prefix& b) {
    return a.path.size() > b.path.size();
  };
  for (Hosts* hosts : {&exact_, &wildcard_}) {
    for (auto& entry : *hosts) std::sort(entry.second.begin(), entry.second.end(), longer);
  }
  std::sort(any_.begin(), any_.end(), longer);
}

void Routes::add(const RouteService& service) {
  const auto add_to = [&](Prefixes& prefixes) {
    for (std::string path : service.config.paths) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      prefixes.push_back({std::move(path), &service});
    }
  };
  if (service.config.hosts.empty()) add_to(any_);
  for (const std::string& host : service.config.hosts) {
    std::array<char, 256> buffer;
    const std::string_view bare = bare_host(host, buffer);
    const bool wild = bare.substr(0, 2) == "*.";
    add_to(wild ? wildcard_[std::string(bare.substr(1))] : exact_[std::string(bare)]);
  }
}

const Routes::Prefixes* Routes::prefixes_of(std::string_view host) const {
  std::array<char, 256> buffer;
  std::string_view bare = bare_host(host, buffer);
  if (const auto exact = exact_.find(bare); exact != exact_.end()) return &exact->second;
  if (wildcard_.empty()) return &any_;
  for (std::size_t dot = bare.find('.'); dot != std::string_view::npos; dot = bare.find('.', 1)) {
    bare.remove_prefix(dot);
    if (const auto wild = wildcard_.find(bare); wild != wildcard_.end()) return &wild->second;
  }
  return &any_;
}

Match Routes::match(std::string_view host, std::string_view path) const {
  for (const Prefix& prefix : *prefixes_of(host)) {
    const std::size_t size = prefix.path.size();
    if (path.substr(0, size) != prefix.path) continue;
    if (size == path.size() || size == 0 || path[size] == '/') return {prefix.service, size};
  }
  return {};
}

const RouteService* Routes::service_of(const ServiceRuntime* runtime) const {
  for (const RouteService& service : services_) {
    if (service.runtime.get() == runtime) return &service;
  }
  return nullptr;
}

bool Routes::limits_rates() const {
  return std::any_of(services_.begin(), services_.end(), [](const RouteService& service) {
    return service.guard != nullptr && service.guard->limits_rates();
  });
}

bool Routes::has_target(const TargetRuntime* target) const {
  for (const RouteService& service : services_) {
    for (const RoutePool& pool : service.pools) {
      for (const auto& known : pool.targets) {
        if (known.get() == target) return true;
      }
    }
  }
  return false;
}

}  // namespace slipway::edge

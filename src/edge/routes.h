#pragma once
// The table the workers route by: compiled from a Table, immutable, one per generation.
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/address.h"
#include "edge/balance.h"
#include "edge/guard.h"
#include "edge/runtime.h"
#include "edge/table.h"

namespace slipway::edge {

struct RoutePool {
  std::shared_ptr<ReleaseRuntime> release;
  int weight = 0;
  std::vector<std::shared_ptr<TargetRuntime>> targets;  // those that write, then those that read
  std::size_t writers = 0;
  Balance balance = Balance::RoundRobin;
  std::vector<int> weights;          // of the writers; empty: all alike
  std::vector<std::uint16_t> order;  // round robin by weight; empty: one after the other
  std::vector<std::uint64_t> tags;   // names of the targets in cookies; empty: not sticky
};

struct RouteService {
  Service config;
  std::shared_ptr<ServiceRuntime> runtime;
  std::vector<Cidr> allow;
  std::shared_ptr<const Guard> guard;  // nullptr: nothing to check at its door
  std::vector<Cidr> trusted_proxies;
  std::vector<RoutePool> pools;
  HashKey client_key;            // where clients stand among 10,000
  bool reads_course = false;     // something in a request's head decides where it goes
  bool has_readers = false;      // in any of the pools
  bool retries_answers = false;  // more than failed connects are tried once more
  int mirror = -1;               // the pool that gets copies
  std::string hsts;              // the header line that responses over TLS get; empty: none
  bool allows(const Address& peer) const;
};

struct Match {
  const RouteService* service = nullptr;  // nullptr: nobody answers for this host and path
  std::size_t prefix = 0;                 // bytes of the path that the prefix took
};

class Routes {
 public:
  // The table must be valid.
  Routes(const Table& table, Registry& registry);
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  // host as in the request (port and letter case do not matter), path without the query.
  Match match(std::string_view host, std::string_view path) const;
  const RouteService* service_of(const ServiceRuntime* runtime) const;
  const std::vector<RouteService>& services() const { return services_; }
  std::uint64_t generation() const { return generation_; }
  bool has_target(const TargetRuntime* target) const;
  bool limits_rates() const;

 private:
  struct Prefix {
    std::string path;  // without a trailing slash; "" is the root
    const RouteService* service;
  };
  using Prefixes = std::vector<Prefix>;  // longest first
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Hosts = std::unordered_map<std::string, Prefixes, Hash, std::equal_to<>>;
  void add(const RouteService& service);
  const Prefixes* prefixes_of(std::string_view host) const;

  std::uint64_t generation_;
  std::vector<RouteService> services_;
  Hosts exact_;
  Hosts wildcard_;  // keyed by ".example.com"
  Prefixes any_;
};

// "Shop.Example:8080" to "shop.example" in `buffer`; too long for a host name: empty.
std::string_view bare_host(std::string_view host, std::array<char, 256>& buffer);

}  // namespace slipway::edge

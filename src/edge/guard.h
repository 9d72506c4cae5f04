#pragma once
// A service's shield as the workers use it: compiled with each table, immutable.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/address.h"
#include "edge/buckets.h"
#include "edge/error_pages.h"
#include "edge/rewrite.h"
#include "edge/table.h"

namespace slipway::edge {

// The limits of a service (path "/", every method) or of one of its routes.
struct LimitRule {
  std::uint64_t id = 0;  // the same in every table and process that has the same rule
  std::string path;      // without a trailing slash
  std::vector<std::string> methods;
  Rate rate;
  BucketRule bucket;
  std::int64_t concurrent = 0;
  std::int64_t concurrent_per_client = 0;
  bool limits() const { return rate.on() || concurrent > 0 || concurrent_per_client > 0; }
  bool covers(std::string_view method, std::string_view plain_path) const;
};

class Guard {
 public:
  Guard(const Service& service, ErrorPageShelf& shelf);
  // Nothing to check and nothing to show: then a service needs no guard at all.
  bool idle() const;
  bool admits(const Address& client) const;
  bool limits_rates() const;
  // The service's own rule and that of the route with the longest path that fits; nullptr: none.
  const LimitRule* own_rule() const { return own_.limits() ? &own_ : nullptr; }
  const LimitRule* route_rule(std::string_view method, std::string_view path) const;
  // Puts the service's own page into what the edge is about to answer.
  void use_error_page(const Service& service, LocalAnswer& answer) const;

 private:
  std::vector<Cidr> allow_;
  std::vector<Cidr> deny_;
  LimitRule own_;
  std::vector<LimitRule> routes_;  // longest path first
  std::shared_ptr<const ErrorPages> pages_;
};

// The path as an app understands it: escapes decoded, "//", "/./" and "/../" resolved, so that no
// other spelling goes around a route's limit.
std::string plain_path(std::string_view path);

}  // namespace slipway::edge

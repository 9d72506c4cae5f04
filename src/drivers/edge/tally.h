#pragma once
// Tally: the edge's statistics documents as ports::Counts. Pure. A new edge counts from zero; the
// tally keeps what the former one had, so that a reader never sees counts fall.
#include <map>
#include <string>
#include <tuple>

#include "base/json.h"
#include "ports/router.h"

namespace slipway::drivers::edge {

class Tally {
 public:
  void take(const Json& document);  // of GET /v1/stats or one line of its stream
  ports::Counts counts(const ports::AppRef& app, const std::string& release) const;

 private:
  struct Sum {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::map<std::uint32_t, std::uint64_t> latency_us;
    void add(const Sum& other);
  };
  struct Counted {
    Sum before;  // by edges that are gone, or under a name that the edge forgot
    Sum now;
    bool take(Sum fresh);  // false: it counts anew
  };
  using Routes = std::map<std::string, Sum>;
  struct Release : Counted {
    std::map<std::string, Counted> routes;
  };
  struct Seen : Sum {
    Routes routes;
    bool tells_routes = false;
  };
  static Sum sum_of(const Json& counts);
  static Seen seen_of(const Json& service);
  static void take_routes(Release& release, const Routes& routes);

  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // app … release
  std::map<Key, Release> counted_;
};

}  // namespace slipway::drivers::edge

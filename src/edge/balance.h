#pragma once
// The arithmetic of spreading requests: no clock, no sockets, no shared state.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/siphash.h"
#include "edge/table.h"

namespace slipway::edge {

// Turn n falls on frac(n · golden ratio) of 10,000: over any stretch of turns every share is met to
// within a few, without a lock and without remembering what was chosen.
std::uint64_t golden_point(std::uint64_t turn);

// Where a client stands among 10,000, always the same for the same key and value. Values that
// differ only in the number at their end (the ids of most applications) are spread evenly, not
// just at random.
std::uint64_t client_point(const HashKey& key, std::string_view value);

// The pool for a client at `point`. The last pool of the table begins at point 0: whoever is in it
// at 10 % is still in it at 25 %.
template <class Pools>
const typename Pools::value_type* pool_for_client(const Pools& pools, std::uint64_t point) {
  for (auto pool = pools.rbegin(); pool != pools.rend(); ++pool) {
    const auto weight = static_cast<std::uint64_t>(pool->weight);
    if (point < weight) return &*pool;
    point -= weight;
  }
  return nullptr;
}

// Smooth weighted round robin written down once: each index as often as its weight says (reduced
// to 4,096 places at most, none left out), spread as evenly as it goes. {5, 1, 1}: 0 0 1 0 2 0 0.
std::vector<std::uint16_t> smooth_order(std::vector<int> weights);

struct Load {
  std::int64_t in_flight = 0;
  int weight = 1;
};
// Would one request more weigh less on `a` than on `b`?
bool is_lighter(const Load& a, const Load& b);

// How many answers may be asked for again: a share of the requests, and a few each second so that a
// quiet service has some too. One worker's; not shared.
class RetryBudget {
 public:
  void earn(int percent);  // for each request
  bool spend(std::uint64_t now_ms);
  void give_back() { tokens_ += 1; }

 private:
  double tokens_ = 3;
  std::uint64_t refilled_ms_ = 0;
};

}  // namespace slipway::edge

#pragma once
// Which routes of a service are counted by name: the first segments of its paths ("/checkout",
// "/"), at most kMostRoutes. One set serves all releases of the service, so that a canary and the
// release beside it are compared route by route. A name is learnt when enough requests for it were
// answered with something other than a 4xx: paths that nobody serves are not learnt, and a stream
// of paths that are each asked for once or twice is not either, whatever answers them. What is
// known is never pushed out by what is new; only a name that nobody was served for kStaleAfter
// makes room.
//
// mark() and hear() are for the workers, on every request: no lock, no allocation, relaxed atomics
// (but for the one request that makes a name known).
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace slipway::edge {

inline constexpr std::uint8_t kMostRoutes = 64;
inline constexpr std::string_view kOtherRoutes = "other";

// Whose request it is. `slot` is kMostRoutes for all that is not known by name.
struct RouteMark {
  std::uint64_t hash = 0;  // 0: can not become known
  std::uint32_t generation = 0;
  std::uint8_t slot = kMostRoutes;
};

struct RouteName {
  std::string_view text{};
  std::uint64_t hash = 0;  // 0: it has no name to count by
};
// The path up to the end of the first segment after `prefix` bytes that the service's own route
// took: "/checkout", "/api/orders", "/".
RouteName route_name(std::string_view path, std::size_t prefix);

class RouteSet {
 public:
  static constexpr std::uint32_t kEnough = 16;  // answers until a name is learnt
  static constexpr std::uint32_t kStaleAfterS = 3'600;
  static constexpr std::size_t kLongestName = 48;

  RouteMark mark(std::string_view path, std::size_t prefix, std::uint32_t now_s) {
    const RouteName name = route_name(path, prefix);
    if (name.hash == 0) return {};
    const RouteMark found = find(name.hash);
    if (found.slot < kMostRoutes || !is_ripe(found.hash)) return found;
    return learn_ripe(name.text, found.hash, now_s);
  }
  // What was marked has been answered.
  void hear(const RouteMark& mark, int status, std::uint32_t now_s);

  // As known from elsewhere (an older process). Nothing is pushed out for it.
  void learn(std::string_view name, std::uint32_t now_s);
  // use(slot, generation, name), of all that are known. None is learnt or forgotten meanwhile.
  void each(const std::function<void(std::uint8_t, std::uint32_t, const std::string&)>& use) const;

 private:
  static constexpr std::size_t kIndex = 128;  // open addressing; half of it stays free
  static constexpr std::size_t kProbes = 8;
  static constexpr std::size_t kCandidates = 128;
  static constexpr std::uint64_t kSlotMask = kMostRoutes - 1;
  static constexpr std::uint64_t kUsed = kMostRoutes;  // the bit above the slot's number

  struct Slot {
    std::atomic<std::uint32_t> generation{0};  // 0: free
    std::atomic<std::uint32_t> served_s{0};    // to within a minute
  };
  // The name that is asked for most among those that fall here, and by how many more.
  struct Candidate {
    std::atomic<std::uint64_t> hash{0};
    std::atomic<std::uint32_t> count{0};
  };

  static std::size_t place_of(std::uint64_t hash) { return hash >> 57; }
  RouteMark find(std::uint64_t hash) const;
  Candidate& candidate_of(std::uint64_t hash) { return candidates_[(hash >> 50) % kCandidates]; }
  bool is_ripe(std::uint64_t hash) {
    const Candidate& candidate = candidate_of(hash);
    return candidate.hash.load(std::memory_order_relaxed) == hash &&
           candidate.count.load(std::memory_order_relaxed) >= kEnough;
  }
  RouteMark learn_ripe(std::string_view name, std::uint64_t hash, std::uint32_t now_s);
  std::size_t free_slot(std::uint32_t now_s) const;
  void take_slot(std::size_t slot, std::string_view name, std::uint64_t hash, std::uint32_t now_s);
  bool put_in_index(std::size_t slot, std::uint64_t hash);

  // The hash with its low bits replaced: which slot, and that it is used.
  std::array<std::atomic<std::uint64_t>, kIndex> index_{};
  std::array<Slot, kMostRoutes> slots_{};
  std::array<Candidate, kCandidates> candidates_{};

  mutable std::mutex learning_;
  struct Known {
    std::string name;
    std::uint64_t hash = 0;
  };
  std::array<Known, kMostRoutes> known_{};
};

}  // namespace slipway::edge

#include "edge/route_set.h"

#include <algorithm>

namespace slipway::edge {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint32_t kStampEveryS = 60;  // so that workers seldom write to a shared line
constexpr int kFirstClientError = 400;
constexpr int kFirstServerError = 500;

// Names go into labels and messages as they are.
bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '<' && c != '>';
  });
}

// Not keyed: who finds two names of one hash has two names counted as one, which asking for one
// name twice does as well.
constexpr std::uint64_t kHashSeed = 0xcbf29ce484222325ULL;
std::uint64_t hashed(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15ULL;
}
std::uint64_t finished(std::uint64_t hash) { return (hash ^ (hash >> 29)) | 1; }
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = kHashSeed;
  for (const char c : name) hash = hashed(hash, c);
  return finished(hash);
}

}  // namespace

// One pass over the bytes: this is on the way of every request.
RouteName route_name(std::string_view path, std::size_t prefix) {
  if (path.empty() || path[0] != '/') return {};
  const std::size_t most = std::min(path.size(), RouteSet::kLongestName + 1);
  std::uint64_t hash = hashed(kHashSeed, '/');
  std::size_t end = 1;
  for (; end < prefix && end < most; ++end) hash = hashed(hash, path[end]);
  if (prefix > 1 && end + 1 < most && path[end] == '/' && path[end + 1] != '/')
    hash = hashed(hash, path[end++]);
  for (; end < most && path[end] != '/'; ++end) hash = hashed(hash, path[end]);
  if (end > RouteSet::kLongestName) return {};
  return {path.substr(0, end), finished(hash)};
}

RouteMark RouteSet::find(std::uint64_t hash) const {
  constexpr std::uint64_t kLow = kSlotMask | kUsed;
  for (std::size_t i = 0; i < kProbes; ++i) {
    const std::uint64_t entry = index_[(place_of(hash) + i) % kIndex].load(kRelaxed);
    if (entry == 0) break;
    if (((entry ^ hash) & ~kLow) != 0) continue;
    const auto slot = static_cast<std::uint8_t>(entry & kSlotMask);
    return {hash, slots_[slot].generation.load(kRelaxed), slot};
  }
  return {hash, 0, kMostRoutes};
}

// Several workers may write to one candidate at once. A count that is lost that way is lost; a name
// that goes on being asked for is learnt a few requests later.
void RouteSet::hear(const RouteMark& mark, int status, std::uint32_t now_s) {
  if (mark.hash == 0) return;
  if (status >= kFirstClientError && status < kFirstServerError) return;
  if (mark.slot < kMostRoutes) {
    std::atomic<std::uint32_t>& served = slots_[mark.slot].served_s;
    if (now_s - served.load(kRelaxed) >= kStampEveryS) served.store(now_s, kRelaxed);
    return;
  }
  Candidate& candidate = candidate_of(mark.hash);
  const std::uint32_t count = candidate.count.load(kRelaxed);
  if (candidate.hash.load(kRelaxed) == mark.hash) {
    candidate.count.store(std::min(count + 1, kEnough), kRelaxed);
  } else if (count > 0) {
    candidate.count.store(count - 1, kRelaxed);
  } else {
    candidate.hash.store(mark.hash, kRelaxed);
    candidate.count.store(1, kRelaxed);
  }
}

RouteMark RouteSet::learn_ripe(std::string_view name, std::uint64_t hash, std::uint32_t now_s) {
  candidate_of(hash).count.store(0, kRelaxed);  // when there is no room, not to be asked for long
  const std::unique_lock hold(learning_, std::try_to_lock);
  if (!hold || !is_plain(name)) return {hash, 0, kMostRoutes};
  if (const RouteMark known = find(hash); known.slot < kMostRoutes) return known;
  if (const std::size_t slot = free_slot(now_s); slot < kMostRoutes)
    take_slot(slot, name, hash, now_s);
  return find(hash);
}

void RouteSet::learn(std::string_view name, std::uint32_t now_s) {
  if (name.empty() || name.size() > kLongestName || name[0] != '/' || !is_plain(name)) return;
  const std::uint64_t hash = hash_of(name);
  const std::lock_guard hold(learning_);
  if (find(hash).slot < kMostRoutes) return;
  for (std::size_t slot = 0; slot < kMostRoutes; ++slot) {
    if (!known_[slot].name.empty()) continue;
    return take_slot(slot, name, hash, now_s);
  }
}

// A free one, or the one that was served longest ago if that is long ago; kMostRoutes: none.
std::size_t RouteSet::free_slot(std::uint32_t now_s) const {
  std::size_t best = kMostRoutes;
  std::uint32_t longest = kStaleAfterS;
  for (std::size_t slot = 0; slot < kMostRoutes; ++slot) {
    if (known_[slot].name.empty()) return slot;
    const std::uint32_t unserved = now_s - slots_[slot].served_s.load(kRelaxed);
    if (unserved < longest) continue;
    longest = unserved;
    best = slot;
  }
  return best;
}

// The counters of a former name are told from the new one's by the generation.
void RouteSet::take_slot(std::size_t slot, std::string_view name, std::uint64_t hash,
                         std::uint32_t now_s) {
  const bool was_used = !known_[slot].name.empty();
  if (was_used) {
    // For a moment names are missing: their requests are counted as others.
    for (auto& entry : index_) entry.store(0, kRelaxed);
  }
  known_[slot] = {std::string(name), hash};
  slots_[slot].served_s.store(now_s, kRelaxed);
  slots_[slot].generation.store(slots_[slot].generation.load(kRelaxed) + 1, kRelaxed);
  if (!was_used) {
    if (!put_in_index(slot, hash)) known_[slot] = {};
    return;
  }
  for (std::size_t i = 0; i < kMostRoutes; ++i) {
    if (!known_[i].name.empty() && !put_in_index(i, known_[i].hash)) known_[i] = {};
  }
}

// False: too many names with hashes that are neighbours; such a name is not counted by itself.
bool RouteSet::put_in_index(std::size_t slot, std::uint64_t hash) {
  constexpr std::uint64_t kLow = kSlotMask | kUsed;
  for (std::size_t i = 0; i < kProbes; ++i) {
    auto& entry = index_[(place_of(hash) + i) % kIndex];
    if (entry.load(kRelaxed) != 0) continue;
    entry.store((hash & ~kLow) | kUsed | slot, kRelaxed);
    return true;
  }
  return false;
}

void RouteSet::each(
    const std::function<void(std::uint8_t, std::uint32_t, const std::string&)>& use) const {
  const std::lock_guard hold(learning_);
  for (std::uint8_t slot = 0; slot < kMostRoutes; ++slot) {
    if (known_[slot].name.empty()) continue;
    use(slot, slots_[slot].generation.load(kRelaxed), known_[slot].name);
  }
}

}  // namespace slipway::edge
